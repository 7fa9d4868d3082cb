/**
 * `ancillary/systemd`: for services of systemd and of service managers that speak like it. Socket activation, notifications, the
 * descriptor store, the watchdog and the journal, without libsystemd.
 *
 * @packageDocumentation
 */
// Generated from entries/systemd.ts and lib/ by `npm run types`.
import type { FdSource, OwnedFd, Wait } from '../index.js'
import * as dgram from 'node:dgram'
import * as net from 'node:net'
/** The value of a field: text, as UTF-8, or bytes. */
export type JournalValue = string | number | bigint | Uint8Array
/** The fields of an entry. An array gives a field several values; `undefined` leaves it out. */
export type JournalFields = Readonly<Record<string, JournalValue | readonly JournalValue[] | undefined>>
/** Options of {@link journalSend}. */
export interface JournalOptions extends Wait {
  /** Where the journal listens. Default `/run/systemd/journal/socket`. */
  path?: string
}
/**
 * Writes one entry to the journal and resolves when the journal has it in its queue. Our process, user and unit are noted by the
 * journal itself. An entry that is too long for a datagram goes as a sealed memory file.
 *
 * @param fields At least one. Names have 1 to 64 characters of `A` to `Z`, `0` to `9` and `_`, the first of them a letter. `MESSAGE` is
 * the text for people, `PRIORITY` 0 (emergency) to 7 (debug), `SYSLOG_IDENTIFIER` the program's name: without it `node` is shown.
 * @throws ERR_INVALID_ARG_VALUE A name or a priority that is none. @throws ENOENT, ECONNREFUSED There is no journal.
 * @throws ABORT_ERR, ETIMEDOUT Its queue stayed full; nothing was written.
 *
 * Platforms: Linux. See sd_journal_send(3), systemd.journal-fields(7).
 * @example
 * await journalSend({ MESSAGE: 'Request failed', PRIORITY: 3, REQUEST_ID: id, BODY: bytes })
 */
export declare function journalSend(fields: JournalFields, options?: JournalOptions): Promise<void>
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
export declare function listenFds(options?: { unsetEnvironment?: boolean }): PassedFd[]
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
export declare function inetd(): OwnedFd | null
/** Where the service manager listens, and how long to wait while its queue is full. */
export interface ManagerOptions extends Wait {
  /** Its socket: a path, or an abstract name that begins with `@`. Default: `NOTIFY_SOCKET` of the environment. */
  path?: string
}
/** Options of {@link notify}. */
export interface NotifyOptions extends ManagerOptions {
  /** Descriptors that go with the message, at most 253; lent, never taken. */
  fds?: readonly FdSource[]
  /** Speak for this process, with our user and group ids. Default: for our own. For another one it takes CAP_SYS_ADMIN. */
  pid?: number
}
/** Options of {@link storeFds} and {@link removeStored}. */
export interface StoreOptions extends ManagerOptions {
  /** Resolve when the manager has dealt with it, by a {@link barrier} behind it. Default true; false: when it was sent. */
  barrier?: boolean
}
/**
 * What to tell: assignments, one a line, or an object of them. `true` is `1`, `false` is `0`.
 */
export type NotifyState = string | Readonly<Record<string, string | number | bigint | boolean>>
/**
 * Tells the service manager about our state: `READY=1`, `STATUS=…`, `STOPPING=1`, `MAINPID=…` and the others of sd_notify(3).
 * Our process, user and group go with it, as the kernel proves them.
 *
 * @param state A string as it is, or an object of assignments.
 * @returns Whether there is a service manager: false where `NOTIFY_SOCKET` is not set. It says nothing about what became of the
 * message: {@link barrier} tells when all messages so far have been dealt with.
 * @throws ERR_INVALID_ARG_VALUE A NUL; in an object also a newline, or a name that is none. Nothing is sent.
 * @throws ENOENT, ECONNREFUSED The manager is gone. @throws EAFNOSUPPORT It listens on a vsock, which is not supported.
 * @throws EPERM `pid` is not ours and we have no privilege. @throws ERR_FDS_REFUSED The manager accepts no descriptors.
 * @throws ABORT_ERR, ETIMEDOUT The queue of the manager stayed full; nothing was sent.
 *
 * Platforms: Linux. See sd_notify(3).
 * @example
 * await notify({ READY: true, STATUS: 'Accepting connections' })
 */
export declare function notify(state: NotifyState, options?: NotifyOptions): Promise<boolean>
/**
 * Resolves when the service manager has dealt with all that we told it before. For a process that is about to end: what the
 * manager finds in its queue later, it may not be able to tell whose it is.
 *
 * @returns false where `NOTIFY_SOCKET` is not set; true also when the manager has gone in the meantime.
 * @throws ABORT_ERR, ETIMEDOUT The manager has not come to it. @throws EMFILE Two descriptors are needed for a while.
 *
 * Platforms: Linux; systemd 246 and newer, older ones answer as well. See sd_notify_barrier(3).
 * @example
 * await notify('STOPPING=1')
 * await barrier({ timeout: 5000 })
 */
export declare function barrier(options?: ManagerOptions): Promise<boolean>
/**
 * Gives descriptors to the service manager, which keeps them while the service is down. The next run gets them from
 * {@link listenFds}, by this name. Ours stay open. The unit needs `FileDescriptorStoreMax=`; systemd drops what is beyond it, and a
 * second descriptor of the same open file, without a word.
 *
 * @param name 1 to 255 printable ASCII characters without a colon. It is the name of each, and need not be new.
 * @param fds 1 to 253 of them; lent, never taken.
 * @param options.poll false: keep them even when they hang up or have an error (`FDPOLL=0`, systemd 246). Default true: then the
 * manager drops them. A file or a memfd never does either.
 * @returns false where `NOTIFY_SOCKET` is not set.
 * @throws ERR_TOO_MANY_FDS More than 253. @throws ERR_FDS_REFUSED The manager accepts none. Otherwise as {@link notify} and
 * {@link barrier}.
 *
 * Platforms: Linux. See sd_pid_notify_with_fds(3), FDSTORE=1.
 * @example
 * await storeFds('state', [memfd('state', { data: JSON.stringify(state) })])
 */
export declare function storeFds(
  name: string,
  fds: readonly FdSource[],
  options?: StoreOptions & {
    poll?: boolean
  },
): Promise<boolean>
/**
 * Lets the service manager drop all stored descriptors of this name. A name that is not stored is no error.
 *
 * @param name As for {@link storeFds}.
 * @returns false where `NOTIFY_SOCKET` is not set.
 * @throws As {@link notify} and {@link barrier}.
 *
 * Platforms: Linux; systemd 236 and newer. See sd_notify(3), FDSTOREREMOVE=1.
 */
export declare function removeStored(name: string, options?: StoreOptions): Promise<boolean>
/** Options of {@link watchdog}. */
export interface WatchdogOptions {
  /** As in {@link ManagerOptions}. */
  path?: string
  /**
   * Told why a sign of life of the timer was not sent: what `check` threw, or the error of {@link notify}. Default: nobody is told,
   * and the manager draws its conclusions.
   */
  onError?: (error: unknown) => void
}
/** Signs of life for the service manager. Made by {@link watchdog}. */
export interface Watchdog extends Disposable {
  /** Milliseconds without a sign of life after which the manager ends the service. Give one every half of it. */
  readonly interval: number
  /** Gives one sign of life (`WATCHDOG=1`). @throws As {@link notify}. */
  ping(options?: ManagerOptions): Promise<boolean>
  /**
   * Gives one now and then one every half interval, by a timer that does not keep the process alive. A second call starts anew.
   *
   * @param check Asked before each; a sign is given only if it returns or resolves with `true`. A check that does not settle gives
   * none, and is not asked again until it has.
   */
  start(check?: () => boolean | Promise<boolean>): void
  /** Stops the timer. The manager goes on waiting for signs. */
  stop(): void
  /** Lets the manager do at once what it would do had we given no sign (`WATCHDOG=trigger`, systemd 243). @throws As {@link notify}. */
  trigger(options?: ManagerOptions): Promise<boolean>
  /** The same as `stop()`. */
  [Symbol.dispose](): void
}
/**
 * The watchdog, where the service manager asks for one: `WatchdogSec=` of the unit.
 *
 * @returns null where `WATCHDOG_USEC` is not set, or `WATCHDOG_PID` names another process.
 * @throws ERR_INVALID_ARG_VALUE `WATCHDOG_USEC` is not a number of microseconds.
 *
 * Platforms: Linux. See sd_watchdog_enabled(3).
 * @example
 * watchdog()?.start(() => database.isConnected())
 */
export declare function watchdog(options?: WatchdogOptions): Watchdog | null

export {}
