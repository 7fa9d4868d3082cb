/**
 * What the npm package usocket 1.1 documents, on sockets of this package: USocket, a Duplex whose reads and writes carry descriptors
 * as numbers. Where that package loses descriptors or leaks them, this does what its README says. It knows no server.
 */
import { Duplex } from 'node:stream'
import { capabilities } from './capabilities.js'
import { connect } from './connect.js'
import { OwnedFd } from './descriptor.js'
import { Inlet } from './duplex-reading.js'
import { type Done, Outlet } from './duplex-writing.js'
import { ownError } from './errors.js'
import type { Message } from './message.js'
import { constants } from './native.js'
import type { SocketOptions } from './options.js'
import { UnixSocket } from './socket.js'

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

/** A descriptor that was received. `owned`: nobody was told of it yet, and it is closed with the socket. */
interface Received {
  readonly number: number
  readonly owned: OwnedFd | undefined
  /** The position of its first byte in the stream. */
  readonly at: number
}

/** Descriptors that may wait to be read. */
const WAITING_MAX = 1024

/** A connected stream socket with descriptors: see {@link USocketOptions}, and the README of usocket. */
export class USocket extends Duplex {
  /** The descriptor's number, once connected. */
  fd: number | undefined
  #socket: UnixSocket<'stream'> | undefined
  #inlet: Inlet | undefined
  #outlet: Outlet | undefined
  #connecting: AbortController | undefined
  #isAsked = false
  #isQuiet = false
  /** Somebody reads descriptors by their number. */
  #readsFds = false
  readonly #whenConnected: (() => void)[] = []
  #received: Received[] = []
  /** Descriptors that were written without data, and leave with the next of it. */
  #loose: OwnedFd[] = []
  #bytesPushed = 0

  /** With a path or a descriptor it connects at once. `connected` is called when it is connected. */
  constructor(options?: string | USocketOptions | null, connected?: () => void) {
    const given: USocketOptions = typeof options === 'string' ? { path: options } : (options ?? {})
    const allowHalfOpen = given.allowHalfOpen !== false
    super({ writableObjectMode: true, allowHalfOpen, emitClose: false })
    if (given.path !== undefined || given.fd !== undefined) this.connect(given, connected)
  }

  /** Connects to a path, or takes a descriptor over. Emits `'connected'`, or `'error'` and `'close'`. */
  connect(target: string | USocketOptions, connected?: () => void): void {
    if (this.#connecting !== undefined) throw new Error('connect on already connected USocket')
    const { fd, path } = typeof target === 'string' ? { fd: undefined, path: target } : target
    if (fd === undefined && typeof path !== 'string') throw new Error('USocket#connect expects string path')
    this.#connecting = new AbortController()
    if (typeof connected === 'function') this.once('connected', connected)
    if (typeof fd === 'number') this.#adopt(fd)
    else this.#dial(path as string, this.#connecting.signal)
  }

  #adopt(fd: number): void {
    try {
      this.#attach(UnixSocket.adopt(fd, socketOptions()) as UnixSocket<'stream'>)
    } catch (error) {
      this.destroy(error as Error)
      return
    }
    process.nextTick(() => this.#announce())
  }

  #dial(path: string, signal: AbortSignal): void {
    connect(path, { ...socketOptions(), signal }).then(
      (socket) => {
        if (this.destroyed) {
          void socket.close()
          return
        }
        this.#attach(socket)
        process.nextTick(() => this.#announce())
      },
      (error: Error) => this.destroy(error),
    )
  }

  #attach(socket: UnixSocket<'stream'>): void {
    const taker = {
      isFlowing: () => this.readableFlowing === true,
      wants: () => true,
      take: (message: Message) => this.#take(message),
      over: (error?: Error) => this.#over(error),
    }
    this.#socket = socket
    this.fd = socket.fd
    this.#inlet = new Inlet(socket, taker, [])
    this.#outlet = new Outlet(socket)
  }

  #announce(): void {
    if (this.destroyed) return
    this.emit('connected')
    for (const act of this.#whenConnected.splice(0)) act()
    if (this.#isAsked) this.#inlet?.resume()
  }

  // Reading.

  override _read(): void {
    this.#isAsked = true
    this.#inlet?.resume()
  }

  #take(message: Message): boolean {
    try {
      this.#receive(message.takeFds())
    } catch (error) {
      message.close()
      this.destroy(error as Error)
    }
    if (this.destroyed) return false
    this.#bytesPushed += message.data.length
    return this.push(message.data)
  }

  #over(error: Error | undefined): void {
    if (error !== undefined) {
      this.destroy(error)
      return
    }
    this.push(null)
    // Or nobody who has nothing to read would hear of it.
    super.read(0)
  }

  /** To those who listen, and for those who will read them. */
  #receive(fds: OwnedFd[]): void {
    if (fds.length === 0) return
    const at = this.#bytesPushed
    const isHeard = this.listenerCount('fds') > 0
    const received = fds.map((owned) =>
      isHeard ? { number: owned.detach(), owned: undefined, at } : { number: owned.fd, owned, at },
    )
    this.#received.push(...received)
    if (isHeard && !this.#readsFds) this.#received = this.#received.slice(-WAITING_MAX)
    if (this.#received.length > WAITING_MAX) throw tooMany(this.#received.length)
    const numbers = received.map(({ number }) => number)
    if (isHeard) this.emit('fds', numbers)
  }

  /**
   * Without `count` as in Node. With it: so many descriptors together with so much data, or null while there are not as many.
   *
   * @param size Bytes; null for all that there are.
   * @param count Descriptors; null for those that came with the data up to the end of what is returned.
   */
  // biome-ignore lint/suspicious/noExplicitAny: as in @types/node
  override read(size?: number | null, count?: number | null): any {
    if (count === undefined) return super.read(size ?? undefined)
    this.#readsFds = true
    if (this.#inlet === undefined || this.destroyed) return null
    if (count !== null && this.#received.length < count) return null
    const data = super.read(size ?? undefined) as Buffer | null
    if (size && data === null) return null
    const read: USocketRead = { data, fds: this.#takeReceived(count ?? this.#countUpTo(data)) }
    return read
  }

  /** How many belong to bytes that have been read by now. */
  #countUpTo(data: Buffer | null): number {
    if (data === null) return this.#received.length
    const position = this.#bytesPushed - this.readableLength
    const next = this.#received.findIndex(({ at }) => at >= position)
    return next < 0 ? this.#received.length : next
  }

  #takeReceived(count: number): number[] {
    return this.#received.splice(0, count).map(({ number, owned }) => owned?.detach() ?? number)
  }

  /** Puts data and descriptors back in front. */
  override unshift(chunk?: Uint8Array | string | null, fds?: readonly number[] | BufferEncoding): void {
    if (chunk !== undefined && chunk !== null && chunk.length > 0) super.unshift(chunk)
    if (!Array.isArray(fds)) return
    const again = fds.map((number: number) => ({ number, owned: OwnedFd.adopt(number), at: -1 }))
    this.#received.unshift(...again)
  }

  // Writing.

  /** Bytes, a string, descriptors, or both together as {@link USocketChunk}. Descriptors alone leave with the next bytes. */
  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    const done = typeof encoding === 'function' ? encoding : callback
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encodingOf(encoding)) : chunk
    return super.write(bytes, undefined as never, done as Done)
  }

  override end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    const done = [chunk, encoding, callback].find((value) => typeof value === 'function') as (() => void) | undefined
    if (chunk !== undefined && chunk !== null && typeof chunk !== 'function') this.write(chunk, encoding)
    super.end(done)
    // As the package does: who has ended sees the other end, too.
    super.read(0)
    return this
  }

  override _write(chunk: unknown, encoding: BufferEncoding, callback: Done): void {
    if (this.#connecting === undefined) {
      callback(new Error('USocket not connected'))
      return
    }
    if (this.#outlet === undefined) {
      this.#whenConnected.push(() => this._write(chunk, encoding, callback))
      return
    }
    try {
      this.#send(this.#outlet, parsed(chunk), callback)
    } catch (error) {
      callback(error as Error)
    }
  }

  #send(outlet: Outlet, chunk: USocketChunk, callback: Done): void {
    const { data = Buffer.alloc(0), fds = [] } = chunk
    if (data.length === 0) {
      for (const fd of fds) this.#loose.push(OwnedFd.dup(fd))
      chunk.callback?.(chunk)
      callback()
      return
    }
    const loose = this.#loose
    this.#loose = []
    outlet.send([{ data, fds: [...loose, ...fds] }], (error) => {
      for (const fd of loose) fd.close()
      if (!error) chunk.callback?.(chunk)
      callback(error)
    })
  }

  override _final(callback: Done): void {
    const socket = this.#socket
    if (socket === undefined) {
      if (this.#connecting === undefined) callback()
      else this.#whenConnected.push(() => this._final(callback))
      return
    }
    if (this.#loose.length > 0) {
      callback(ownError('ERR_MESSAGE_EMPTY', 'Descriptors were written, and no byte that they could leave with'))
      return
    }
    if (!this.destroyed) shutdown(socket)
    callback()
  }

  // The end.

  /** Closes the socket. Without an error no event follows. */
  override destroy(error?: Error | null): this {
    const isOver = this.readableEnded && this.writableFinished
    if (!this.destroyed) this.#isQuiet = !error && !isOver
    return super.destroy(error ?? undefined)
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#connecting?.abort()
    this.#inlet?.close()
    for (const { owned } of this.#received.splice(0)) owned?.close()
    for (const fd of this.#loose.splice(0)) fd.close()
    void this.#socket?.close()
    callback(error)
    if (!this.#isQuiet) process.nextTick(() => this.emit('close', ...(error === null ? [] : [error])))
  }
}

/** Exact where the kernel can: then a descriptor is known to belong to a byte, and not to the bytes before it. */
function socketOptions(): SocketOptions {
  const isExact = capabilities().fdsAtExact?.available === true
  return { maxFds: constants.scmFdsMax, fdsAt: isExact ? 'exact' : 'chunk' }
}

function tooMany(count: number): Error {
  return ownError('ERR_TOO_MANY_FDS', `${count} descriptors wait to be read; the limit is ${WAITING_MAX}`)
}

function encodingOf(encoding: unknown): BufferEncoding {
  return typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'
}

/** What may be written, by the rules and in the words of the package. */
function parsed(chunk: unknown): USocketChunk {
  if (chunk instanceof Uint8Array) return { data: chunk }
  if (Array.isArray(chunk)) return { fds: chunk }
  const { data, fds, callback } = chunk as USocketChunk
  if (data && !(data instanceof Uint8Array)) throw new Error('USocket data needs to be a buffer')
  if (fds && !Array.isArray(fds)) throw new Error('USocket fds needs to be an array')
  if (callback && typeof callback !== 'function') throw new Error('USocket write callback needs to be a function')
  if (!data && !fds) throw new Error('USocket write needs a data or array')
  return { data: data || undefined, fds: fds || undefined, callback }
}

function shutdown(socket: UnixSocket<'stream'>): void {
  try {
    socket.shutdown('write')
  } catch {
    // The other end is gone: there is nobody to tell.
  }
}
