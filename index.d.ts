/**
 * `ancillary`: Unix domain sockets with everything they can carry: bytes, file descriptors and credentials, over stream, datagram
 * and seqpacket sockets.
 *
 * @packageDocumentation
 */
// Generated from index.ts and lib/ by `npm run types`.
import type * as tty from 'node:tty'
import type { FileHandle } from 'node:fs/promises'
import * as dgram from 'node:dgram'
import { EventEmitter } from 'node:events'
import * as fs from 'node:fs'
import * as net from 'node:net'
import { Server, Socket } from 'node:net'
import { Interface } from 'node:readline'
import { Duplex, DuplexOptions } from 'node:stream'

/** What can be sent: a string is sent as UTF-8; an array of views is gathered into one message, not copied. */
export type Data = string | NodeJS.ArrayBufferView | readonly NodeJS.ArrayBufferView[]
/**
 * Anything with a descriptor: a number, a FileHandle, an OwnedFd, a UnixSocket, a stream of `fs`, `net`, `tty` or a child's stdio,
 * a `net.Server`, a `dgram.Socket`. It is lent for the call, never taken.
 */
export type FdSource =
  | number
  | {
      readonly fd: number
    }
  | net.Socket
  | net.Server
  | dgram.Socket
/** How long to wait. */
export interface Wait {
  /** Aborting rejects with an AbortError: code ABORT_ERR, cause `signal.reason`. */
  signal?: AbortSignal | undefined
  /** Milliseconds until the operation rejects with code ETIMEDOUT. Default: no limit. An operation that need not wait succeeds even with 0. */
  timeout?: number | undefined
}
/** An internet address. `address` is numeric (`192.0.2.1`, `::1`, `fe80::1%eth0`); `port` defaults to 0. */
export interface InternetAddress {
  address: string
  port?: number
}
/**
 * A descriptor and its only owner.
 *
 * Received descriptors, those of {@link openSocket} and duplicates are of this class. Close it with `close()`, with `using`
 * (TypeScript, Node 24), or give it away with `detach()`. What is forgotten is closed by the garbage collector, with one warning.
 * After `close` every method throws ERR_SOCKET_CLOSED before any system call.
 */
export declare class OwnedFd implements Disposable {
  #private
  private constructor()
  /**
   * Takes ownership of a descriptor number, which this object will close. In a worker of Node, and of what Deno's `fs` has opened, the
   * object has another number and the old one is closed: they would close that once more.
   *
   * @throws EBADF It is not open. It is still yours.
   * @throws EEXIST Another object of this package owns it.
   */
  static adopt(fd: number): OwnedFd
  /**
   * A duplicate (dup(2)) of anything that has a descriptor: same open file, own number, close-on-exec.
   *
   * @throws EMFILE The process has no free number.
   */
  static dup(source: FdSource): OwnedFd
  /** The number; -1 once closed. */
  get fd(): number
  get closed(): boolean
  /**
   * What it is: `file`, `directory`, `memfd`, `pipe`, `fifo`, `tty`, `char-device`, `block-device`, `eventfd`, `timerfd`,
   * `signalfd`, `pidfd`, `epoll`, `inotify`, `unix-stream`, `unix-dgram`, `unix-seqpacket`, `tcp`, `udp`, `raw`, `ping`,
   * `netlink`, `packet`, `vsock`, `socket` (of another family), `symlink`, or `unknown`; other anonymous files by the kernel's own name. Platforms: Linux.
   */
  get kind(): string
  /** Of a socket: whether it listens, or is connected; null for anything that is not a socket. */
  get state(): 'listening' | 'connected' | 'unconnected' | null
  /** What may be done with it by reading and writing. `path`: nothing, it only names a file (O_PATH). */
  get access(): 'read' | 'write' | 'read-write' | 'path'
  /** Status flags (F_GETFL): access mode, O_NONBLOCK, O_APPEND. They are shared with all duplicates. See fcntl(2). */
  get flags(): number
  /**
   * Reads at most `maxBytes` bytes. `null` is the end and only that: an empty datagram is an empty Buffer.
   *
   * Sockets are read without waiting and files on a thread; O_NONBLOCK is left as it is. Descriptors in flight on a Unix socket
   * are closed by the kernel: use `UnixSocket` for those. See read(2).
   *
   * @param maxBytes From 1 to 2147483647; no single read brings more than 2 MiB.
   * @throws ERR_MESSAGE_TRUNCATED A datagram was longer; it is lost, `error.length` is its size.
   */
  read(maxBytes: number, options?: Wait): Promise<Buffer | null>
  /**
   * Writes once and resolves with how many bytes were taken, which on a stream may be fewer than given. See write(2).
   *
   * @param data Not to be changed before the Promise settles.
   * @throws EPIPE The other end is gone. No signal is raised.
   */
  write(data: Data, options?: Wait): Promise<number>
  /**
   * Sends one datagram to an internet address. See sendto(2).
   *
   * @throws EACCES Not allowed: a raw socket, or a broadcast address without the option.
   */
  sendTo(data: Data, to: InternetAddress, options?: Wait): Promise<number>
  /**
   * Receives one datagram of at most `maxBytes` bytes with its sender; `from` is null where the kernel names none. See recvfrom(2).
   *
   * @throws ERR_MESSAGE_TRUNCATED The datagram was longer; it is lost, `error.length` is its size.
   */
  recvFrom(
    maxBytes: number,
    options?: Wait,
  ): Promise<{
    data: Buffer
    from: {
      address: string
      port: number
    } | null
  }>
  /** Gives an internet socket its local address. See bind(2). */
  bind(address: InternetAddress): void
  /** Its own internet address; null on a descriptor that has none. See getsockname(2). */
  get localAddress(): {
    address: string
    port: number
  } | null
  /** Sets the peer of a datagram socket, or begins to connect a stream socket: that is done when `writable()` resolves. See connect(2). */
  connect(address: InternetAddress): void
  /** A socket option in bytes, `size` of them at most (default 4). See getsockopt(2). */
  getOption(level: number, name: number, size?: number): Buffer
  /** Sets a socket option; a number becomes a C int. See setsockopt(2). */
  setOption(level: number, name: number, value: Buffer | number): void
  /** ioctl(2). A Buffer is passed by address and holds the answer afterwards. Returns what the system call returned. */
  ioctl(request: number, argument?: Buffer | number): number
  /** Resolves when reading would not wait: there is data, the end, or an error. */
  readable(options?: Wait): Promise<void>
  /** Resolves when writing would not wait. */
  writable(options?: Wait): Promise<void>
  /** A duplicate that is closed on its own. See dup(2). */
  dup(): OwnedFd
  /** Gives the number to you: nothing closes it any more but you. */
  detach(): number
  /** Closes it; calling it again does nothing. Pending operations reject with ERR_SOCKET_CLOSED. */
  close(): void
  /** The same as `close()`. */
  [Symbol.dispose](): void
}
/**
 * Opens a socket of any family, type and protocol, by name or by number, close-on-exec and non-blocking.
 *
 * @param domain Address family; a number is passed as it is.
 * @param type Socket type; `'raw'` and `'packet'` sockets need CAP_NET_RAW.
 * @param protocol Default 0. A number is passed as it is; for packet sockets that means in network byte order.
 * @throws EPERM The process may not open such a socket.
 * @throws EPROTONOSUPPORT The system knows no such combination.
 *
 * Platforms: Linux. See socket(2), raw(7), packet(7), netlink(7).
 * @example
 * const icmp = openSocket('inet', 'raw', 'icmp')
 */
export declare function openSocket(
  domain: 'inet' | 'inet6' | 'unix' | 'packet' | 'netlink' | number,
  type: 'stream' | 'dgram' | 'seqpacket' | 'raw' | number,
  protocol?: 'icmp' | 'icmp6' | 'tcp' | 'udp' | number,
): OwnedFd
/** A user id and a group id. */
export type Ids = {
  uid: number
  gid: number
}
/** When a field was true: as the peer connected, as the message was sent, or as it was asked for. */
export type When = 'connect' | 'send' | 'query'
/** The identity of a process, each field with its source; `null` where the kernel does not tell. It is frozen. */
export interface Credentials<W extends When = When> {
  /** Process id in our pid namespace; null where it lives in none that we can see. */
  pid: number | null
  /** User id of the mechanism itself; null where it is not mapped in our user namespace. */
  uid: number | null
  /** Group id of the mechanism itself; null where it is not mapped in our user namespace. */
  gid: number | null
  /** Real ids. */
  real: Ids | null
  /** Effective ids. */
  effective: Ids | null
  /** Saved ids. */
  saved: Ids | null
  /** Supplementary groups, without those that are not mapped in our user namespace. */
  groups: number[] | null
  /** Security label (SELinux, AppArmor, Smack). */
  label: string | null
  /** Where each field that is not null comes from, and when it was true; `at` is the time of a query, as Date.now() tells it. */
  sources: {
    readonly [field: string]: {
      source: string
      when: When
      at?: number
    }
  }
  /** When the ids of the mechanism itself were true. */
  when: W
}
/**
 * Who connected: the process, user and groups that the kernel recorded when the connection was made.
 *
 * Works on any connected Unix stream or seqpacket socket and on any pair, a plain `net.Socket` and `req.socket` of an HTTP server
 * included. Synchronous; no event loop is involved. A server sees who called connect(2), a client who called listen(2), both ends
 * of a pair who made it, whoever holds the socket now. `uid`, `gid` and `effective` are effective ids at that moment. `real` and
 * `saved` are those that the same process has now, null once it has ended and its parent knows.
 *
 * The answer for an object (not for a number) is remembered with its connection: `sources.real.at` tells when that was asked.
 *
 * @param source The socket, or anything that has its descriptor. It is only looked at.
 * @param options.fresh Ask again even if the answer is remembered. Default false.
 * @throws ERR_NO_IDENTITY Not a Unix socket, not connected, listening, or a datagram socket that was connected by name.
 * @throws ERR_SOCKET_CLOSED The object is closed.
 *
 * Platforms: Linux (SO_PEERCRED, SO_PEERGROUPS, SO_PEERSEC; `real` and `saved` from 6.13: SO_PEERPIDFD, PIDFD_GET_INFO). See unix(7).
 * @example
 * http.createServer((req, res) => { res.end(String(peerCredentials(req.socket).uid)) }).listen('/run/app.sock')
 */
export declare function peerCredentials(
  source: FdSource,
  options?: {
    fresh?: boolean
  },
): Credentials<'connect'>
/**
 * What a peer must be. All that is named must hold; a list in its place means any of it. At least one thing must be named. Only what
 * was true when the connection was made counts.
 */
export interface PeerRule {
  /** Effective user id, or any of several. */
  uid?: number | readonly number[]
  /** Effective group id, or any of several. */
  gid?: number | readonly number[]
  /** A group that the peer is in, by its effective group id or its supplementary groups; or any of several. */
  group?: number | readonly number[]
  /** The peer's effective user id is ours. */
  sameUser?: true
  /** Security label, whole, or a pattern that it must match. */
  label?: string | RegExp
}
/** A rule, several of which one must hold, or a function. Nothing but `true` admits: `false`, a throw or a rejection refuses. */
export type Authorize<S> = PeerRule | readonly PeerRule[] | AuthorizeFunction<S>
type AuthorizeFunction<S> = {
  authorize(who: Credentials<'connect'>, socket: S): boolean | Promise<boolean>
}['authorize']
/** A connection that was refused. Its socket is closed. */
export interface Refusal {
  /** In words: `uid 1001 is not 0`. */
  readonly reason: string
  /** Who it was; null where the kernel could not tell. */
  readonly credentials: Credentials<'connect'> | null
  /** What the function threw, or why there is no identity. */
  readonly error?: unknown
}
/** Told of each refusal. */
export type OnRefused = (refusal: Refusal) => void
/**
 * Makes sure of a peer: for a server that is about to serve, and for a client that is about to send.
 *
 * @param source The socket, or anything that has its descriptor.
 * @param rule A rule, or several of which one must hold.
 * @returns Who it is.
 * @throws ERR_PEER_REFUSED It is somebody else; the message says why. @throws ERR_NO_IDENTITY The kernel cannot tell.
 * @example
 * const socket = await connect('/run/app.sock')
 * assertPeer(socket, { uid: 0 })
 */
export declare function assertPeer(source: FdSource, rule: PeerRule | readonly PeerRule[]): Credentials<'connect'>
/**
 * Admits only some peers to a server of Node that listens on a Unix socket: `net.Server`, `http.Server` and what is built on them.
 * A connection is judged before any listener of `'connection'` sees it; one that is refused is destroyed.
 *
 * @param authorize A rule, several of which one must hold, or a function.
 * @param options.onRefused Told of each connection that was refused.
 * @returns The server.
 * @example
 * requirePeer(http.createServer(app), { sameUser: true }).listen('/run/app.sock')
 */
export declare function requirePeer<S extends Server>(
  server: S,
  authorize: Authorize<Socket>,
  options?: {
    onRefused?: OnRefused
  },
): S
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
/** A control message that the package does not interpret, as it came or as it is to be sent. See cmsg(3). */
export interface ControlMessage {
  level: number
  type: number
  data: Buffer
}
/**
 * Words that files of every level use in their types. Nothing here runs.
 */
/**
 * The address of a Unix socket.
 *
 * A string is a path; with a leading `'\0'` it is an abstract name, as in Node, and `'\0'` alone lets the kernel choose one.
 * Bytes are used as they are. `answerable: false` marks a sender that was bound under a path too long for an address: nobody
 * else can send to the name that the kernel reports for it.
 *
 * Platforms: paths everywhere; abstract names on Linux. See unix(7).
 */
export type Address =
  | string
  | {
      path: string | Buffer
      answerable?: boolean
    }
  | {
      abstract: string | Buffer
    }
/** The types of Unix sockets. */
export type SocketType = 'stream' | 'seqpacket' | 'dgram'
/** What may go with the data of a message. */
export interface SendOptions<T extends SocketType = SocketType> {
  /** Descriptors, at most 253; lent, never taken. On a stream at least one byte of data must go with them. */
  fds?: readonly FdSource[]
  /** true: attach who we are (real ids). An object: claim these ids; the kernel refuses what is not ours (EPERM) unless privileged. */
  credentials?:
    | boolean
    | {
        pid: number
        uid: number
        gid: number
      }
  /** Destination of a datagram; without it the socket must be connected. */
  to?: T extends 'dgram' ? Address : never
  /** Raw control messages, sent as they are. */
  control?: readonly ControlMessage[]
  /** Flags of sendmsg(2), beside MSG_DONTWAIT and MSG_NOSIGNAL which are always set. */
  flags?: number
}
/** Credentials that came with a message. */
export interface SenderCredentials extends Credentials<'send'> {
  /**
   * Whether the sender is the process that the socket's `peerCredentials` name. `true` is proved: that process was alive when the
   * message had come, so that nobody else had its number. `false`: the socket was handed on, or somebody claims to be another.
   * `null`: nobody can tell, as for a datagram without a connection, or when the peer has ended.
   */
  sentByPeer: boolean | null
}
/** How a process ended, as waitpid(2) tells it: by itself with `code`, or by `signal`. */
export interface ExitStatus {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}
/**
 * A process, named for good: its number may be used again, this never means another process. Made by {@link peerProcess} or
 * received with a message.
 *
 * It owns one descriptor (a pidfd). A pending `exited` keeps our process alive, an idle handle does not. After `close` every method
 * throws or rejects with ERR_SOCKET_CLOSED.
 *
 * Platforms: Linux 6.5 and newer. See pidfd_open(2), unix(7).
 */
export declare class ProcessHandle implements Disposable {
  #private
  /** Its process id in our namespace; NaN where it has none there. Good for a log: act on the handle. */
  readonly pid: number
  private constructor()
  /** The pidfd's number; -1 once closed, or where there is none since the process had ended before. It stays this object's. */
  get fd(): number
  /** Whether it still runs. False from its end on, before its parent has asked for its status. */
  get alive(): boolean
  /**
   * How it ended; null while it runs, until its parent has asked for its status, and where the kernel does not tell.
   *
   * Platforms: Linux 6.15 and newer. See waitpid(2).
   */
  get exitStatus(): ExitStatus | null
  /**
   * Resolves when the process has ended.
   *
   * @throws ABORT_ERR, ETIMEDOUT It is still running. @throws ERR_SOCKET_CLOSED The handle was closed.
   */
  exited(options?: Wait): Promise<void>
  /**
   * Sends a signal to this very process, never to one that has its number now.
   *
   * @param signal Name or number, 0 to 64; 0 only asks whether it could be sent. Default SIGTERM.
   * @throws ESRCH It has ended. @throws EPERM We may not.
   *
   * See pidfd_send_signal(2), signal(7).
   */
  kill(signal?: NodeJS.Signals | number): void
  /** Closes the handle; calling it again does nothing. The process is not touched. A pending `exited` rejects. */
  close(): void
  /** The same as `close()`. */
  [Symbol.dispose](): void
}
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
export declare function peerProcess(source: FdSource): ProcessHandle | null
/** What comes with the data of a message. */
export interface Envelope extends Disposable {
  /**
   * The descriptors, in the sender's order; owned by the message until taken, closed with it.
   *
   * @throws ERR_FDS_TRUNCATED The kernel could not give all of them (out of descriptors); those that came are closed.
   * @throws ERR_FDS_REFUSED There were more than `maxFds`; all are closed.
   */
  readonly fds: readonly OwnedFd[]
  /** Takes all descriptors: they are yours, and closing the message leaves them open. */
  takeFds(): OwnedFd[]
  /** @throws ERR_FDS_COUNT Another number of them came; all are closed. */
  takeFds(count: 1): [OwnedFd]
  takeFds(count: 2): [OwnedFd, OwnedFd]
  takeFds(count: number): OwnedFd[]
  /** The kernel could not give all descriptors. */
  readonly fdsTruncated: boolean
  /** How many descriptors were closed because they were more than `maxFds`; 0 when none. */
  readonly fdsRefused: number
  /**
   * Who sent it, as claimed by the sender and checked by the kernel, which lets a privileged sender claim anything; null where
   * nobody said. What is joined from other sources is asked for when you first read this.
   */
  readonly credentials: SenderCredentials | null
  /**
   * The sending process, with `passProcess`; owned by the message until taken, closed with it. null: not asked for, or sent before
   * that. A process that had ended already is a handle that is not alive. The kernel makes the handle from the process id in the
   * credentials: where a privileged sender claims another's id, this is that other process, and `credentials.sentByPeer` is not true.
   *
   * @throws EMFILE, ENFILE No descriptor was free for it.
   */
  readonly process: ProcessHandle | null
  /** Takes the process handle: it is yours, and closing the message leaves it open. Throws as `process`. */
  takeProcess(): ProcessHandle | null
  /** The sender's address on a datagram socket; null where it has none. */
  readonly from: Address | null
  /** Control messages that have no field of their own. */
  readonly control: readonly ControlMessage[]
  /** Position of the first byte in what this socket has received, in bytes. */
  readonly offset: number
  /** Closes the descriptors and the process handle that nobody took. The data stays. */
  close(): void
}
/** An error of a socket or descriptor, in the shape of Node's system errors. */
export interface SocketError extends NodeJS.ErrnoException {
  /** The address that the call was about. */
  address?: Address
  /** sendMany: how many messages went before the error. */
  sent?: number
  /** ERR_MESSAGE_TRUNCATED: the true length of the record, in bytes. */
  length?: number
  /** ERR_FD_KIND: what the descriptor is. */
  kind?: string
  /** A stream send that was cut off: how many of its bytes the kernel had taken. */
  bytesWritten?: number
}
/** The codes that are our own; all others are those of the operating system and of Node. */
export type ErrorCode =
  | 'ERR_FD_KIND'
  | 'ERR_FDS_COUNT'
  | 'ERR_FDS_REFUSED'
  | 'ERR_FDS_TRUNCATED'
  | 'ERR_TOO_MANY_FDS'
  | 'ERR_HANDOFF'
  | 'ERR_MESSAGE_EMPTY'
  | 'ERR_MESSAGE_TRUNCATED'
  | 'ERR_MESSAGES_HELD'
  | 'ERR_NO_IDENTITY'
  | 'ERR_PATH_TOO_LONG'
  | 'ERR_PEER_REFUSED'
  | 'ERR_QUEUE_FULL'
  | 'ERR_SOCKET_CLOSED'
  | 'ERR_UNSUPPORTED_PLATFORM'
/**
 * Whether `error` is an error with this code.
 *
 * @param code One of {@link ErrorCode}, of the system (`ECONNREFUSED`) or of Node (`ABORT_ERR`).
 * @example
 * try { await connect('/run/app.sock') } catch (error) { if (!hasCode(error, 'ENOENT')) throw error }
 */
export declare function hasCode(error: unknown, code: ErrorCode | (string & {})): error is SocketError
/** A message whose data is yours for ever, also after `close()`. */
export interface Message extends Envelope {
  readonly data: Buffer
}
/** A message whose bytes are lent until its batch is closed. */
export interface BorrowedMessage extends Envelope {
  /** Throws ERR_SOCKET_CLOSED after the batch was closed. */
  readonly view: Buffer
  /** The bytes, yours for ever. */
  copy(): Buffer
}
/** Messages that were received together. Closing it closes each of them; asking for the next batch does that too. */
export interface Batch<M = Message> extends Disposable, Iterable<M> {
  readonly length: number
  close(): void
}
/** What a receive gives: `null` is the end of a stream or of records; a datagram socket has no end. */
export type Received<T> = Message | (T extends 'dgram' ? never : null)
/**
 * A Unix socket.
 *
 * Made by {@link connect}, {@link bind}, {@link pair}, by a {@link UnixListener} or by `UnixSocket.adopt`. Pending operations keep
 * the process alive, an idle socket does not. After `close` every method rejects or throws ERR_SOCKET_CLOSED before any system call.
 */
export declare class UnixSocket<T extends SocketType = SocketType> implements Disposable, AsyncDisposable {
  #private
  readonly type: T
  private constructor()
  /**
   * Takes ownership of a Unix socket that does not listen.
   *
   * Changes no option but those named; on seqpacket SO_TIMESTAMP is switched on, to tell an empty record from the end.
   * O_NONBLOCK is left as it is. If it throws, the descriptor is still yours.
   *
   * @throws ENOTSOCK Not a socket. @throws ERR_INVALID_ARG_VALUE Not a Unix socket, or a listening one.
   */
  static adopt(fd: OwnedFd | number, options?: SocketOptions): UnixSocket
  /** The descriptor's number; -1 once closed. It stays this object's. */
  get fd(): number
  get closed(): boolean
  /** Its own address; null where it has none. See getsockname(2). */
  get localAddress(): Address | null
  /** The address of its peer; null where that has none, or there is no peer. See getpeername(2). */
  get peerAddress(): Address | null
  /** Descriptors that one message may bring, 0 to 253. */
  get maxFds(): number
  set maxFds(count: number)
  /**
   * Whether received messages carry credentials of senders that attached none (SO_PASSCRED). What was queued before it was set
   * has those that the sender attached, or that it sent before accept.
   */
  get passCredentials(): boolean
  set passCredentials(on: boolean)
  /**
   * Whether received messages carry a handle of the sending process (SO_PASSPIDFD). Switching it on switches `passCredentials` on
   * as well. What was queued before has none.
   *
   * Platforms: Linux 6.5 and newer; elsewhere setting it throws ENOPROTOOPT, and it is false.
   */
  get passProcess(): boolean
  set passProcess(on: boolean)
  /** SO_SNDBUF in bytes, as the system reports it: twice what was set. */
  get sendBufferSize(): number
  set sendBufferSize(bytes: number)
  /** SO_RCVBUF in bytes, as the system reports it: twice what was set. */
  get receiveBufferSize(): number
  set receiveBufferSize(bytes: number)
  /** Narrows the type of an adopted socket. */
  is<K extends T>(type: K): this is UnixSocket<K>
  /**
   * Sends one message and resolves when the kernel has taken all of it.
   *
   * Your memory and descriptors are used at once. If it has to wait, descriptors are duplicated and data is held by reference: do
   * not change it before the Promise settles. Messages leave in the order of the calls; at most 1 MiB and 1,024 descriptors wait.
   *
   * @param data Bytes; an array of views is gathered into one message.
   * @throws ERR_MESSAGE_EMPTY Descriptors or credentials without data on a stream.
   * @throws ERR_TOO_MANY_FDS More than 253 descriptors.
   * @throws ERR_FDS_REFUSED The receiver accepts none. Nothing was sent.
   * @throws ERR_QUEUE_FULL Too much waits already.
   * @throws EPIPE The peer has gone. @throws EMSGSIZE A record longer than the send buffer. @throws EPERM Credentials that are not ours.
   * @throws ABORT_ERR, ETIMEDOUT A stream message that had gone in part closes the socket: `error.bytesWritten` tells how much.
   *
   * See sendmsg(2), unix(7).
   */
  send(data: Data, options?: SendOptions<T> & Wait): Promise<void>
  /** `false`: nothing was taken. `true`: all is taken; the rest of a stream's data is queued as a copy. Throws as {@link send} rejects. */
  trySend(data: Data, options?: SendOptions<T>): boolean
  /** Sends several messages, with none of another call in between. `error.sent` tells how many went before an error. */
  sendMany(
    messages: Iterable<
      {
        data: Data
      } & SendOptions<T>
    >,
    options?: Wait,
  ): Promise<void>
  /** Sends what can be sent now; returns how many messages were taken. */
  trySendMany(
    messages: Iterable<
      {
        data: Data
      } & SendOptions<T>
    >,
  ): number
  /**
   * Receives one message; `null` is the end. On a stream that is one chunk: what one recvmsg(2) returned.
   *
   * An aborted receive leaves the message where it was. A peer that closed has its data read first, then its error, once.
   *
   * @param options.maxBytes Stream: the most to read (default and limit 65536). Records: a longer one is dropped and its descriptors
   * closed (default 1114112).
   * @throws ERR_MESSAGE_TRUNCATED `error.length` is the true length of the record.
   * @throws ECONNRESET The peer closed without reading all that we had sent.
   */
  recv(
    options?: Wait & {
      maxBytes?: number
    },
  ): Promise<Received<T>>
  /** Receives one message if there is one now. `'again'`: nothing yet. */
  tryRecv(options?: { maxBytes?: number }): Received<T> | 'again'
  /**
   * Receives as many messages as there are, `max` at most (1 to 32, default 32), waiting for the first. `null` is the end.
   *
   * With `borrow` their bytes are lent until you close the batch. Eight batches may be lent at a time in one thread; the bytes of
   * others are copied. Whoever forgets to close one loses its memory to the garbage collector, and nothing else.
   */
  recvMany(
    options: Wait & {
      max?: number
      borrow: true
    },
  ): Promise<Batch<BorrowedMessage> | (T extends 'dgram' ? never : null)>
  recvMany(
    options?: Wait & {
      max?: number
      borrow?: false
    },
  ): Promise<Message[] | (T extends 'dgram' ? never : null)>
  /** The messages until the end, or until this socket is closed. Breaking the loop loses nothing. */
  messages(options?: Wait): AsyncIterable<Message>
  /** The same as `messages()`. */
  [Symbol.asyncIterator](): AsyncIterator<Message>
  /**
   * The messages in batches of up to `max` (1 to 32, default 32). A batch is closed when the next one is asked for; with `borrow`
   * its bytes are lent until then.
   */
  batches(
    options: Wait & {
      max?: number
      borrow: true
    },
  ): AsyncIterable<Batch<BorrowedMessage>>
  batches(
    options?: Wait & {
      max?: number
      borrow?: false
    },
  ): AsyncIterable<Batch<Message>>
  /** Messages that were read ahead for an iterator and not delivered, in order; they are yours now. */
  takeUnread(): Message[]
  /** Resolves when a receive would not wait: there is a message, the end, or an error. */
  readable(options?: Wait): Promise<void>
  /** Resolves when a send would not wait. To an unconnected datagram socket the system says that always. */
  writable(options?: Wait): Promise<void>
  /**
   * Resolves when the peer has shut down its sending half or is gone; unread data may remain.
   *
   * @throws ENOTSUP On a datagram socket, which has no such thing.
   */
  hangup(options?: Wait): Promise<void>
  /**
   * Closes the duplicates that `keepSentFds` keeps, for protocols in which a message is no answer, or none comes. Those of a message
   * that has not gone whole stay. Where there are none, and where the option is off, it does nothing. It works on a closed socket too,
   * for which nothing is left to wait.
   */
  releaseSentFds(): void
  /** Ends one or both directions for everyone who holds this socket. `'write'` takes effect behind queued sends. See shutdown(2). */
  shutdown(how: 'read' | 'write' | 'both'): void
  /** Pending operations keep the process alive (the default). */
  ref(): this
  /** Pending operations do not keep the process alive. */
  unref(): this
  /** A socket option in bytes, `size` of them at most (default 4). See getsockopt(2). */
  getOption(level: number, name: number, size?: number): Buffer
  /** Sets a socket option; a number becomes a C int. See setsockopt(2). */
  setOption(level: number, name: number, value: Buffer | number): void
  /**
   * Closes the socket, removes the file that `bind` made if it is still ours, and resolves when the number is free: at once, or, if
   * it may hold descriptors of others in its queue, when a thread has closed it. Queued sends and pending receives reject with
   * ERR_SOCKET_CLOSED. Calling it again does nothing.
   */
  close(): Promise<void>
  /**
   * Gives the descriptor up, with its options as they were. Its file, if it made one, stays. This object is closed afterwards.
   *
   * @throws ERR_MESSAGES_HELD Messages were read ahead (`takeUnread()` first) or sends are queued (await them first).
   */
  detach(): OwnedFd
  /** The same as `close()`, without waiting. */
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}
/** How a path is bound. */
export interface BindOptions {
  /**
   * Exact permission bits of the socket file, 0 to 0o777, whatever the umask, which is never changed. At no moment are they wider.
   * Default: as the umask says.
   */
  mode?: number
  /**
   * `'never'` (default): anything at the path is EADDRINUSE. `'stale'`: a socket file of our own user whose server is dead is
   * replaced; a live server, another's file or anything that is not a socket never is. A file `PATH.lock` exists meanwhile.
   */
  replace?: 'never' | 'stale'
}
/** What a connected datagram socket does when its peer has gone. */
export interface ReconnectOptions {
  /**
   * Datagram sockets. `'never'` (default): a send to a peer that has gone rejects with ECONNREFUSED, and every later one with ENOTCONN,
   * also when the peer is there again. `'auto'`: a send connects to who has the address then, and goes there; if nobody has, it rejects
   * with what connect(2) says, and the next one tries again. What the old peer had not read is lost.
   */
  reconnect?: 'never' | 'auto'
}
/** Options of {@link connect}. */
export type ConnectOptions<T extends SocketType> = SocketOptions &
  Wait & {
    /** `'stream'` (default), `'seqpacket'` or `'dgram'`. */
    type?: T
    /** Bind to this address first. */
    localAddress?: Address
  } & (T extends 'dgram' ? ReconnectOptions : unknown)
/**
 * Connects to a socket and resolves when it is connected. To a server whose backlog is full it waits for its turn.
 *
 * @param address Path (absolute, relative, of any length) or abstract name.
 * @throws ENOENT Nothing is there. @throws ECONNREFUSED The server is dead. @throws EPROTOTYPE The server is of another type.
 * @throws EACCES No permission on the path. @throws ERR_PATH_TOO_LONG @throws ETIMEDOUT, ABORT_ERR
 *
 * See connect(2), unix(7).
 * @example
 * const socket = await connect('/run/app.sock', { timeout: 1000 })
 */
export declare function connect<T extends SocketType = 'stream'>(
  address: Address,
  options?: ConnectOptions<T>,
): Promise<UnixSocket<T>>
/** Options of {@link bind}. */
export type DatagramOptions = SocketOptions &
  BindOptions &
  ReconnectOptions & {
    /** Connect to this address: only it can send to us, and `send` needs no `to`. */
    peer?: Address
  }
/**
 * A datagram socket. Without an address it is unbound: it can send, and nobody can answer it.
 *
 * @param address Path or abstract name to bind to; `'\0'` lets the kernel choose an abstract name.
 * @throws EADDRINUSE Something is at the path. @throws EACCES, ENOENT The directory. @throws ERR_PATH_TOO_LONG
 *
 * See bind(2), unix(7).
 * @example
 * await bind().send('READY=1', { to: process.env.NOTIFY_SOCKET })
 */
export declare function bind(address?: Address | null, options?: DatagramOptions): UnixSocket<'dgram'>
/**
 * Two sockets that are connected to each other. See socketpair(2).
 *
 * @param type `'stream'` (default), `'seqpacket'` or `'dgram'`.
 * @param options For both ends.
 */
export declare function pair<T extends SocketType = 'stream'>(
  type?: T,
  options?: SocketOptions,
): [UnixSocket<T>, UnixSocket<T>]
/** The types that have connections. */
export type Connected = 'stream' | 'seqpacket'
/** Options of {@link listen}; those of {@link SocketOptions} are for every accepted socket. */
export interface ListenOptions<T extends Connected = Connected> extends SocketOptions, BindOptions {
  /** `'stream'` (default) or `'seqpacket'`. */
  type?: T
  /** Connections that may wait to be accepted, 0 to 65535. Default 511; the system cuts it to its own limit. */
  backlog?: number
  /** Closes the listener when aborted. */
  signal?: AbortSignal
  /** Open connections at which it stops accepting; waiting clients stay in the backlog. Default: no limit. */
  maxConnections?: number
  /**
   * Who may connect, judged before `accept` gives the connection to you; others are closed. Default: whoever may open the path.
   * Peers do not wait for one another's judgement.
   */
  authorize?: Authorize<UnixSocket<T>>
  /** Told of each connection that was refused, with the reason. */
  onRefused?: OnRefused
}
/**
 * A listening socket. Made by {@link listen} or `UnixListener.adopt`.
 *
 * A pending `accept` keeps the process alive, an idle listener does not. Closing it removes its socket file if that is still the one
 * that it made; so does the end of the process.
 */
export declare class UnixListener<T extends Connected = Connected> implements Disposable, AsyncDisposable {
  #private
  readonly type: T
  private constructor()
  /**
   * Takes ownership of a listening Unix socket, such as descriptor 3 of socket activation. Its path stays others' business.
   *
   * O_NONBLOCK is switched on, because accept(2) has no other way not to wait, and put back by `detach`.
   *
   * @throws ENOTSOCK, ERR_INVALID_ARG_VALUE Not a listening Unix socket. It is still yours.
   */
  static adopt(fd: OwnedFd | number, options?: ListenOptions): UnixListener
  /** The descriptor's number; -1 once closed. It stays this object's. */
  get fd(): number
  get closed(): boolean
  /** Where it listens: the address as it was given, or the name that the kernel chose. */
  get address(): Address
  /**
   * Takes the next connection, waiting for one.
   *
   * Clients that gave up are passed over. When the process is short of descriptors or the system out of memory, it waits until that
   * has passed; the listener is never closed for it.
   *
   * @throws ERR_SOCKET_CLOSED The listener was closed. @throws ETIMEDOUT, ABORT_ERR
   *
   * See accept(2).
   */
  accept(options?: Wait): Promise<UnixSocket<T>>
  /** The connections, until the listener is closed. Breaking the loop loses none. */
  [Symbol.asyncIterator](): AsyncIterator<UnixSocket<T>>
  /** Connections that were accepted ahead for an iterator and not delivered; they are yours now. */
  takeAccepted(): UnixSocket<T>[]
  /** A pending `accept` keeps the process alive (the default). */
  ref(): this
  /** A pending `accept` does not keep the process alive. */
  unref(): this
  /**
   * Stops listening, removes the file that it made, closes what was accepted ahead, and resolves when the number is free. `accept`
   * rejects, loops end.
   */
  close(): Promise<void>
  /**
   * Gives the listening descriptor up, with its options as they were. Its file stays: it is yours as well.
   *
   * @throws ERR_MESSAGES_HELD Connections were accepted ahead: `takeAccepted()` first. Or some are still being judged.
   */
  detach(): OwnedFd
  /** The same as `close()`, without waiting. */
  [Symbol.dispose](): void
  [Symbol.asyncDispose](): Promise<void>
}
/**
 * Binds and listens, at once.
 *
 * @param address Path (absolute, relative, of any length) or abstract name; `'\0'` lets the kernel choose an abstract name.
 * @throws EADDRINUSE Anything is at the path: see `replace`. @throws EACCES, ENOENT The directory.
 * @throws ERR_PATH_TOO_LONG The file system or an abstract name has no room for it.
 *
 * See bind(2), listen(2), unix(7).
 * @example
 * const listener = listen('/run/app.sock', { mode: 0o600 })
 * for await (const peer of listener) serve(peer)
 */
export declare function listen<T extends Connected = 'stream'>(
  address: Address,
  options?: ListenOptions<T>,
): UnixListener<T>
/** Options of `toNetSocket`. */
export interface NetSocketOptions {
  /** Bytes that were read before and come first. */
  unread?: Uint8Array | undefined
  /** As in `net.Socket`: writing may go on after the other end has ended. Default false. */
  allowHalfOpen?: boolean
}
export interface OwnedFd {
  /**
   * Becomes a UnixSocket. If a conversion throws, the descriptor is still yours; else this object is closed.
   *
   * @throws ERR_FD_KIND It is not a Unix socket, or it listens.
   */
  toUnixSocket(options?: SocketOptions): UnixSocket
  /** Becomes a UnixListener. @throws ERR_FD_KIND It is not a listening Unix socket. */
  toUnixListener(options?: ListenOptions): UnixListener
  /**
   * Becomes a `net.Socket`: a connected Unix stream or TCP socket, or one end of a pipe. Give it to `server.emit('connection', …)`
   * to have it served by an http server. Node switches O_NONBLOCK on for everyone who shares the descriptor.
   *
   * @throws ERR_FD_KIND It is something else.
   * @throws ERR_UNSUPPORTED_PLATFORM On Bun; `toUnixSocket().toDuplex()` works there.
   */
  toNetSocket(options?: NetSocketOptions): net.Socket
  /**
   * Becomes a listening `net.Server`, or makes `server`, an http server for example, listen on it. Its path is never removed.
   *
   * @throws ERR_FD_KIND It is not a listening Unix stream or TCP socket, or this is a worker of `node:cluster`.
   */
  toNetServer<S extends net.Server = net.Server>(server?: S): S
  /**
   * Becomes a bound `dgram.Socket`.
   *
   * @throws ERR_FD_KIND It is not a UDP socket, or it is connected.
   * @throws ERR_UNSUPPORTED_PLATFORM On Bun and Deno.
   */
  toDgramSocket(): dgram.Socket
  /**
   * Becomes an `fs.ReadStream`.
   *
   * @throws ERR_FD_KIND It is not a readable file, memfd or device: a pipe would hold a thread.
   * @throws ERR_UNSUPPORTED_PLATFORM On Deno, whose `fs` knows only descriptors that it has opened.
   */
  toReadStream(): fs.ReadStream
  /**
   * Becomes an `fs.WriteStream`.
   *
   * @throws ERR_FD_KIND It is not a writable file, memfd or device: a pipe would hold a thread.
   * @throws ERR_UNSUPPORTED_PLATFORM On Deno, whose `fs` knows only descriptors that it has opened.
   */
  toWriteStream(): fs.WriteStream
  /**
   * Becomes a `tty.ReadStream`, which also writes.
   *
   * @throws ERR_FD_KIND It is not a readable terminal.
   * @throws ERR_UNSUPPORTED_PLATFORM On Bun, whose streams of terminals do not write and do not close.
   */
  toTTY(): tty.ReadStream
  /**
   * Becomes an object with the methods of `fs.promises.FileHandle`. Node has no public way to make a real one of a descriptor:
   * `instanceof` does not hold, and it cannot be posted to a worker.
   *
   * @throws ERR_FD_KIND It is not a file, directory, memfd or device.
   * @throws ERR_UNSUPPORTED_PLATFORM On Deno, whose `fs` knows only descriptors that it has opened.
   */
  toFileHandle(): FileHandle
}
export interface UnixSocket<T extends SocketType = SocketType> {
  /**
   * Becomes a `net.Socket`; this object is closed.
   *
   * @throws ERR_MESSAGES_HELD Messages are unread or sends are queued.
   */
  toNetSocket(this: UnixSocket<'stream'>): net.Socket
}
export interface UnixListener<T extends Connected = Connected> {
  /**
   * Becomes a listening `net.Server`, or makes `server` listen on it; this object is closed. The socket file stays for good.
   *
   * @throws ERR_MESSAGES_HELD Connections were accepted ahead.
   */
  toNetServer<S extends net.Server = net.Server>(this: UnixListener<'stream'>, server?: S): S
}
declare abstract class NetLikeDuplex extends Duplex {
  #private
  /** Milliseconds of idleness after which `'timeout'` is emitted; undefined: never set. */
  timeout: number | undefined
  /** It is connected from its beginning. */
  get connecting(): boolean
  /** As in `net.Socket`: whether it is not connected, that is, after it was destroyed. */
  get pending(): boolean
  get readyState(): 'open' | 'readOnly' | 'writeOnly' | 'closed'
  /** `'timeout'` is emitted when nothing was read or written for `ms` milliseconds; 0 switches it off. It destroys nothing. */
  setTimeout(ms: number, listener?: () => void): this
  /** Something was read or written. */
  protected active(): void
  /** Nothing will be. */
  protected stopTimeout(): void
  /** For TCP; does nothing here. */
  setNoDelay(_noDelay?: boolean): this
  /** For TCP; does nothing here. */
  setKeepAlive(_enable?: boolean, _initialDelay?: number): this
  /** As of a `net.Socket` on a path: empty. */
  address(): Record<string, never>
  /** As of a `net.Socket` on a path: none. */
  get remoteAddress(): undefined
  get remoteFamily(): undefined
  get remotePort(): undefined
  /** Ends it, and destroys it when everything is written. */
  destroySoon(): void
}
/**
 * A connected stream socket as a `stream.Duplex`, with descriptors. Made by `socket.toDuplex()`.
 *
 * It does what a `net.Socket` on a Unix socket does: events, their order, error codes, half-open connections, `destroy`; so it can be
 * given to http, TLS, `pipeline` and Node's converters to web streams. It is no `instanceof net.Socket`.
 */
export interface UnixDuplex extends NetLikeDuplex {
  /** The descriptor's number; -1 once closed. It stays this object's. */
  readonly fd: number
  /** The address of the peer, as of the socket that it was made from. */
  readonly peerAddress: Address | null
  readonly bytesRead: number
  /** Bytes that were written, those that still wait included. */
  readonly bytesWritten: number
  /**
   * Writes bytes together with descriptors, which travel with the first of them; no other bytes are sent in that message before them.
   * Returns as `write`: false asks to await `'drain'`.
   *
   * The descriptors are lent for the call: those that must wait are duplicated, so yours may be closed as soon as this returns.
   *
   * @param bytes At least one byte.
   * @param fds At most 253.
   * @throws ERR_MESSAGE_EMPTY No bytes for the descriptors. @throws ERR_TOO_MANY_FDS @throws EMFILE No descriptor is free for a duplicate.
   */
  writeWithFds(bytes: Uint8Array, fds: readonly FdSource[], callback?: (error?: Error | null) => void): boolean
  /** Closes descriptors that `'fds'` gave. Protocols, as that of dbus-native, call it at the end for those that no message claimed. */
  closeFds(fds: readonly OwnedFd[]): void
  /** As of a {@link UnixSocket}: closes what `keepSentFds` keeps. */
  releaseSentFds(): void
  /** Reading keeps the process alive (the default). */
  ref(): this
  /** Reading does not keep the process alive. */
  unref(): this
  /**
   * `'fds'`: descriptors came, yours to close; in the order in which they were sent, and before the chunk with their first byte is
   * emitted or can be read. Until somebody listens for them or reads, they wait with their chunk. If somebody reads and nobody
   * listens, they are closed, with one warning (ANCILLARY_UNHEARD_FDS).
   */
  on(event: 'fds', listener: (fds: OwnedFd[]) => void): this
  on(event: string | symbol, listener: (...args: any[]) => void): this
  once(event: 'fds', listener: (fds: OwnedFd[]) => void): this
  once(event: string | symbol, listener: (...args: any[]) => void): this
}
/** Options of `toDuplex`: those of Node's streams of bytes, and what cannot be read off the socket. */
export interface UnixDuplexOptions extends DuplexOptions {
  /** Whether writing may go on when the other end has ended. Default false: it then ends too, as a `net.Socket` does. */
  allowHalfOpen?: boolean
  /** Messages that were received before and come first: what `takeUnread()` gave. */
  unread?: readonly Message[]
  /** As in {@link SocketOptions}. Default `'chunk'`. */
  fdsAt?: SocketOptions['fdsAt']
}
export interface UnixSocket<T extends SocketType = SocketType> {
  /**
   * Becomes a `stream.Duplex` that carries descriptors both ways; this object is closed. `maxFds` and
   * `keepSentFds` stay as they are; credentials do not come along. If it throws, the socket is still yours.
   *
   * @throws ERR_MESSAGES_HELD Messages are unread (give them as `unread`) or sends are queued.
   * @throws ERR_FD_KIND It is not a stream socket.
   * @example
   * const duplex = (await connect('/run/app.sock', { maxFds: 4 })).toDuplex()
   * duplex.on('fds', (fds) => …)
   */
  toDuplex(this: UnixSocket<'stream'>, options?: UnixDuplexOptions): UnixDuplex
}
/** What `serve` needs of a server: `net.Server` and all that are built on it have this. */
export interface ConnectionServer extends EventEmitter {
  /** Whether its connections may be written to after their end. */
  readonly allowHalfOpen?: boolean
  readonly listening?: boolean
}
export interface UnixListener<T extends Connected = Connected> {
  /**
   * Gives every connection to a server of Node as a {@link UnixDuplex}, by `server.emit('connection', duplex)`: an `http.Server`,
   * `https.Server`, `http2` server or `net.Server` that need not listen itself. What was asked of `listen` holds: `authorize`,
   * `maxConnections`, `maxFds`.
   *
   * Closing the listener stops new connections; closing the server closes the listener too. A server that does not listen itself
   * is told `'listening'`, with which http begins to watch its timeouts.
   *
   * @param options For each duplex; `allowHalfOpen` is by default what the server wants.
   * @returns This listener.
   * @throws ERR_FD_KIND It is not a stream listener. @throws ERR_SOCKET_CLOSED It is closed.
   * @throws ERR_UNSUPPORTED_PLATFORM On Bun, where an http server takes no connections but its own.
   * @example
   * const server = http.createServer((request, response) => response.end('hello'))
   * listen('/run/app.sock', { mode: 0o600, maxFds: 4 }).serve(server)
   */
  serve(this: UnixListener<'stream'>, server: ConnectionServer, options?: UnixDuplexOptions): this
}
/** Whether something can be done, and if not, why. */
export interface Capability {
  readonly available: boolean
  /** In words; absent where it is available. */
  readonly reason?: string
}
/** What {@link capabilities} found. */
export interface Capabilities {
  readonly [feature: string]: Capability
  /** Sockets of type `seqpacket`. */
  readonly seqpacket: Capability
  /** Abstract names. */
  readonly abstractNames: Capability
  /** Paths of any length. */
  readonly longPaths: Capability
  /** An empty record is told from the end. */
  readonly emptyRecords: Capability
  /** A sender is told that its descriptors are refused. */
  readonly passRights: Capability
  /** `fdsAt: 'exact'`. */
  readonly fdsAtExact: Capability
  /** `passCredentials`. */
  readonly passCredentials: Capability
  /** `passProcess`. */
  readonly passProcess: Capability
  /** `peerCredentials`: who it is, as far as the system tells. */
  readonly peerCredentials: Capability
  /** `peerCredentials`: groups. */
  readonly peerGroups: Capability
  /** `peerCredentials`: label. */
  readonly peerLabel: Capability
  /** `peerProcess`. */
  readonly peerProcess: Capability
  /** Real, effective and saved ids of a process. */
  readonly processIds: Capability
  /** Every user and group id has a number here: no user namespace hides any. */
  readonly allIdsMapped: Capability
  /** Claiming credentials that are not our own. */
  readonly claimCredentials: Capability
  /** Raw sockets. */
  readonly rawSockets: Capability
}
/**
 * What this kernel and this process can do, each found by trying, with the reason for each no. Nothing is remembered: privileges
 * may change.
 *
 * @throws EMFILE, ENFILE There are no descriptors to try with.
 * @example
 * if (!capabilities().passProcess.available) console.log(capabilities().passProcess.reason)
 */
export declare function capabilities(): Capabilities
/** A descriptor that was taken from its object. */
export interface Detached {
  /** Yours. */
  readonly fd: OwnedFd
  /** Bytes that had been read already and come before everything that `fd` gives; empty where there are none. */
  readonly unread: Buffer
}
/**
 * Takes the descriptor of a live object: a `net.Socket` (a child's stdio, a terminal), a `net.Server`, a `dgram.Socket`, a FileHandle,
 * a stream of `fs`, or one of ours. The object is closed without the other end noticing; bytes that Node has read come along.
 *
 * A number is adopted. If it throws, the object is as it was.
 *
 * @throws ERR_MESSAGES_HELD Something would be lost: queued writes, a TLS session, an http request that is being parsed, a server's path,
 * a stream that is ending or was told where to start.
 * @throws ERR_SOCKET_CLOSED The object is closed. @throws EMFILE No descriptor is free.
 * @example
 * const { fd, unread } = detachFd(netSocket)
 * await other.send(unread.length > 0 ? unread : 'x', { fds: [fd] })
 */
export declare function detachFd(source: FdSource): Detached
/** A file that is open, with the methods of Node's FileHandle. Close it: the garbage collector does not. */
export declare class FdFileHandle extends EventEmitter {
  #private
  constructor(fd: number)
  /** The number; -1 once closed. */
  get fd(): number
  read(...values: unknown[]): Promise<{
    bytesRead: number
    buffer: NodeJS.ArrayBufferView
  }>
  readv(...values: unknown[]): Promise<unknown>
  write(...values: unknown[]): Promise<{
    bytesWritten: number
  }>
  writev(...values: unknown[]): Promise<unknown>
  readFile(options?: unknown): Promise<string | Buffer>
  writeFile(data: string | NodeJS.ArrayBufferView, options?: fs.WriteFileOptions): Promise<void>
  appendFile(data: string | Uint8Array, options?: fs.WriteFileOptions): Promise<void>
  stat(options?: fs.StatOptions): Promise<fs.Stats | fs.BigIntStats>
  truncate(length?: number): Promise<void>
  chmod(mode: fs.Mode): Promise<void>
  chown(uid: number, gid: number): Promise<void>
  utimes(atime: fs.TimeLike, mtime: fs.TimeLike): Promise<void>
  sync(): Promise<void>
  datasync(): Promise<void>
  /** The stream takes the descriptor over unless `autoClose` is false. */
  createReadStream(options?: { autoClose?: boolean; [name: string]: unknown }): fs.ReadStream
  /** The stream takes the descriptor over unless `autoClose` is false. */
  createWriteStream(options?: { autoClose?: boolean; [name: string]: unknown }): fs.WriteStream
  readLines(options?: { [name: string]: unknown }): Interface
  readableWebStream(): ReadableStream
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
/** Open descriptors of this process, and what waits for some to be closed. */
export interface DescriptorUsage {
  /** How many are open; null where the system does not tell. */
  readonly open: number | null
  /** The most that may be open (RLIMIT_NOFILE, the soft limit). */
  readonly limit: number
  /** Sockets and listeners of this thread that wait for room: see `pauseWhenScarce`. */
  readonly paused: number
}
/**
 * How many descriptors this process has open, how many it may have, and how much waits for that. Counting costs some microseconds;
 * before Linux 6.2 it reads a directory.
 */
export declare function descriptorUsage(): DescriptorUsage
/** Options of a socket and of its descriptor; `null` where this kernel has no such option. Sizes are in bytes, as the kernel counts. */
export interface SocketSettings {
  /** SO_PASSCRED */
  readonly passCredentials: boolean | null
  /** SO_PASSPIDFD */
  readonly passProcess: boolean | null
  /** SO_PASSSEC */
  readonly passLabel: boolean | null
  /** SO_PASSRIGHTS: whether descriptors may come. */
  readonly passDescriptors: boolean | null
  /** SO_TIMESTAMP */
  readonly timestamps: boolean | null
  /** SO_SNDBUF: twice what was set. */
  readonly sendBufferSize: number | null
  /** SO_RCVBUF: twice what was set. */
  readonly receiveBufferSize: number | null
  /** O_NONBLOCK */
  readonly nonblocking: boolean
  /** FD_CLOEXEC; null where /proc is not mounted. */
  readonly closeOnExec: boolean | null
}
/** What {@link inspect} found. `null`: it does not apply, or the kernel does not tell. */
export interface SocketInfo {
  readonly [field: string]: unknown
  /** The number that was looked at; null in what {@link inspectAll} gives. */
  readonly fd: number | null
  readonly type: SocketType
  readonly state: 'listening' | 'connected' | 'unconnected'
  /** Names the socket in the whole system, as in `socket:[1234]` of /proc. */
  readonly inode: number
  readonly localAddress: Address | null
  readonly peerAddress: Address | null
  /** Inode number of the socket at the other end. */
  readonly peerInode: number | null
  /** Who is there: see {@link peerCredentials}. */
  readonly peer: Credentials<'connect'> | null
  /** User who made the socket. */
  readonly uid: number | null
  readonly shutdown: 'read' | 'write' | 'both' | null
  /** Bytes that the next receives would give; of a datagram socket, those of the first datagram. */
  readonly incomingBytes: number | null
  /** Descriptors in the messages that wait to be received. */
  readonly incomingFds: number | null
  /** Memory of what was sent and not yet received, in bytes: more than its data. */
  readonly outgoingBytes: number | null
  /** Of a listener: connections that wait to be accepted. */
  readonly pending: number | null
  /** Of a listener: how many of them may wait. */
  readonly backlog: number | null
  /** null in what {@link inspectAll} gives. */
  readonly options: SocketSettings | null
}
/**
 * Looks at a Unix socket of this process: type, names, peer, what waits in it, options. Changes nothing, takes nothing.
 *
 * It tells what the kernel has: messages that a loop has read ahead are no longer there.
 *
 * @param source The socket, or anything that has its descriptor.
 * @throws ERR_FD_KIND It is not a Unix socket. @throws ERR_SOCKET_CLOSED The object is closed.
 *
 * Platforms: Linux. `uid`, `peerInode`, `shutdown`, `pending` and `backlog` come from sock_diag(7) and are null where that is
 * switched off or the socket is of another network namespace; `incomingFds` from Linux 5.6. See unix(7).
 * @example
 * console.log(inspect(socket).incomingBytes, inspect(socket).incomingFds)
 */
export declare function inspect(source: FdSource): SocketInfo
/**
 * Every Unix socket of this network namespace, also those of other users and processes, as far as it can be told without a
 * descriptor: the fields that need one are null.
 *
 * @throws ENOENT, EPERM, EPROTONOSUPPORT The kernel cannot be asked, or we may not.
 *
 * Platforms: Linux (sock_diag(7)).
 * @example
 * const listening = inspectAll().filter(({ state }) => state === 'listening')
 */
export declare function inspectAll(): SocketInfo[]
/**
 * What nobody can do with a memory file any more: make it smaller or larger, write to it, add seals. Seals are for good, and hold
 * for everyone who has the file.
 */
export type Seal = 'shrink' | 'grow' | 'write' | 'seal'
/** Options of {@link memfd}. */
export interface MemfdOptions {
  /** Its content. Default: empty. */
  data?: Data
  /** Its size in bytes; beyond the data there are zeros. Default: that of the data. */
  size?: number
  /** Seals that are set once the content is there. */
  seals?: readonly Seal[]
}
export interface OwnedFd {
  /** The seals of a memory file; null for any other kind. See fcntl(2), F_GET_SEALS. */
  readonly seals: readonly Seal[] | null
  /**
   * Adds seals, for good.
   *
   * @throws EPERM It is sealed against that, or was opened for reading only. @throws EINVAL It is not a memory file.
   * @throws EBUSY `'write'`, while it is mapped for writing.
   */
  seal(seals: readonly Seal[]): void
}
/**
 * Makes a memory file (memfd). Its position is at the beginning. It lives until the last descriptor for it is closed.
 *
 * @param name For `/proc/PID/fd` only; at most 249 bytes.
 * @throws EFBIG, ENOSPC, ENOMEM There is no room. @throws EMFILE
 *
 * Platforms: Linux. See memfd_create(2).
 * @example
 * const image = memfd('image', { data: pixels, seals: ['shrink', 'grow', 'write', 'seal'] })
 * await socket.send('image', { fds: [image] })
 */
export declare function memfd(name: string, options?: MemfdOptions): OwnedFd

export {}
