/**
 * The options of our sockets: checked, set, and put back when the socket is given away, because they live on the description
 * that others may share. Knows option numbers, not messages.
 */
import { integer, oneOf, optionalBoolean, optionalInteger, optionsObject } from './arguments.js'
import { check, EOPNOTSUPP, ownError, systemError } from './errors.js'
import { constants, native } from './native.js'

/** Options of every socket of this package. */
export interface SocketOptions {
  /** Descriptors that one message may bring, 0 to 253. Default 0: none are accepted, and where the kernel can it tells the sender. */
  maxFds?: number
  /**
   * On a stream: `'chunk'` (default) gives descriptors with the chunk that holds their first byte; `'exact'` starts a message at that
   * byte, for relays, and costs up to two more system calls for each message. Elsewhere it changes nothing.
   *
   * @throws ERR_UNSUPPORTED_PLATFORM `'exact'`, where the kernel cannot: `capabilities().fdsAtExact` says why.
   */
  fdsAt?: 'chunk' | 'exact'
  /** Attach the sender's credentials to every received message (SO_PASSCRED). Default false. */
  passCredentials?: boolean
  /**
   * Attach a handle of the sending process to every received message (SO_PASSPIDFD), and its credentials. Default false. With
   * `connect` it is set once connected: what the server sends before that has neither. Platforms: Linux 6.5.
   */
  passProcess?: boolean
  /** Give an unnamed datagram or seqpacket socket an abstract name of the kernel's choice. Default false. Platforms: Linux. */
  autobind?: boolean
  /**
   * Wait while the process has too few free descriptors for what the next message brings, with 16 left for others, so that none is
   * lost; a listener waits while fewer than 16 are free. It goes on when some are closed. Default true. With `false`, or where
   * the limit is so low that it could never go on, what does not fit is closed and `fdsTruncated` says so. Only sockets that
   * accept descriptors wait. `descriptorUsage()` tells who does. Platforms: Linux with /proc; elsewhere nobody waits.
   */
  pauseWhenScarce?: boolean
  /**
   * Microseconds, 0 to 1000, that a receive which finds nothing asks again and again before it waits. Default 0. In a conversation
   * across processors each answer then comes about ten times as fast. Meanwhile the event loop stands still and the processor is
   * busy, so it is for few sockets, and never for two processes that share a processor. Four waits in vain, and most are left out.
   */
  spin?: number
  /**
   * Keep a duplicate of each descriptor that was sent, until the next message comes: a peer that answers each message with descriptors
   * so says that it has them. macOS may lose a descriptor that its sender closes while it is on its way. Default true on macOS, and
   * false elsewhere.
   *
   * Meanwhile what you have closed stays open: who waits for its end, such as the reader of a pipe, waits until the answer. Any message
   * that is received after the send has ended is taken for the answer; where it is none, or none comes, use `releaseSentFds()`. At
   * most 512 are kept for a socket, and the oldest go first; for all sockets of a thread a quarter of RLIMIT_NOFILE, and those of closed
   * sockets go first. When the socket is closed or detached with some left they stay for 5 seconds, which keep no process alive. Where
   * no duplicate can be made (EMFILE) none is kept, and the send succeeds all the same. Platforms: all. See dup(2), unix(7).
   */
  keepSentFds?: boolean
  /** SO_SNDBUF in bytes; the system doubles it and cuts it to its limit. */
  sendBufferSize?: number
  /** SO_RCVBUF in bytes; the system doubles it and cuts it to its limit. */
  receiveBufferSize?: number
}

/** The same with every choice made. `undefined`: leave the option as it is. */
export interface CheckedOptions {
  readonly maxFds: number
  readonly namesMaxFds: boolean
  readonly exact: boolean
  readonly passCredentials: boolean | undefined
  readonly passProcess: boolean | undefined
  readonly autobind: boolean
  readonly pauseWhenScarce: boolean
  readonly spin: number
  readonly keepSentFds: boolean
  readonly sendBufferSize: number | undefined
  readonly receiveBufferSize: number | undefined
}

const BUFFER_MAX = 0x3fffffff
const SPIN_MAX = 1000
/** macOS: a descriptor that is on its way and open nowhere else may be lost. */
const KEEPS_SENT_FDS = process.platform === 'darwin'
/** SO_PASSRIGHTS, as the kernel begins with it. */
const PASS_RIGHTS_AT_FIRST = 1
/** Why not. */
const NOT_EXACT = 'the kernel does not give queued bytes in the way that Linux does'

/** Checks the options, before any system call. */
export function checkOptions(options: SocketOptions | undefined): CheckedOptions {
  const given: SocketOptions = optionsObject(options)
  const size = (name: 'sendBufferSize' | 'receiveBufferSize'): number | undefined =>
    given[name] === undefined ? undefined : integer(given[name], name, 1, BUFFER_MAX)
  const choice = (name: 'passCredentials' | 'passProcess'): boolean | undefined =>
    given[name] === undefined ? undefined : optionalBoolean(given[name], name, false)
  return {
    maxFds: optionalInteger(given.maxFds, 'maxFds', 0, constants.scmFdsMax, 0),
    namesMaxFds: given.maxFds !== undefined,
    exact: given.fdsAt !== undefined && oneOf(given.fdsAt, 'fdsAt', ['chunk', 'exact']) === 'exact',
    passCredentials: choice('passCredentials'),
    passProcess: choice('passProcess'),
    autobind: optionalBoolean(given.autobind, 'autobind', false),
    pauseWhenScarce: optionalBoolean(given.pauseWhenScarce, 'pauseWhenScarce', true),
    spin: optionalInteger(given.spin, 'spin', 0, SPIN_MAX, 0),
    keepSentFds: optionalBoolean(given.keepSentFds, 'keepSentFds', KEEPS_SENT_FDS),
    sendBufferSize: size('sendBufferSize'),
    receiveBufferSize: size('receiveBufferSize'),
  }
}

/** Sees to it that a stream's messages can start at the byte of their descriptors: tried at first use. */
export function assertExact(): void {
  const reason = whyNotExact()
  if (reason !== undefined) throw ownError('ERR_UNSUPPORTED_PLATFORM', `fdsAt: 'exact' does not work here: ${reason}`)
}

/** In words; undefined where it works. Throws where a shortage lets nobody tell. */
export function whyNotExact(): string | undefined {
  const result = native.exactWorks()
  if (result === EOPNOTSUPP) return NOT_EXACT
  check(result, 'recvmsg')
  return undefined
}

/** Reads an integer option at SOL_SOCKET. */
export function readNumber(fd: number, name: number): number {
  return check(native.getNumber(fd, name), 'getsockopt')
}

/** The options of one socket that we changed, with what they were before. */
export class ChangedOptions {
  #before: Map<number, number> | undefined

  /** Sets an integer option at SOL_SOCKET and remembers what it was: asked for, where it is not `known`. */
  set(fd: number, name: number, value: number, known?: number): void {
    const before = known ?? readNumber(fd, name)
    if (before === value) return
    check(native.setNumber(fd, name, value), 'setsockopt')
    // Linux: buffer sizes read twice what was set.
    const isSize = name === constants.soSndbuf || name === constants.soRcvbuf
    this.#before ??= new Map()
    if (!this.#before.has(name)) this.#before.set(name, isSize ? before / 2 : before)
  }

  /**
   * Sets it where the kernel has it; before Linux 6.16 the descriptors of others are received and closed instead. Whether some may
   * now come into the queue of the socket. `known`: as in `set`.
   */
  setPassRights(fd: number, allowed: boolean, known?: number): boolean {
    try {
      this.set(fd, constants.soPassrights, Number(allowed), known)
      return allowed
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOPROTOOPT') throw error
      return true
    }
  }

  /**
   * The same for a socket that begins, by who made it: `'us'` just now, so that what the kernel begins with is known; `'others'`, whose
   * choice stands where the user has named none; or a listener that was adopted, of which we know nothing.
   */
  acceptFds(fd: number, { maxFds, namesMaxFds }: CheckedOptions, from: 'us' | 'others' | 'adopted listener'): boolean {
    if (from === 'others' && !namesMaxFds) return false
    return this.setPassRights(fd, maxFds > 0, from === 'us' ? PASS_RIGHTS_AT_FIRST : undefined)
  }

  /** What the sender's identity needs: a process handle alone says less than with the ids beside it. */
  setPassing(fd: number, credentials: boolean | undefined, process: boolean | undefined): void {
    if (process !== undefined) this.set(fd, constants.soPasspidfd, Number(process))
    if (credentials !== undefined || process) this.set(fd, constants.soPasscred, Number(credentials || process))
  }

  /** Puts everything back. */
  restore(fd: number): void {
    for (const [name, value] of this.#before ?? []) {
      const result = native.setNumber(fd, name, value)
      if (result < 0) throw systemError(result, 'setsockopt')
    }
    this.#before = undefined
  }
}
