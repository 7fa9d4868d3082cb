/**
 * `ancillary/handoff`: live handles for another process. One at a time, or everything that a program serves with, for its successor:
 * a restart that no client notices.
 *
 * @packageDocumentation
 */
// Generated from entries/handoff.ts and lib/ by `npm run types`.
import type {
  Address,
  Authorize,
  Connected,
  Data,
  FdSource,
  OwnedFd,
  UnixListener,
  UnixSocket,
  Wait,
} from '../index.js'
import * as dgram from 'node:dgram'
import * as fs from 'node:fs'
import { FileHandle } from 'node:fs/promises'
import * as net from 'node:net'
import * as tty from 'node:tty'
/** What a handle is on both sides. */
export type HandleType =
  | 'net.Socket'
  | 'net.Server'
  | 'dgram.Socket'
  | 'UnixSocket'
  | 'UnixListener'
  | 'FileHandle'
  | 'fs.ReadStream'
  | 'fs.WriteStream'
  | 'tty.ReadStream'
  | 'OwnedFd'
/** A handle that lives: an object of Node or of this package. */
export type LiveHandle =
  | net.Socket
  | net.Server
  | dgram.Socket
  | UnixSocket
  | UnixListener
  | FileHandle
  | fs.ReadStream
  | fs.WriteStream
  | tty.ReadStream
  | OwnedFd
/** A handle that came from another process and is not live yet. */
export interface HandedOver extends Disposable {
  /** What it was there. */
  readonly type: HandleType
  /** The descriptor; yours to convert in any way. */
  readonly fd: OwnedFd
  /** Bytes that were read there and come before everything that the descriptor gives. */
  readonly unread: Buffer
  /** Makes it what it was, `unread` first. If that throws, the descriptor is still there. */
  live(): LiveHandle
  /** Closes the descriptor, if it is still here. */
  close(): void
}
/** Anything that can be handed over. */
export type Handing = FdSource
/** Handles by name; a list where there are several. */
export type Handings = {
  readonly [name: string]: Handing | readonly Handing[]
}
/** Options of {@link serve}. */
export interface ServeOptions {
  /** Who may take over. Default: a process of our own user. */
  authorize?: Authorize<UnixSocket<Connected>>
  /** Permission bits of the socket file. Default 0o600. */
  mode?: number
  /** Bytes for the successor, asked for as late as possible; at most 64 MiB. */
  state?: () => Data | Promise<Data>
  /**
   * Milliseconds that a successor may take for each of its answers, so that a silent one does not hold up others. How long it prepares
   * itself before `ready()` is its own business. Default 10000.
   */
  timeout?: number
  /** Told of a successor that failed half-way: this process goes on as if nothing had happened. */
  onFailed?: (error: unknown) => void
}
/**
 * Offers what this process serves with to a successor that calls {@link takeOver} at the same address. See {@link serve}.
 */
export declare class Handoff implements AsyncDisposable {
  #private
  /** Resolves when a successor has taken over: this process has stopped accepting and only ends what it has begun. Rejects if closed before. */
  readonly taken: Promise<void>
  private constructor()
  /** Resolves when a successor has taken over and the last connection of the servers that were handed over has ended. */
  drained(): Promise<void>
  /** Stops offering. What is served is not touched. */
  close(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}
/**
 * Offers handles to a successor, and goes on serving meanwhile. When one has taken over, `taken` resolves: servers have stopped
 * accepting, and `drained()` tells when all that was begun has ended. The connections of an http server go to the successor one by
 * one, between two requests, if it wants them (`ready({ servers })`); else what is still asked is answered with `Connection: close`.
 *
 * A successor that dies half-way changes nothing. Live connections that are handed over are not read from while it lasts.
 *
 * @param address Where successors ask; a path is replaced if it is stale.
 * @param handles What there is, by name; a function is asked for each successor. Servers on a path must come from
 * `listen(path).toNetServer(server)`: Node would remove the path.
 * @throws EADDRINUSE Another process offers there.
 * @example
 * const handoff = serve('/run/app.handoff', { http: server })
 * await handoff.drained()
 * process.exit()
 */
export declare function serve(
  address: Address,
  handles: Handings | (() => Handings | Promise<Handings>),
  options?: ServeOptions,
): Handoff
/** Options of {@link sendHandle}. */
export interface SendHandleOptions extends Wait {
  /** Anything that JSON can tell, for the receiver. */
  data?: unknown
}
/**
 * Gives a live handle to the process at the other end and resolves when that has it. Then it is gone from here: a `net.Socket` takes
 * along the bytes that Node had read, a server stops accepting, and nobody who is connected notices.
 *
 * If it fails, the handle is as it was. The other end calls {@link receiveHandle}; its socket must accept a descriptor (`maxFds`).
 * Nothing else may be sent or received on this socket meanwhile.
 *
 * @throws ERR_MESSAGES_HELD Something would be lost: queued writes, TLS, an http request that is being parsed, a server's path.
 * @throws ERR_FDS_REFUSED The other end accepts no descriptors. @throws ERR_HANDOFF It does not speak this protocol, or has ended.
 */
export declare function sendHandle(
  socket: UnixSocket<Connected>,
  handle: Handing,
  options?: SendHandleOptions,
): Promise<void>
/** A handle as {@link receiveHandle} gives it. */
export interface ReceivedHandle extends HandedOver {
  /** What the sender said beside it. */
  readonly data: unknown
}
/**
 * Receives one handle from {@link sendHandle}, and tells the sender that it has come; `null` at the end. `live()` makes it what it
 * was: a `net.Socket` with its unread bytes first, a listening server, a terminal. Or convert its `fd` in another way.
 *
 * @throws ERR_HANDOFF The other end does not speak this protocol.
 */
export declare function receiveHandle(socket: UnixSocket<Connected>, options?: Wait): Promise<ReceivedHandle | null>
/** What {@link takeOver} got. Nothing is final before `ready()`. */
export declare class Takeover implements Disposable {
  #private
  /** The handles by name, in the order in which they were given. */
  readonly handles: {
    readonly [name: string]: readonly HandedOver[]
  }
  /** What the other process said of its state; empty if nothing. */
  readonly state: Buffer
  private constructor()
  /**
   * The descriptor of the one handle of this name; it is yours.
   *
   * @throws ERR_INVALID_ARG_VALUE There is none, or there are several.
   */
  take(name: string): OwnedFd
  /**
   * Takes over. Resolves when the other process has stopped, or has died on the way; from then on serve: connections that came in
   * between wait in the backlog.
   *
   * @param options.servers Servers by the names of the handles that they take: each listens as soon as that is due. An http server
   * also gets the connections that the other one has, when nothing is under way on them, so that their clients do not notice.
   * @throws ERR_HANDOFF The other process has changed its mind: it goes on.
   * @throws ERR_INVALID_ARG_VALUE There is no handle of such a name. @throws ERR_FD_KIND It is no listening socket.
   */
  ready(
    options?: Wait & {
      servers?: {
        readonly [name: string]: net.Server
      }
    },
  ): Promise<void>
  /** Gives up: the other process goes on, and what was not taken or converted is closed. */
  close(): void
  /** The same as `close()`. */
  [Symbol.dispose](): void
}
/**
 * Asks the process that calls {@link serve} at this address for its handles; `null` when there is none, as at the first start.
 *
 * The other process serves until `ready()`: convert and accept after that, so that nothing is lost if this process ends before.
 *
 * @throws ERR_HANDOFF It does not speak this protocol, or refused us. @throws EACCES The path is not ours to use.
 * @example
 * const takeover = await takeOver('/run/app.handoff')
 * const server = http.createServer(app)
 * if (takeover === null) listen('/run/app.sock').toNetServer(server)
 * else await takeover.ready({ servers: { http: server } })
 * const handoff = serve('/run/app.handoff', { http: server })
 */
export declare function takeOver(address: Address, options?: Wait): Promise<Takeover | null>

export {}
