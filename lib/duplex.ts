/**
 * UnixDuplex: a UnixSocket as a `stream.Duplex` that behaves as `net.Socket` does and carries descriptors both ways. It joins the
 * reading and the writing half with Node's streams, and tells who listens for descriptors. It knows nothing of servers.
 */
import { constants as osConstants } from 'node:os'
import { addAbortSignal, type DuplexOptions } from 'node:stream'
import { getSystemErrorName } from 'node:util'
import { bytesOf, optionalBoolean, optionsObject } from './arguments.js'
import { OwnedFd } from './descriptor.js'
import { NetLikeDuplex } from './duplex-net.js'
import { Inlet } from './duplex-reading.js'
import { type Done, Outlet, type Parcel } from './duplex-writing.js'
import { hasCode, invalidType, invalidValue, ownError, type SocketError, systemError } from './errors.js'
import type { Message } from './message.js'
import { constants } from './native.js'
import { assertExact, checkOptions, type SocketOptions } from './options.js'
import type { SocketType } from './outgoing.js'
import { UnixSocket } from './socket.js'
import { type FdSource, fdOf, LASTING } from './source.js'
import { checkWait } from './wait.js'
import type { Address } from './words.js'

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
  // biome-ignore lint/suspicious/noExplicitAny: as in @types/node
  on(event: string | symbol, listener: (...args: any[]) => void): this
  once(event: 'fds', listener: (fds: OwnedFd[]) => void): this
  // biome-ignore lint/suspicious/noExplicitAny: as in @types/node
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

declare module './socket.js' {
  interface UnixSocket<T extends SocketType = SocketType> {
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
}

/** What was cut off by destroy(). */
const ECANCELED = -osConstants.errno.ECANCELED
/** Options of Node that a stream of bytes with its own reading and writing has no use for. */
const FOREIGN = ['objectMode', 'readableObjectMode', 'writableObjectMode'] as const
const OURS = ['read', 'write', 'writev', 'final', 'destroy', 'construct', 'signal', 'unread', 'fdsAt'] as const

/** The one implementation of {@link UnixDuplex}. */
class SocketDuplex extends NetLikeDuplex {
  static {
    Object.defineProperty(SocketDuplex.prototype, LASTING, { value: true })
  }

  readonly peerAddress: Address | null
  readonly #emitsClose: boolean
  #socket!: UnixSocket<'stream'>
  #inlet!: Inlet
  #outlet!: Outlet
  /** Chunks that carry descriptors and are still to be sent. */
  readonly #carried = new Map<Uint8Array, readonly FdSource[]>()
  /** Somebody has read: who does not listen for descriptors by then does not want them. */
  #isRead = false
  // Not 0: see the offset in receiving.ts.
  #bytesRead = -0
  #bytesSent = -0
  #bytesInFlight = 0

  constructor(options: DuplexOptions, peerAddress: Address | null) {
    super({ ...options, emitClose: false, autoDestroy: true, decodeStrings: true })
    this.#emitsClose = options.emitClose !== false
    this.peerAddress = peerAddress
    this.on('end', () => {
      if (!this.allowHalfOpen) this.write = this.#writeAfterEnd as typeof this.write
    })
  }

  /** Gives it its socket, and begins to read: as `net.Socket`, so that an end is noticed though nobody reads. */
  attach(socket: UnixSocket<'stream'>, unread: readonly Message[]): void {
    this.#socket = socket
    const taker = {
      isFlowing: () => this.readableFlowing === true,
      wants: (message: Message) => this.#wants(message),
      take: (message: Message) => this.#take(message),
      over: (error: Error | undefined) => this.#over(error),
    }
    this.#inlet = new Inlet(socket, taker, unread)
    this.#outlet = new Outlet(socket)
    super.read(0)
  }

  get fd(): number {
    return this.#socket.fd
  }

  get bytesRead(): number {
    return this.#bytesRead + 0
  }

  get bytesWritten(): number {
    return this.#bytesSent + (this.writableLength - this.#bytesInFlight)
  }

  ref(): this {
    if (!this.destroyed) this.#socket.ref()
    return this
  }

  unref(): this {
    if (!this.destroyed) this.#socket.unref()
    return this
  }

  // Reading.

  // biome-ignore lint/suspicious/noExplicitAny: as in @types/node
  override read(size?: number): any {
    if (size !== 0) this.#noteReader()
    return super.read(size)
  }

  // biome-ignore lint/suspicious/noExplicitAny: as in @types/node
  override on(event: string | symbol, listener: (...args: any[]) => void): this {
    super.on(event, listener)
    // In the next tick: who listens for data now may be about to listen for descriptors.
    if (event === 'data' || event === 'readable') process.nextTick(() => this.#noteReader())
    else if (event === 'fds') process.nextTick(() => this.#inlet.deliver())
    return this
  }

  // biome-ignore lint/suspicious/noExplicitAny: as in @types/node
  override addListener(event: string | symbol, listener: (...args: any[]) => void): this {
    return this.on(event, listener)
  }

  #noteReader(): void {
    if (this.#isRead) return
    this.#isRead = true
    this.#inlet.deliver()
  }

  override _read(): void {
    this.#inlet.resume()
  }

  #wants(message: Message): boolean {
    return this.#isRead || this.listenerCount('fds') > 0 || !carries(message)
  }

  #take(message: Message): boolean {
    let wantsMore = false
    try {
      if (carries(message)) this.#giveFds(message)
    } finally {
      // Also if a listener has thrown: the bytes are not lost for that.
      if (!this.destroyed) wantsMore = this.#giveBytes(message.data)
    }
    return wantsMore
  }

  #giveBytes(data: Buffer): boolean {
    this.#bytesRead += data.length
    this.active()
    return this.push(data)
  }

  /** A list that is not whole is an error for who wants it: no later descriptor could be told from its neighbours. */
  #giveFds(message: Message): void {
    try {
      if (this.listenerCount('fds') > 0) this.emit('fds', this.#fdsOf(message))
      else if (isWhole(message) && message.fds.length > 0) warnUnheard(message.fds.length)
    } finally {
      message.close()
    }
  }

  #fdsOf(message: Message): OwnedFd[] {
    try {
      return message.takeFds()
    } catch (error) {
      this.destroy(error as Error)
      return []
    }
  }

  closeFds(fds: readonly OwnedFd[]): void {
    for (const fd of fds) fd.close()
  }

  releaseSentFds(): void {
    this.#socket.releaseSentFds()
  }

  #over(error: Error | undefined): void {
    if (this.destroyed) return
    if (error !== undefined) {
      this.destroy(named(error, 'read'))
      return
    }
    this.push(null)
    super.read(0)
  }

  // Writing.

  writeWithFds(bytes: Uint8Array, fds: readonly FdSource[], callback?: Done): boolean {
    if (!(bytes instanceof Uint8Array)) throw invalidType('bytes', 'a Buffer or a Uint8Array', bytes)
    checkFds(fds, bytes.length)
    const view = bytesOf(bytes, 'bytes') as Uint8Array
    // An object of its own, by which its descriptors are found again.
    const chunk = Buffer.from(view.buffer, view.byteOffset, view.byteLength)
    if (fds.length > 0 && this.writable) this.#carried.set(chunk, this.#mayWait() ? duplicatesOf(fds) : fds)
    return this.write(chunk, callback)
  }

  /** Whether a chunk that is written now may not reach the socket within the call. */
  #mayWait(): boolean {
    return this.writableLength > 0 || this.writableCorked > 0
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Done): void {
    this.#send([this.#parcel(chunk)], callback)
  }

  override _writev(chunks: { chunk: Buffer }[], callback: Done): void {
    this.#send(
      chunks.map(({ chunk }) => this.#parcel(chunk)),
      callback,
    )
  }

  #parcel(data: Buffer): Parcel {
    return this.#carried.size === 0 ? { data } : { data, fds: this.#carried.get(data) }
  }

  #send(parcels: readonly Parcel[], callback: Done): void {
    let bytes = 0
    for (const { data } of parcels) bytes += data.length
    this.#bytesSent += bytes
    this.#bytesInFlight = bytes
    this.active()
    this.#outlet.send(parcels, (error) => {
      this.#bytesInFlight = 0
      if (this.#carried.size > 0) this.#forget(parcels)
      if (this.destroyed) {
        callback(systemError(ECANCELED, 'write'))
        return
      }
      this.active()
      callback(error ? named(error, 'write') : null)
    })
  }

  #forget(parcels: readonly Parcel[]): void {
    for (const { data, fds } of parcels) {
      if (fds === undefined) continue
      closeDuplicates(fds)
      this.#carried.delete(data)
    }
  }

  override _final(callback: Done): void {
    const error = this.destroyed ? null : shutdownError(this.#socket)
    // As `net.Socket`, never within the call: what is written after the end is told before 'finish'.
    setImmediate(() => callback(error))
  }

  /** As `net.Socket`: the other end has ended, so has this one, and that is not the same as having called `end()`. */
  #writeAfterEnd(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    if (!this.writableEnded) {
      return super.write(chunk, encoding as BufferEncoding, callback as Done)
    }
    const error = ownPipeError()
    const done = typeof encoding === 'function' ? encoding : callback
    if (typeof done === 'function') process.nextTick(done as Done, error)
    this.destroy(error)
    return false
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.stopTimeout()
    this.#inlet.close()
    for (const fds of this.#carried.values()) closeDuplicates(fds)
    this.#carried.clear()
    this.#socket[Symbol.dispose]()
    callback(error)
    if (this.#emitsClose) setImmediate(() => this.emit('close', error !== null))
  }
}

function ownPipeError(): Error {
  return Object.assign(new Error('This socket has been ended by the other party'), { code: 'EPIPE' })
}

function shutdownError(socket: UnixSocket<'stream'>): Error | null {
  try {
    socket.shutdown('write')
    return null
  } catch (error) {
    return hasCode(error, 'ENOTCONN') ? null : (error as Error)
  }
}

/** An error of the system as `net.Socket` words it: `read ECONNRESET`. Others are what they are. */
function named(error: Error, syscall: string): Error {
  const { errno, code } = error as SocketError
  const isOfSystem = typeof errno === 'number' && errno < 0 && getSystemErrorName(errno) === code
  return isOfSystem ? systemError(errno, syscall) : error
}

function isWhole(message: Message): boolean {
  return !message.fdsTruncated && message.fdsRefused === 0
}

/** Whether there is something to say about descriptors. */
function carries(message: Message): boolean {
  return !isWhole(message) || message.fds.length > 0
}

let warned = false

function warnUnheard(count: number): void {
  if (warned) return
  warned = true
  const message = `A UnixDuplex received descriptors (${count}) and nobody listens for its 'fds' event; they were closed.`
  process.emitWarning(message, { type: 'ResourceWarning', code: 'ANCILLARY_UNHEARD_FDS' })
}

function checkFds(fds: readonly FdSource[], bytes: number): void {
  if (!Array.isArray(fds)) throw invalidType('fds', 'an array', fds)
  if (fds.length > constants.scmFdsMax) {
    throw ownError(
      'ERR_TOO_MANY_FDS',
      `One message carries at most ${constants.scmFdsMax} descriptors, not ${fds.length}`,
    )
  }
  for (const [index, fd] of fds.entries()) fdOf(fd, `fds[${index}]`)
  if (fds.length > 0 && bytes === 0)
    throw ownError('ERR_MESSAGE_EMPTY', 'On a stream descriptors need at least one byte of data')
}

/** Duplicates that this file made, and closes. */
class Duplicate {
  readonly #fd: OwnedFd

  constructor(source: FdSource) {
    this.#fd = OwnedFd.dup(source)
  }

  get fd(): number {
    return this.#fd.fd
  }

  close(): void {
    this.#fd.close()
  }
}

function duplicatesOf(fds: readonly FdSource[]): Duplicate[] {
  const made: Duplicate[] = []
  try {
    for (const fd of fds) made.push(new Duplicate(fd))
    return made
  } catch (error) {
    closeDuplicates(made)
    throw error
  }
}

function closeDuplicates(fds: readonly FdSource[]): void {
  for (const fd of fds) if (fd instanceof Duplicate) fd.close()
}

/** What Node's streams are told of the options, checked. */
function streamOptions(options: UnixDuplexOptions): DuplexOptions {
  for (const name of FOREIGN) {
    if (options[name]) throw invalidValue(`options.${name}`, 'is not supported', options[name])
  }
  const allowHalfOpen = optionalBoolean(options.allowHalfOpen, 'options.allowHalfOpen', false)
  const known: Record<string, unknown> = { ...options, allowHalfOpen }
  for (const name of OURS) delete known[name]
  return known
}

function toDuplex(this: UnixSocket<'stream'>, options?: UnixDuplexOptions): UnixDuplex {
  const given: UnixDuplexOptions = optionsObject(options)
  const { unread = [], fdsAt = 'chunk', signal } = given
  if (!Array.isArray(unread)) throw invalidType('options.unread', 'an array', unread)
  checkWait(signal === undefined ? undefined : { signal })
  if (this.type !== 'stream') throw ownError('ERR_FD_KIND', `A ${this.type} socket cannot become a UnixDuplex`)
  const socketOptions = { maxFds: this.maxFds, fdsAt, keepSentFds: this.keepsSentFds }
  if (checkOptions(socketOptions).exact) assertExact()
  this.assertDetachable()
  const duplex = new SocketDuplex(streamOptions(given), this.peerAddress)
  duplex.attach(UnixSocket.adopt(this.detach(), socketOptions) as UnixSocket<'stream'>, unread)
  if (signal !== undefined) addAbortSignal(signal, duplex)
  return duplex as UnixDuplex
}

Object.defineProperty(UnixSocket.prototype, 'toDuplex', { value: toDuplex, writable: true, configurable: true })
