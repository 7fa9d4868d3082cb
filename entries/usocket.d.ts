/**
 * `ancillary/usocket`: what the npm package usocket 1.1 offers, for programs that were written for it. New programs have
 * `socket.toDuplex()`.
 *
 * @packageDocumentation
 */
// Generated from entries/usocket.ts and lib/ by `npm run types`.
import { EventEmitter } from 'node:events'
import { Duplex } from 'node:stream'

type Done = (error?: Error | null) => void
/** What a USocket connects to. */
export interface USocketOptions {
  /** A path, or an abstract name after `'\0'`. */
  path?: string | undefined
  /** A connected Unix stream socket, taken over. */
  fd?: number | undefined
  /** As in Node's Duplex. Default true. */
  allowHalfOpen?: boolean | undefined
}
/** Data with descriptors, for `write`. */
export interface USocketChunk {
  data?: Uint8Array | undefined
  /** At most 253. To be kept open until they are sent. */
  fds?: readonly number[] | undefined
  /** Called when it is sent. */
  callback?: ((chunk: USocketChunk) => void) | undefined
}
/** What `read` gives when it is asked for descriptors. They are yours to close. */
export interface USocketRead {
  data: Buffer | null
  fds: number[]
}
/** A connected stream socket with descriptors: see {@link USocketOptions}, and the README of usocket. */
export declare class USocket extends Duplex {
  #private
  /** The descriptor's number, once connected. */
  fd: number | undefined
  /** With a path or a descriptor it connects at once. `connected` is called when it is connected. */
  constructor(options?: string | USocketOptions | null, connected?: () => void)
  /** Connects to a path, or takes a descriptor over. Emits `'connected'`, or `'error'` and `'close'`. */
  connect(target: string | USocketOptions, connected?: () => void): void
  _read(): void
  /**
   * Without `count` as in Node. With it: so many descriptors together with so much data, or null while there are not as many.
   *
   * @param size Bytes; null for all that there are.
   * @param count Descriptors; null for those that came with the data up to the end of what is returned.
   */
  read(size?: number | null, count?: number | null): any
  /** Puts data and descriptors back in front. */
  unshift(chunk?: Uint8Array | string | null, fds?: readonly number[] | BufferEncoding): void
  /** Bytes, a string, descriptors, or both together as {@link USocketChunk}. Descriptors alone leave with the next bytes. */
  write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean
  end(chunk?: unknown, encoding?: unknown, callback?: unknown): this
  _write(chunk: unknown, encoding: BufferEncoding, callback: Done): void
  _final(callback: Done): void
  /** Closes the socket. Without an error no event follows. */
  destroy(error?: Error | null): this
  _destroy(error: Error | null, callback: (error?: Error | null) => void): void
}
/** Emits `'listening'`, `'connection'` with a USocket, and `'error'`. */
export declare class UServer extends EventEmitter {
  #private
  paused: boolean
  listening: boolean
  /** The descriptor's number, once it listens. */
  fd: number | undefined
  /**
   * Listens at a path. What a dead server left there is replaced; a living server is not, nor what is no socket.
   *
   * @param backlog Connections that may wait; default 16.
   */
  listen(path: string, backlog?: number, listening?: () => void): void
  listen(path: string, listening?: () => void): void
  listen(
    options: {
      path: string
      backlog?: number
    },
    listening?: () => void,
  ): void
  /** Accepts no more; clients wait in the backlog. */
  pause(): void
  /** Accepts again. */
  resume(): void
  /** Stops listening. No event follows; connections live on. */
  close(): void
}

export {}
