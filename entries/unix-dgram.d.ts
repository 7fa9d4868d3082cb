/**
 * `ancillary/unix-dgram`: what the npm package unix-dgram 2.0 offers, for programs that were written for it. New programs have
 * `bind()`.
 *
 * @packageDocumentation
 */
// Generated from entries/unix-dgram.ts and lib/ by `npm run types`.
import { Socket as InternetSocket } from 'node:dgram'
import { EventEmitter } from 'node:events'

/** Told when a datagram has gone, or why not. */
export type SendCallback = (error?: Error) => void
/** What comes with a datagram. */
export interface RemoteInfo {
  /** Bytes. */
  size: number
  address: Record<string, never>
  /** Where it came from; null for a sender without a name. */
  path: string | null
}
/** A datagram socket: `'message'`, `'listening'`, `'connect'`, `'error'`, `'congestion'`, `'writable'`. */
export declare class Socket extends EventEmitter {
  #private
  readonly type = 'unix_dgram'
  connected: boolean
  constructor(type: string, listener?: (message: Buffer, info: RemoteInfo) => void)
  /** The descriptor's number; -1 once closed. */
  get fd(): number
  /** Binds to a path, or to an abstract name after `'\0'`, and receives. Emits `'listening'` or `'error'` within the call. */
  bind(path: string): void
  /** Sends to this address from now on, and receives from it only. Emits `'connect'` or `'error'` within the call. */
  connect(path: string): void
  /**
   * Connected: `send(buffer, callback)`. Else `send(buffer, offset, length, path, callback)`. Without a callback, failures are
   * events: `'congestion'` where the receiver is full and the datagram was not sent, then `'writable'`; `'error'` for the rest.
   * What is sent to a path whose owner is full waits for it, up to 1 MiB in all.
   */
  send(buffer: Uint8Array | string, callback?: SendCallback): void
  send(buffer: Uint8Array | string, offset: number, length: number, path: string, callback?: SendCallback): void
  /** The same as `send` with a path. */
  sendto(buffer: Uint8Array, offset: number, length: number, path: string, callback?: SendCallback): void
  /** The same as `send` with a path. */
  send_to(buffer: Uint8Array, offset: number, length: number, path: string, callback?: SendCallback): void
  /** Closes it, at once. What still waited to be sent is told by its callback. The file of `bind` stays. */
  close(): void
  /** Not there, as in the package. */
  address(): never
}
/** A socket; `'udp4'` and `'udp6'` give one of `node:dgram`. `listener` is for `'message'`. */
export declare function createSocket(type: 'unix_dgram', listener?: (message: Buffer, info: RemoteInfo) => void): Socket
export declare function createSocket(
  type: 'udp4' | 'udp6',
  listener?: (message: Buffer, info: object) => void,
): InternetSocket

export {}
