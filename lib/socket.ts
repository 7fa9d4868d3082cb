/**
 * UnixSocket: one class for stream, seqpacket and datagram sockets. It joins the sending and the receiving half, options and names.
 * How sockets come to be (connect, bind, accept) is told elsewhere.
 */
import { bytesOf, type Data, integer, optionalInteger, optionsObject } from './arguments.js'
import { type Batch, type BorrowedMessage, OwnedBatch } from './batch.js'
import { OwnedFd, readOption, writeOption } from './descriptor.js'
import { check, closedError, EOPNOTSUPP, hasCode, invalidValue, ownError, systemError } from './errors.js'
import { closeWhenForgotten, Handle, noLongerForgettable } from './handle.js'
import type { Message } from './message.js'
import { MessageLoop } from './message-loop.js'
import { constants, native } from './native.js'
import {
  assertExact,
  ChangedOptions,
  type CheckedOptions,
  checkOptions,
  readNumber,
  type SocketOptions,
} from './options.js'
import { Outgoing, type Reconnect, type SendOptions, type SocketType } from './outgoing.js'
import { AGAIN, type HOLD, type Waiting } from './queue.js'
import { holdsNow } from './readiness.js'
import { Receiver, type Source } from './receiving.js'
import { Sender } from './sending.js'
import { SentFds } from './sent-fds.js'
import { nameOf, typeName, typeNumber } from './socket-facts.js'
import { LASTING } from './source.js'
import { giveBack, take, taken } from './tracked-fds.js'
import { checkWait, type Wait } from './wait.js'
import type { Address } from './words.js'

/** What a receive gives: `null` is the end of a stream or of records; a datagram socket has no end. */
export type Received<T> = Message | (T extends 'dgram' ? never : null)

const BATCH_MAX = 32
const MOST_BYTES = 0x7fffffff
/** SO_TIMESTAMP, as the kernel begins with it. */
const TIMESTAMP_AT_FIRST = 0

/** Checks that a descriptor is a Unix socket, listening or not; returns its type. */
export function checkUnixSocket(fd: number, listening: boolean): SocketType {
  if (check(native.socketFamily(fd), 'getsockopt') !== constants.afUnix)
    throw invalidValue('fd', 'must be a Unix socket', fd)
  if (readNumber(fd, constants.soAcceptconn) === Number(!listening)) {
    throw invalidValue('fd', listening ? 'must be a listening socket' : 'must not be a listening socket', fd)
  }
  return typeName(readNumber(fd, constants.soType))
}

/** How a new socket of ours begins. */
export interface Birth {
  readonly options: CheckedOptions
  /**
   * Who made it: `'us'` just now, so that its options are those that the kernel begins with; a listener of ours, which knows whether
   * descriptors may come, or one that was adopted, which does not; or `'others'`: only the options that were named may change.
   */
  readonly from: 'us' | 'others' | 'adopted listener' | { readonly mayHoldFds: boolean }
  readonly type: SocketType
  /** What the user called its own end and its peer, where the kernel's name says nothing. */
  readonly localAddress?: Address | undefined
  readonly peerAddress?: Address | undefined
  readonly reconnectTo?: Reconnect | undefined
}

/**
 * A Unix socket.
 *
 * Made by {@link connect}, {@link bind}, {@link pair}, by a {@link UnixListener} or by `UnixSocket.adopt`. Pending operations keep
 * the process alive, an idle socket does not. After `close` every method rejects or throws ERR_SOCKET_CLOSED before any system call.
 */
export class UnixSocket<T extends SocketType = SocketType> implements Disposable, AsyncDisposable {
  static {
    Object.defineProperty(UnixSocket.prototype, LASTING, { value: true })
  }

  readonly type: T
  readonly #handle: Handle
  /** Made at the first change: most connections are as the kernel made them. */
  #changed: ChangedOptions | undefined
  readonly #receiver: Receiver
  readonly #source: Source
  readonly #birth: Birth
  #sending: Sender | undefined
  /** SO_PASSCRED or SO_PASSPIDFD, asked for once, when a datagram or record is sent. */
  #passes: boolean | undefined

  private constructor(handle: Handle, birth: Birth) {
    this.#handle = handle
    this.#birth = birth
    this.type = birth.type as T
    const { options } = birth
    if (options.exact && this.type === 'stream') assertExact()
    this.#source = { handle, owner: this, type: typeNumber(birth.type), options, maxFds: options.maxFds }
    this.#applyOptions(birth)
    this.#receiver = new Receiver(this.#source)
    closeWhenForgotten(this, handle)
  }

  /** Made at first use: of the thousands that a server may have, many only wait. */
  #sender(): Sender {
    this.#sending ??= this.#newSender()
    return this.#sending
  }

  #newSender(): Sender {
    const handle = this.#handle
    const { reconnectTo, options } = this.#birth
    const sent = options.keepSentFds ? this.#keepSentFds() : undefined
    const route = () => ({ fd: handle.open, type: this.type, unnamed: this.#mustStayUnnamed(), reconnectTo, sent })
    return new Sender(handle, route, () => this.#shut())
  }

  #keepSentFds(): SentFds {
    const sent = new SentFds()
    this.#source.sent = sent
    // Not by way of `this`, which a forgotten socket could not be collected for.
    this.#handle.onClose(() => sent.linger())
    return sent
  }

  /** @internal Whether it keeps the descriptors that it sends. */
  get keepsSentFds(): boolean {
    return this.#birth.options.keepSentFds
  }

  /** Whether nothing waits to be sent. */
  #sendsNothing(): boolean {
    return this.#sending?.idle ?? true
  }

  /** @internal Makes the object for a socket that the native side already holds for us; if that fails the handle is still open. */
  static own<T extends SocketType>(handle: Handle, birth: Birth): UnixSocket<T> {
    return new UnixSocket<T>(handle, birth)
  }

  /**
   * Takes ownership of a Unix socket that does not listen.
   *
   * Changes no option but those named; on seqpacket SO_TIMESTAMP is switched on, to tell an empty record from the end.
   * O_NONBLOCK is left as it is. If it throws, the descriptor is still yours.
   *
   * @throws ENOTSOCK Not a socket. @throws ERR_INVALID_ARG_VALUE Not a Unix socket, or a listening one.
   */
  static adopt(fd: OwnedFd | number, options?: SocketOptions): UnixSocket {
    const checked = checkOptions(options)
    const birth = { options: checked, from: 'others' } as const
    return adoptWith(fd, false, 'socket', (handle, type) => new UnixSocket(handle, { ...birth, type }))
  }

  /** The descriptor's number; -1 once closed. It stays this object's. */
  get fd(): number {
    return this.#handle.fd
  }

  get closed(): boolean {
    return this.#handle.closed
  }

  /** Its own address; null where it has none. See getsockname(2). */
  get localAddress(): Address | null {
    return this.#birth.localAddress ?? nameOf(this.#handle.open, false)
  }

  /** The address of its peer; null where that has none, or there is no peer. See getpeername(2). */
  get peerAddress(): Address | null {
    return this.#birth.peerAddress ?? nameOf(this.#handle.open, true)
  }

  /** Descriptors that one message may bring, 0 to 253. */
  get maxFds(): number {
    return this.#source.maxFds
  }

  set maxFds(count: number) {
    integer(count, 'maxFds', 0, constants.scmFdsMax)
    if (this.#changes().setPassRights(this.#handle.open, count > 0)) this.#handle.mayBlock = true
    this.#source.maxFds = count
  }

  /**
   * Whether received messages carry credentials of senders that attached none (SO_PASSCRED). What was queued before it was set
   * has those that the sender attached, or that it sent before accept.
   */
  get passCredentials(): boolean {
    return readNumber(this.#handle.open, constants.soPasscred) === 1
  }

  set passCredentials(on: boolean) {
    if (typeof on !== 'boolean') throw invalidValue('passCredentials', 'must be a boolean', on)
    this.#changes().setPassing(this.#handle.open, on, undefined)
    this.#passes = undefined
  }

  /**
   * Whether received messages carry a handle of the sending process (SO_PASSPIDFD). Switching it on switches `passCredentials` on
   * as well. What was queued before has none.
   *
   * Platforms: Linux 6.5 and newer; elsewhere setting it throws ENOPROTOOPT, and it is false.
   */
  get passProcess(): boolean {
    return native.getNumber(this.#handle.open, constants.soPasspidfd) === 1
  }

  set passProcess(on: boolean) {
    if (typeof on !== 'boolean') throw invalidValue('passProcess', 'must be a boolean', on)
    this.#changes().setPassing(this.#handle.open, undefined, on)
    this.#passes = undefined
  }

  /** SO_SNDBUF in bytes, as the system reports it: twice what was set. */
  get sendBufferSize(): number {
    return readNumber(this.#handle.open, constants.soSndbuf)
  }

  set sendBufferSize(bytes: number) {
    this.#changes().set(this.#handle.open, constants.soSndbuf, integer(bytes, 'sendBufferSize', 1, MOST_BYTES >> 1))
  }

  /** SO_RCVBUF in bytes, as the system reports it: twice what was set. */
  get receiveBufferSize(): number {
    return readNumber(this.#handle.open, constants.soRcvbuf)
  }

  set receiveBufferSize(bytes: number) {
    this.#changes().set(this.#handle.open, constants.soRcvbuf, integer(bytes, 'receiveBufferSize', 1, MOST_BYTES >> 1))
  }

  /** Narrows the type of an adopted socket. */
  is<K extends T>(type: K): this is UnixSocket<K> {
    return this.type === type
  }

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
  send(data: Data, options?: SendOptions<T> & Wait): Promise<void> {
    return promised(() => this.#sender().send([this.#outgoing(data, options)], options))
  }

  /** `false`: nothing was taken. `true`: all is taken; the rest of a stream's data is queued as a copy. Throws as {@link send} rejects. */
  trySend(data: Data, options?: SendOptions<T>): boolean {
    if (options === undefined && data instanceof Uint8Array) return this.#sender().tryBytes(bytesOf(data) as Uint8Array)
    return this.#sender().trySend([this.#outgoing(data, options)]) === 1
  }

  /** Sends several messages, with none of another call in between. `error.sent` tells how many went before an error. */
  sendMany(messages: Iterable<{ data: Data } & SendOptions<T>>, options?: Wait): Promise<void> {
    return promised(() => this.#sender().send(this.#outgoingAll(messages), options))
  }

  /** @internal As `sendMany`; undefined where all of them went at once. */
  sendNow(messages: Iterable<{ data: Data } & SendOptions<T>>): Promise<void> | undefined {
    return this.#sender().sendNow(this.#outgoingAll(messages))
  }

  /** @internal The same for bytes alone that nobody changes before they have gone. */
  sendBytesNow(data: Uint8Array): Promise<void> | undefined {
    return this.#sender().sendBytesNow(data)
  }

  /** Sends what can be sent now; returns how many messages were taken. */
  trySendMany(messages: Iterable<{ data: Data } & SendOptions<T>>): number {
    return this.#sender().trySend(this.#outgoingAll(messages))
  }

  #outgoing(data: Data, options?: SendOptions<T>): Outgoing {
    this.#handle.open
    return new Outgoing(this.type, data, options as SendOptions)
  }

  #outgoingAll(messages: Iterable<{ data: Data } & SendOptions<T>>): Outgoing[] {
    return Array.from(messages, (message) => this.#outgoing(message?.data, message))
  }

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
  recv(options?: Wait & { maxBytes?: number }): Promise<Received<T>> {
    return promised(() => this.#receiver.receive(this.#maxBytes(options), options)) as Promise<Received<T>>
  }

  /** Receives one message if there is one now. `'again'`: nothing yet. */
  tryRecv(options?: { maxBytes?: number }): Received<T> | 'again' {
    const maxBytes = this.#maxBytes(options)
    if (this.#handle.readiness.reading.length > 0) return 'again'
    const result = this.#receiver.tryReceive(maxBytes)
    return typeof result === 'symbol' ? 'again' : (result as Received<T>)
  }

  #maxBytes(options: { maxBytes?: number } | undefined): number | undefined {
    this.#handle.open
    if (options === undefined) return undefined
    const { maxBytes } = optionsObject(options) as { maxBytes?: number }
    return maxBytes === undefined ? undefined : integer(maxBytes, 'maxBytes', 1, MOST_BYTES)
  }

  /**
   * Receives as many messages as there are, `max` at most (1 to 32, default 32), waiting for the first. `null` is the end.
   *
   * With `borrow` their bytes are lent until you close the batch. Eight batches may be lent at a time in one thread; the bytes of
   * others are copied. Whoever forgets to close one loses its memory to the garbage collector, and nothing else.
   */
  recvMany(
    options: Wait & { max?: number; borrow: true },
  ): Promise<Batch<BorrowedMessage> | (T extends 'dgram' ? never : null)>
  recvMany(options?: Wait & { max?: number; borrow?: false }): Promise<Message[] | (T extends 'dgram' ? never : null)>
  recvMany(options?: Wait & { max?: number; borrow?: boolean }): Promise<unknown> {
    return promised<unknown>(() => {
      const { max, borrow } = this.#batchOptions(options)
      return borrow ? this.#receiver.receiveLent(max, options) : this.#receiver.receiveMany(max, options)
    })
  }

  /** @internal As `recvMany` without a Promise: one of the two is called, at once or later. */
  recvManyFor(max: number, resolve: (messages: Message[] | null) => void, reject: (error: unknown) => void): void {
    this.#receiver.receiveManyFor(max, resolve as (messages: unknown) => void, reject)
  }

  #batchOptions(options: { max?: number; borrow?: boolean } | undefined): { max: number; borrow: boolean } {
    this.#handle.open
    if (options === undefined) return { max: BATCH_MAX, borrow: false }
    const max = optionalInteger(optionsObject(options).max, 'max', 1, BATCH_MAX, BATCH_MAX)
    return { max, borrow: options.borrow === true }
  }

  /** The messages until the end, or until this socket is closed. Breaking the loop loses nothing. */
  messages(options?: Wait): AsyncIterable<Message> {
    return { [Symbol.asyncIterator]: () => new MessageLoop(this.#receiver, options) }
  }

  /** The same as `messages()`. */
  [Symbol.asyncIterator](): AsyncIterator<Message> {
    return this.messages()[Symbol.asyncIterator]()
  }

  /**
   * The messages in batches of up to `max` (1 to 32, default 32). A batch is closed when the next one is asked for; with `borrow`
   * its bytes are lent until then.
   */
  batches(options: Wait & { max?: number; borrow: true }): AsyncIterable<Batch<BorrowedMessage>>
  batches(options?: Wait & { max?: number; borrow?: false }): AsyncIterable<Batch<Message>>
  batches(options?: Wait & { max?: number; borrow?: boolean }): AsyncIterable<Batch<Message> | Batch<BorrowedMessage>> {
    const { max, borrow } = this.#batchOptions(options)
    return { [Symbol.asyncIterator]: () => this.#iterateBatches(max, borrow, options) }
  }

  #iterateBatches(max: number, borrow: boolean, wait?: Wait): AsyncIterator<Batch<Message> | Batch<BorrowedMessage>> {
    let last: Batch<unknown> | undefined
    const stop = (): void => last?.close()
    const lend = (): Promise<Batch<BorrowedMessage> | null> => this.#receiver.receiveLent(max, wait)
    const give = (): Promise<Batch<Message> | null> =>
      this.#receiver.receiveMany(max, wait).then((messages) => messages && new OwnedBatch(messages))
    const next = borrow ? lend : give
    const later = async (): Promise<Batch<Message> | Batch<BorrowedMessage> | null> => {
      stop()
      const batch = await next()
      last = batch ?? undefined
      return batch
    }
    return this.#iterate(later, stop)
  }

  #iterate<M>(later: () => Promise<M | null>, stop: () => void): AsyncIterator<M> {
    let done = false
    const finish = (): IteratorReturnResult<undefined> => {
      done = true
      return { done: true, value: undefined }
    }
    const failed = (error: unknown): IteratorReturnResult<undefined> => {
      if (this.closed && hasCode(error, 'ERR_SOCKET_CLOSED')) return finish()
      done = true
      throw error
    }
    const given = (value: M | null): IteratorResult<M> => (value === null ? finish() : { done: false, value })
    return {
      next: () => {
        if (done || this.closed) {
          stop()
          return Promise.resolve(finish())
        }
        return later().then(given, failed)
      },
      return: async () => {
        stop()
        return finish()
      },
    }
  }

  /** Messages that were read ahead for an iterator and not delivered, in order; they are yours now. */
  takeUnread(): Message[] {
    this.#handle.open
    return this.#receiver.takeHeld()
  }

  /** Resolves when a receive would not wait: there is a message, the end, or an error. */
  async readable(options?: Wait): Promise<void> {
    this.#handle.open
    if (this.#receiver.owing) return checkWait(options)
    await this.#until('reading', constants.pollin | constants.pollrdhup, options, () => this.#receiver.whyNot())
  }

  /** Resolves when a send would not wait. To an unconnected datagram socket the system says that always. */
  async writable(options?: Wait): Promise<void> {
    await this.#until('writing', constants.pollout, options)
  }

  /**
   * Resolves when the peer has shut down its sending half or is gone; unread data may remain.
   *
   * @throws ENOTSUP On a datagram socket, which has no such thing.
   */
  async hangup(options?: Wait): Promise<void> {
    if (this.type === 'dgram') throw systemError(EOPNOTSUPP, 'hangup')
    await this.#until('hanging', constants.pollrdhup | constants.pollhup | constants.pollerr, options)
  }

  async #until(
    direction: 'reading' | 'writing' | 'hanging',
    mask: number,
    wait?: Wait,
    whyNot?: () => typeof HOLD | undefined,
  ): Promise<void> {
    this.#handle.open
    const attempt = (): true | Waiting => (holdsNow(this.#handle.open, mask) ? (whyNot?.() ?? true) : AGAIN)
    await this.#handle.readiness[direction].run({ syscall: 'poll', attempt }, wait)
  }

  /**
   * Closes the duplicates that `keepSentFds` keeps, for protocols in which a message is no answer, or none comes. Those of a message
   * that has not gone whole stay. Where there are none, and where the option is off, it does nothing. It works on a closed socket too,
   * for which nothing is left to wait.
   */
  releaseSentFds(): void {
    const sent = this.#source.sent
    if (this.closed) sent?.drop()
    else sent?.answered()
  }

  /** Ends one or both directions for everyone who holds this socket. `'write'` takes effect behind queued sends. See shutdown(2). */
  shutdown(how: 'read' | 'write' | 'both'): void {
    if (!['read', 'write', 'both'].includes(how)) throw invalidValue('how', "must be 'read', 'write' or 'both'", how)
    const fd = this.#handle.open
    if (how === 'read' || this.#sendsNothing()) {
      check(native.shutdown(fd, { read: 0, write: 1, both: 2 }[how]), 'shutdown')
      return
    }
    if (how === 'both') check(native.shutdown(fd, 0), 'shutdown')
    this.#sender().afterAll(() => void native.shutdown(this.#handle.open, 1))
  }

  /** Pending operations keep the process alive (the default). */
  ref(): this {
    this.#handle.reference(true)
    return this
  }

  /** Pending operations do not keep the process alive. */
  unref(): this {
    this.#handle.reference(false)
    return this
  }

  /** A socket option in bytes, `size` of them at most (default 4). See getsockopt(2). */
  getOption(level: number, name: number, size?: number): Buffer {
    return readOption(this.#handle.open, level, name, size)
  }

  /** Sets a socket option; a number becomes a C int. See setsockopt(2). */
  setOption(level: number, name: number, value: Buffer | number): void {
    writeOption(this.#handle.open, level, name, value)
    this.#passes = undefined
  }

  /**
   * Closes the socket, removes the file that `bind` made if it is still ours, and resolves when the number is free: at once, or, if
   * it may hold descriptors of others in its queue, when a thread has closed it. Queued sends and pending receives reject with
   * ERR_SOCKET_CLOSED. Calling it again does nothing.
   */
  async close(): Promise<void> {
    noLongerForgettable(this.#handle)
    const closing = this.#handle.closeAndTell()
    if (closing !== undefined) await closing
  }

  #shut(): void {
    noLongerForgettable(this.#handle)
    this.#handle.close()
  }

  /**
   * Gives the descriptor up, with its options as they were. Its file, if it made one, stays. This object is closed afterwards.
   *
   * @throws ERR_MESSAGES_HELD Messages were read ahead (`takeUnread()` first) or sends are queued (await them first).
   */
  detach(): OwnedFd {
    const fd = this.assertDetachable()
    this.#changed?.restore(fd)
    noLongerForgettable(this.#handle)
    return OwnedFd.own(this.#handle.release(), this.#handle.mayBlock)
  }

  /** @internal Throws as `detach`, which would lose nothing otherwise. Returns the number. */
  assertDetachable(): number {
    const fd = this.#handle.open
    if (this.#receiver.holding)
      throw ownError('ERR_MESSAGES_HELD', 'Messages were read ahead and are unread; take them with takeUnread() first')
    if (!this.#sendsNothing()) throw ownError('ERR_MESSAGES_HELD', 'Sends are queued; await them first')
    return fd
  }

  /** The same as `close()`, without waiting. */
  [Symbol.dispose](): void {
    this.#shut()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #applyOptions({ options, from }: Birth): void {
    const fd = this.#handle.open
    const mayHoldFds = typeof from === 'object' ? from.mayHoldFds : this.#changes().acceptFds(fd, options, from)
    if (mayHoldFds) this.#handle.mayBlock = true
    if (this.type === 'seqpacket') {
      this.#changes().set(fd, constants.soTimestamp, 1, from === 'others' ? undefined : TIMESTAMP_AT_FIRST)
    }
    const { passCredentials, passProcess } = options
    if (passCredentials !== undefined || passProcess !== undefined)
      this.#changes().setPassing(fd, passCredentials, passProcess)
    if (options.sendBufferSize !== undefined) this.sendBufferSize = options.sendBufferSize
    if (options.receiveBufferSize !== undefined) this.receiveBufferSize = options.receiveBufferSize
    const nameless = options.autobind && this.type !== 'stream' && nameOf(fd, false) === null
    if (nameless) check(native.bindName(fd, new Uint8Array(0), -1), 'bind')
  }

  #changes(): ChangedOptions {
    this.#changed ??= new ChangedOptions()
    return this.#changed
  }

  /** Linux: with one of these on, sending would bind an unnamed datagram or seqpacket socket to a random abstract name. */
  #mustStayUnnamed(): boolean {
    if (this.type === 'stream' || this.#birth.options.autobind) return false
    this.#passes ??= this.passCredentials || this.passProcess
    return this.#passes
  }
}

/** What `start` throws rejects, as with an async function, which would cost two more turns of the microtask queue. */
export function promised<R>(start: () => Promise<R>): Promise<R> {
  try {
    return start()
  } catch (error) {
    return Promise.reject(error)
  }
}

/** Takes a Unix socket over; while `make` may throw, it is still the caller's. */
export function adoptWith<S>(
  fd: OwnedFd | number,
  listening: boolean,
  what: string,
  make: (handle: Handle, type: SocketType) => S,
): S {
  const number = fd instanceof OwnedFd ? fd.fd : integer(fd, 'fd', 0, MOST_BYTES)
  if (number < 0) throw closedError('descriptor')
  const type = checkUnixSocket(number, listening)
  const ours = fd instanceof OwnedFd ? number : take(number)
  const handle = new Handle(ours, what, fd instanceof OwnedFd && fd.mayBlock)
  try {
    const made = make(handle, type)
    if (fd instanceof OwnedFd) fd.surrender()
    else taken(number)
    return made
  } catch (error) {
    handle.release()
    if (!(fd instanceof OwnedFd)) giveBack(number, ours)
    throw error
  }
}
