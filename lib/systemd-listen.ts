/**
 * What a service finds open when it starts: the sockets of socket activation, descriptors that it stored in an earlier life, and
 * the one socket of inetd. Believes the environment only as far as it can be checked; what the descriptors are used for is not
 * its business.
 */
import { optionalBoolean, optionsObject } from './arguments.js'
import { pair } from './connect.js'
import { OwnedFd } from './descriptor.js'
import { invalidValue, ownError } from './errors.js'
import { inodeOf } from './fs-numbers.js'
import { native } from './native.js'
import { peerProcess } from './process.js'

/** A descriptor that the service manager has passed. */
export interface PassedFd {
  /**
   * `FileDescriptorName=` of the socket unit, by default the unit's name; the name it was stored by; `connection` for one of
   * `Accept=yes`; `stored` for one that was stored without a name; `unknown` where the manager tells none. Names may repeat.
   */
  readonly name: string
  /** Yours. */
  readonly fd: OwnedFd
}

/** SD_LISTEN_FDS_START. */
const FIRST = 3
const COUNT_MAX = 0x7fffffff - FIRST
const VARIABLES = ['LISTEN_PID', 'LISTEN_PIDFDID', 'LISTEN_FDS', 'LISTEN_FDNAMES']
/** What only the runtime of this very process has open; the first that Node opens is one of these. */
const OF_THE_RUNTIME = ['epoll', 'io_uring']
/** Linux: FIOCLEX of ioctl_tty(2), on the processors that Node runs on. */
const CLOSE_ON_EXEC = 0x5451

let taken = false

/**
 * Takes the descriptors that the service manager has passed to this process: listening sockets, connections of `Accept=yes`, and
 * what was kept by {@link storeFds}. In their order, each with its name, all close-on-exec, all yours to close.
 *
 * They are taken once: later calls give `[]`. Call it early, in the main thread; a worker has an environment of its own, and must not
 * take them again. Make of each what it is: `fd.toNetServer(server)`, `fd.toUnixListener()`, `fd.toUnixSocket()`; see `fd.kind`.
 * The manager keeps duplicates of all but connections: do not shut them down.
 *
 * @param options.unsetEnvironment Remove `LISTEN_PID`, `LISTEN_PIDFDID`, `LISTEN_FDS` and `LISTEN_FDNAMES`, so that child processes do
 * not see them; also when it throws. Default true.
 * @returns `[]` where nothing was passed, or it was passed to another process (`LISTEN_PID`, and `LISTEN_PIDFDID` of newer systemd).
 * @throws ERR_INVALID_ARG_VALUE `LISTEN_FDS` is not a count, or there are not as many names.
 * @throws EBADF Fewer are open than `LISTEN_FDS` says. @throws EEXIST An object of this package owns one of them already.
 * @throws ERR_FD_KIND One of them belongs to Node. After an error none is taken.
 *
 * Platforms: Linux. See sd_listen_fds(3), systemd.socket(5).
 * @example
 * const [passed] = listenFds()
 * if (passed) passed.fd.toNetServer(server)
 * else server.listen(8080)
 */
export function listenFds(options?: { unsetEnvironment?: boolean }): PassedFd[] {
  const { unsetEnvironment } = optionsObject(options) as { unsetEnvironment?: boolean }
  const unset = optionalBoolean(unsetEnvironment, 'unsetEnvironment', true)
  try {
    if (taken || !isForUs()) return []
    const count = passedCount()
    const names = passedNames(count)
    const fds = adoptAll(count)
    taken = true
    return fds.map((fd, index) => ({ name: names?.[index] ?? 'unknown', fd }))
  } finally {
    if (unset) for (const name of VARIABLES) delete process.env[name]
  }
}

function isForUs(): boolean {
  const { LISTEN_PID: pid, LISTEN_PIDFDID: id, LISTEN_FDS: count } = process.env
  if (count === undefined || pid !== String(process.pid)) return false
  const own = id === undefined ? null : ownPidfdId()
  return own === null || own === id
}

/** The number that no other process of this boot has; null on a system that does not tell. The kernel names the maker of a pair. */
function ownPidfdId(): string | null {
  const [left, right] = pair()
  try {
    const ours = peerProcess(left)
    if (ours === null) return null
    const inode = inodeOf(ours.fd)
    ours.close()
    return String(inode)
  } finally {
    left.close()
    right.close()
  }
}

function passedCount(): number {
  const { LISTEN_FDS: text = '' } = process.env
  const count = /^\d+$/.test(text) ? Number(text) : 0
  if (count < 1 || count > COUNT_MAX)
    throw invalidValue('process.env.LISTEN_FDS', 'must be a count of descriptors, at least 1', text)
  return count
}

function passedNames(count: number): string[] | undefined {
  const { LISTEN_FDNAMES: list } = process.env
  const names = list?.split(':')
  if (names !== undefined && names.length !== count)
    throw invalidValue('process.env.LISTEN_FDNAMES', `must have ${count} names, one for each descriptor`, list)
  return names
}

/** All or none. Nothing but a lie of the environment stops it early, so the count alone costs nothing. */
function adoptAll(count: number): OwnedFd[] {
  const adopted: OwnedFd[] = []
  try {
    for (let number = FIRST; number < FIRST + count; number++) {
      const fd = OwnedFd.adopt(number)
      adopted.push(fd)
      assertPassed(fd)
    }
  } catch (error) {
    for (const fd of adopted) fd.detach()
    throw error
  }
  // Node has done so already; what else may run this file has not. One that only names a file refuses, and cannot be used either.
  for (const { fd } of adopted) native.ioctlNumber(fd, CLOSE_ON_EXEC, 0)
  return adopted
}

function assertPassed({ fd, kind }: OwnedFd): void {
  if (!OF_THE_RUNTIME.includes(kind)) return
  throw ownError('ERR_FD_KIND', `LISTEN_FDS counts descriptor ${fd}, which belongs to Node (${kind})`, { kind })
}

/**
 * The socket that inetd or a unit with `StandardInput=socket` has passed as descriptor 0: a connection, or a listening or datagram
 * socket (`wait` of inetd, `Accept=no`). A duplicate, close-on-exec and yours.
 *
 * Descriptor 0 itself, and 1 and 2 where they are the same socket, stay open until the process ends. So the other end sees the end
 * of a connection when it is shut down (`end()` of a `net.Socket`, `shutdown()` of a UnixSocket) or we exit, not when this one is closed.
 *
 * @returns null where descriptor 0 is not a socket. A parent may use sockets as pipes, as Node does: call it only in a service that
 * is configured so.
 * @throws EMFILE No descriptor is free.
 *
 * Platforms: Linux. See systemd.exec(5), StandardInput=socket.
 * @example
 * const socket = inetd()?.toNetSocket()
 */
export function inetd(): OwnedFd | null {
  const fd = OwnedFd.dup(0)
  if (fd.state !== null) return fd
  fd.close()
  return null
}
