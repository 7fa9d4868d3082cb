/**
 * Processes as handles: one that names a process for good, whatever becomes of its number. They come from the kernel with a
 * connection or with a message; none is ever opened by number. Knows descriptors in the poller, no messages.
 */
import { constants as osConstants } from 'node:os'
import { integer } from './arguments.js'
import { askPeer } from './credentials.js'
import { check, EINVAL, ENODATA, ENOPROTOOPT, ESRCH, invalidValue, systemError } from './errors.js'
import { closeWhenForgotten, Handle, noLongerForgettable } from './handle.js'
import { native } from './native.js'
import { AGAIN } from './queue.js'
import { type FdSource, fdOf } from './source.js'
import type { Wait } from './wait.js'

/** How a process ended, as waitpid(2) tells it: by itself with `code`, or by `signal`. */
export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

const SIGNAL_MAX = 64
/** Numbers of PIDFD_GET_INFO: see crates/binding/src/process.rs. */
export const INFO_SIZE = 10

/**
 * A process that ended before the kernel could give a handle for it is a handle as well: without a descriptor, never alive.
 * That is what `null` means here.
 */
type Held = Handle | null

/**
 * A process, named for good: its number may be used again, this never means another process. Made by {@link peerProcess} or
 * received with a message.
 *
 * It owns one descriptor (a pidfd). A pending `exited` keeps our process alive, an idle handle does not. After `close` every method
 * throws or rejects with ERR_SOCKET_CLOSED.
 *
 * Platforms: Linux 6.5 and newer. See pidfd_open(2), unix(7).
 */
export class ProcessHandle implements Disposable {
  /** Its process id in our namespace; NaN where it has none there. Good for a log: act on the handle. */
  readonly pid: number
  readonly #handle: Held

  private constructor(handle: Held, pid: number) {
    this.#handle = handle
    this.pid = pid
    if (handle !== null) closeWhenForgotten(this, handle)
  }

  /** @internal Makes the object for a pidfd that the native side already holds for us. */
  static own(fd: number, pid: number | null): ProcessHandle {
    return new ProcessHandle(new Handle(fd, 'process handle'), pid ?? Number.NaN)
  }

  /** @internal A process of which only its end is known. */
  static ended(pid: number | null): ProcessHandle {
    return new ProcessHandle(null, pid ?? Number.NaN)
  }

  /** The pidfd's number; -1 once closed, or where there is none since the process had ended before. It stays this object's. */
  get fd(): number {
    return this.#handle?.fd ?? -1
  }

  /** Whether it still runs. False from its end on, before its parent has asked for its status. */
  get alive(): boolean {
    return this.#handle !== null && check(native.processEnded(this.#handle.open), 'poll') === 0
  }

  /**
   * How it ended; null while it runs, until its parent has asked for its status, and where the kernel does not tell.
   *
   * Platforms: Linux 6.15 and newer. See waitpid(2).
   */
  get exitStatus(): ExitStatus | null {
    if (this.#handle === null) return null
    const info = new Int32Array(INFO_SIZE)
    if (native.processInfo(this.#handle.open, info) < 0 || info[8] === 0) return null
    const status = info[9] as number
    const signal = status & 0x7f
    return signal === 0 ? { code: (status >> 8) & 0xff, signal: null } : { code: null, signal: signalName(signal) }
  }

  /**
   * Resolves when the process has ended.
   *
   * @throws ABORT_ERR, ETIMEDOUT It is still running. @throws ERR_SOCKET_CLOSED The handle was closed.
   */
  async exited(options?: Wait): Promise<void> {
    if (this.#handle === null) return
    const handle = this.#handle
    handle.open
    const attempt = (): true | typeof AGAIN => (this.alive ? AGAIN : true)
    await handle.readiness.reading.run({ syscall: 'poll', attempt }, options)
  }

  /**
   * Sends a signal to this very process, never to one that has its number now.
   *
   * @param signal Name or number, 0 to 64; 0 only asks whether it could be sent. Default SIGTERM.
   * @throws ESRCH It has ended. @throws EPERM We may not.
   *
   * See pidfd_send_signal(2), signal(7).
   */
  kill(signal: NodeJS.Signals | number = 'SIGTERM'): void {
    const number = signalNumber(signal)
    if (this.#handle === null) throw systemError(ESRCH, 'pidfd_send_signal')
    check(native.processSignal(this.#handle.open, number), 'pidfd_send_signal')
  }

  /** Closes the handle; calling it again does nothing. The process is not touched. A pending `exited` rejects. */
  close(): void {
    if (this.#handle === null) return
    noLongerForgettable(this.#handle)
    this.#handle.close()
  }

  /** The same as `close()`. */
  [Symbol.dispose](): void {
    this.close()
  }
}

function signalNumber(signal: NodeJS.Signals | number): number {
  if (typeof signal === 'number') return integer(signal, 'signal', 0, SIGNAL_MAX)
  const number = Object.hasOwn(osConstants.signals, signal) ? osConstants.signals[signal] : undefined
  if (number === undefined) throw invalidValue('signal', 'must be the name of a signal or its number', signal)
  return number
}

function signalName(number: number): NodeJS.Signals | null {
  const entry = Object.entries(osConstants.signals).find(([, value]) => value === number)
  return (entry?.[0] ?? null) as NodeJS.Signals | null
}

/** Kernels from 6.5 to 6.15 have these for a peer that has been reaped; newer ones give a handle of a process that has ended. */
const GONE = new Set([ESRCH, EINVAL, ENODATA])

/**
 * The process that connected, as a handle that never names another one.
 *
 * The answer is one of four: a handle of a running process, `ESRCH` when it has ended, `null` when this system cannot tell, or
 * `EMFILE` when we are out of descriptors. There is no way around by process id: that could be anybody's by now.
 *
 * @param source The socket, or anything that has its descriptor. It is only looked at.
 * @throws ESRCH The process has ended. @throws EMFILE, ENFILE No descriptor is free.
 * @throws ERR_NO_IDENTITY There is no peer: see {@link peerCredentials}.
 *
 * Platforms: Linux 6.5 and newer (SO_PEERPIDFD); null elsewhere. See unix(7).
 * @example
 * const client = peerProcess(socket)
 * await client?.exited()
 */
export function peerProcess(source: FdSource): ProcessHandle | null {
  const fd = fdOf(source, 'source')
  const { pid } = askPeer(fd)
  const pidfd = native.peerProcess(fd)
  if (pidfd === ENOPROTOOPT) return null
  if (GONE.has(pidfd)) throw systemError(ESRCH, 'getsockopt')
  return ProcessHandle.own(check(pidfd, 'getsockopt'), pid)
}

/** Without SO_PASSCRED no number comes with a message: only the pidfd knows it. */
function pidOf(pidfd: number): number | null {
  const info = new Int32Array(INFO_SIZE)
  return native.processInfo(pidfd, info) < 0 ? null : info[0] || null
}

/** The handle that came with a message: a pidfd, or the negative error number that the kernel gave in its place. */
export function receivedProcess(pidfd: number, pid: number | null): ProcessHandle | Error {
  if (pidfd > 0) return ProcessHandle.own(pidfd, pid ?? pidOf(pidfd))
  return GONE.has(pidfd) ? ProcessHandle.ended(pid) : systemError(pidfd, 'recvmsg')
}
