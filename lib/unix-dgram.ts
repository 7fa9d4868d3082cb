/**
 * What the npm package unix-dgram 2.0 documents, on datagram sockets of this package: events and callbacks within the call, errors
 * with negative numbers as their code. Where that package cuts datagrams or throws for a full receiver, this does what it meant.
 */
import { createSocket as createInternetSocket, type Socket as InternetSocket } from 'node:dgram'
import { EventEmitter } from 'node:events'
import { getSystemErrorName } from 'node:util'
import { bind } from './connect.js'
import { hasCode, type SocketError } from './errors.js'
import type { Message } from './message.js'
import { UnixSocket } from './socket.js'

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

/** What the package calls a full receiver. */
const CONGESTION = 1
const BATCH = 32

/** A datagram socket: `'message'`, `'listening'`, `'connect'`, `'error'`, `'congestion'`, `'writable'`. */
export class Socket extends EventEmitter {
  readonly type = 'unix_dgram'
  connected = false
  #socket: UnixSocket<'dgram'>
  #path: string | undefined
  #peer: string | undefined
  #isWaiting = false

  constructor(type: string, listener?: (message: Buffer, info: RemoteInfo) => void) {
    super()
    if (type !== 'unix_dgram') throw new Error(`Unsupported socket type: ${type}`)
    this.#socket = bind(null)
    if (typeof listener === 'function') this.on('message', listener)
  }

  /** The descriptor's number; -1 once closed. */
  get fd(): number {
    return this.#socket.fd
  }

  /** Binds to a path, or to an abstract name after `'\0'`, and receives. Emits `'listening'` or `'error'` within the call. */
  bind(path: string): void {
    if (!this.#reopen(path, this.#peer, 'bind')) return
    void this.#receive(this.#socket)
    this.emit('listening')
  }

  /** Sends to this address from now on, and receives from it only. Emits `'connect'` or `'error'` within the call. */
  connect(path: string): void {
    if (!this.#reopen(undefined, path, 'connect')) return
    this.connected = true
    this.emit('connect')
  }

  /** A socket of ours has its names from its beginning: another one takes the place of the first. */
  #reopen(path: string | undefined, peer: string | undefined, syscall: string): boolean {
    try {
      if (this.#path !== undefined && path === undefined) {
        // Bound already: the address is tried, and then named with each datagram, so that no message is lost by rebinding.
        bind(null, { peer: peer as string })[Symbol.dispose]()
      } else {
        const socket = bind(path ?? null, peer === undefined ? {} : { peer })
        this.#socket[Symbol.dispose]()
        // The package leaves its file to others, who remove it themselves.
        this.#socket = UnixSocket.adopt(socket.detach()) as UnixSocket<'dgram'>
        this.#path = path
      }
      this.#peer = peer
      return true
    } catch (error) {
      this.emit('error', inItsWords(error as SocketError, syscall))
      return false
    }
  }

  /**
   * Connected: `send(buffer, callback)`. Else `send(buffer, offset, length, path, callback)`. Without a callback, failures are
   * events: `'congestion'` where the receiver is full and the datagram was not sent, then `'writable'`; `'error'` for the rest.
   * What is sent to a path whose owner is full waits for it, up to 1 MiB in all.
   */
  send(buffer: Uint8Array | string, callback?: SendCallback): void
  send(buffer: Uint8Array | string, offset: number, length: number, path: string, callback?: SendCallback): void
  send(
    buffer: Uint8Array | string,
    offset?: number | SendCallback,
    length?: number,
    path?: string,
    callback?: SendCallback,
  ): void {
    const bytes = typeof buffer === 'string' ? Buffer.from(buffer) : buffer
    if (this.connected) this.#sendConnected(bytes, offset as SendCallback | undefined)
    else
      this.#sendTo(bytes.subarray(offset as number, (offset as number) + (length as number)), path as string, callback)
  }

  /** The same as `send` with a path. */
  sendto(buffer: Uint8Array, offset: number, length: number, path: string, callback?: SendCallback): void {
    this.send(buffer, offset, length, path, callback)
  }

  /** The same as `send` with a path. */
  send_to(buffer: Uint8Array, offset: number, length: number, path: string, callback?: SendCallback): void {
    this.send(buffer, offset, length, path, callback)
  }

  #sendConnected(bytes: Uint8Array, callback: SendCallback | undefined): void {
    try {
      if (this.#socket.trySend(bytes, this.#path === undefined ? {} : { to: this.#peer as string })) {
        callback?.()
        return
      }
    } catch (error) {
      this.#failed(error as SocketError, callback)
      return
    }
    if (callback !== undefined) callback(congestion())
    else this.emit('congestion', bytes)
    void this.#tellWritable(this.#socket)
  }

  /** Once for all that were refused. */
  async #tellWritable(socket: UnixSocket<'dgram'>): Promise<void> {
    if (this.#isWaiting) return
    this.#isWaiting = true
    await socket.writable().catch(() => {})
    this.#isWaiting = false
    if (!socket.closed) process.nextTick(() => this.emit('writable'))
  }

  #sendTo(bytes: Uint8Array, path: string, callback: SendCallback | undefined): void {
    try {
      if (this.#socket.trySend(bytes, { to: path })) {
        callback?.()
        return
      }
    } catch (error) {
      this.#failed(error as SocketError, callback)
      return
    }
    this.#socket.send(Uint8Array.from(bytes), { to: path }).then(
      () => process.nextTick(() => callback?.()),
      (error: SocketError) => process.nextTick(() => this.#failedLater(error, bytes, callback)),
    )
  }

  #failedLater(error: SocketError, bytes: Uint8Array, callback: SendCallback | undefined): void {
    if (!hasCode(error, 'ERR_QUEUE_FULL')) {
      if (callback !== undefined || !hasCode(error, 'ERR_SOCKET_CLOSED')) this.#failed(error, callback)
    } else if (callback !== undefined) callback(congestion())
    else this.emit('congestion', bytes)
  }

  #failed(error: SocketError, callback: SendCallback | undefined): void {
    const reason = inItsWords(error, 'send')
    if (callback !== undefined) callback(reason)
    else this.emit('error', reason)
  }

  async #receive(socket: UnixSocket<'dgram'>): Promise<void> {
    while (!socket.closed) {
      try {
        const messages = await socket.recvMany({ max: BATCH })
        for (const message of messages as Message[]) process.nextTick(() => this.#deliver(socket, message))
      } catch (error) {
        if (socket.closed) return
        process.nextTick(() => this.emit('error', inItsWords(error as SocketError, 'recv')))
      }
    }
  }

  /** After close() no message comes, also none that was received before. */
  #deliver(socket: UnixSocket<'dgram'>, { data, from }: Message): void {
    if (socket.closed) return
    const info: RemoteInfo = { size: data.length, address: {}, path: typeof from === 'string' ? from : null }
    this.emit('message', data, info)
  }

  /** Closes it, at once. What still waited to be sent is told by its callback. The file of `bind` stays. */
  close(): void {
    this.#socket[Symbol.dispose]()
  }

  /** Not there, as in the package. */
  address(): never {
    throw new Error('not implemented')
  }
}

/** A socket; `'udp4'` and `'udp6'` give one of `node:dgram`. `listener` is for `'message'`. */
export function createSocket(type: 'unix_dgram', listener?: (message: Buffer, info: RemoteInfo) => void): Socket
export function createSocket(type: 'udp4' | 'udp6', listener?: (message: Buffer, info: object) => void): InternetSocket
export function createSocket(
  type: 'unix_dgram' | 'udp4' | 'udp6',
  // biome-ignore lint/suspicious/noExplicitAny: of either kind
  listener?: (message: Buffer, info: any) => void,
): Socket | InternetSocket {
  if (type === 'udp4' || type === 'udp6') return createInternetSocket(type, listener)
  return new Socket(type, listener)
}

function congestion(): Error {
  return Object.assign(new Error('congestion'), { code: CONGESTION })
}

/** `code` is the negative number: programs look for that. The name stands in the message. */
function inItsWords(error: SocketError, syscall: string): Error {
  const { errno, code, path } = error
  if (typeof errno !== 'number' || getSystemErrorName(errno) !== code) return error
  const message = [syscall, code, path].filter((word) => word !== undefined).join(' ')
  return Object.assign(new Error(message, { cause: error }), { errno, code: errno, syscall })
}
