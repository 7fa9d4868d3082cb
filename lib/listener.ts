/**
 * UnixListener: a listening stream or seqpacket socket, its path, and the connections that it hands out.
 * Knows UnixSocket and how names are bound; it reads no data.
 */

import { Accept, AcceptNext, END } from './accept.js'
import { integer, oneOf, optionalInteger, optionsObject } from './arguments.js'
import { type Authorize, checkOnRefused, Gate, type OnRefused } from './authorization.js'
import { type BindOptions, bindTo, boundAddress, checkBinding, closeOnError, openHandle } from './connect.js'
import { OwnedFd } from './descriptor.js'
import { check, EAGAIN, ECONNABORTED, EMFILE, ENFILE, ENOBUFS, ENOMEM, invalidType, ownError } from './errors.js'
import { closeWhenForgotten, Handle, noLongerForgettable } from './handle.js'
import { holdForRoom } from './headroom.js'
import { constants, native } from './native.js'
import { assertExact, ChangedOptions, type CheckedOptions, checkOptions, type SocketOptions } from './options.js'
import { startPoller } from './poller.js'
import { AGAIN, HOLD, Later, type Waiting } from './queue.js'
import { ReadAhead } from './read-ahead.js'
import { adoptWith, type Birth, promised, UnixSocket } from './socket.js'
import { nameOf } from './socket-facts.js'
import { checkWait, type Wait } from './wait.js'
import type { Address } from './words.js'

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

const BACKLOG = 511
const BACKLOG_MAX = 65_535
const ACCEPT_AHEAD = 32
/** Connections whose judgement is awaited, and those that one turn may refuse. */
const JUDGED_MAX = 64
/** The process or the system is short of something: accept again later, at growing distances (milliseconds). */
const SHORTAGE = new Later(10, 500)
const SHORTAGES = new Set([EMFILE, ENFILE, ENOBUFS, ENOMEM])

/** Connections that are open, whether an accept is held because there are too many, and what will try it again. */
interface Load {
  connections: number
  full: boolean
  resuming: NodeJS.Immediate | undefined
}

interface ListenerBirth {
  readonly options: CheckedOptions
  readonly type: Connected
  readonly address: Address | undefined
  readonly maxConnections: number
  readonly signal: AbortSignal | undefined
  readonly gate: Gate<UnixSocket> | undefined
  readonly adopted: boolean
}

/**
 * A listening socket. Made by {@link listen} or `UnixListener.adopt`.
 *
 * A pending `accept` keeps the process alive, an idle listener does not. Closing it removes its socket file if that is still the one
 * that it made; so does the end of the process.
 */
export class UnixListener<T extends Connected = Connected> implements Disposable, AsyncDisposable {
  readonly type: T
  readonly #handle: Handle
  readonly #changed = new ChangedOptions()
  readonly #birth: ListenerBirth
  readonly #accepted: UnixSocket<T>[] = []
  readonly #ahead = new ReadAhead(ACCEPT_AHEAD)
  /** Connections that are being judged. */
  readonly #judged = new Set<UnixSocket<T>>()
  readonly #load: Load = { connections: 0, full: false, resuming: undefined }
  #wasNonblocking = true
  /** Of each connection. */
  #from: Birth['from'] = 'adopted listener'
  #connectionBirth: Birth | undefined

  private constructor(handle: Handle, birth: ListenerBirth) {
    this.#handle = handle
    this.#birth = birth
    this.type = birth.type as T
    // Now, because an accept that has to wait for descriptors could not open any for that.
    startPoller()
    this.#applyOptions()
    this.#closeOnAbort(birth.signal)
    const accepted = this.#accepted
    const judged = this.#judged
    // Not by way of `this`, here and below: what hangs on a descriptor would keep a forgotten listener from being collected.
    handle.onClose(() => {
      for (const socket of [...accepted.splice(0), ...judged]) socket[Symbol.dispose]()
    })
    closeWhenForgotten(this, handle)
  }

  /** @internal Makes the object for a socket that the native side already holds for us. */
  static own<T extends Connected>(handle: Handle, birth: ListenerBirth): UnixListener<T> {
    return new UnixListener<T>(handle, birth)
  }

  /**
   * Takes ownership of a listening Unix socket, such as descriptor 3 of socket activation. Its path stays others' business.
   *
   * O_NONBLOCK is switched on, because accept(2) has no other way not to wait, and put back by `detach`.
   *
   * @throws ENOTSOCK, ERR_INVALID_ARG_VALUE Not a listening Unix socket. It is still yours.
   */
  static adopt(fd: OwnedFd | number, options?: ListenOptions): UnixListener {
    const birth = { ...checkListenOptions(options), address: undefined, adopted: true }
    return adoptWith(fd, true, 'listener', (handle, type) => {
      return new UnixListener(handle, { ...birth, type: type as Connected })
    })
  }

  /** The descriptor's number; -1 once closed. It stays this object's. */
  get fd(): number {
    return this.#handle.fd
  }

  get closed(): boolean {
    return this.#handle.closed
  }

  /** Where it listens: the address as it was given, or the name that the kernel chose. */
  get address(): Address {
    return this.#birth.address ?? nameOf(this.#handle.open, false) ?? ''
  }

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
  accept(options?: Wait): Promise<UnixSocket<T>> {
    return promised(() => {
      this.#handle.open
      const attempt = (isOver: () => boolean) => this.#tryAccept(1, isOver)
      return this.#handle.readiness.reading.run(new Accept(this.#handle, this.#accepted, attempt), options)
    })
  }

  /** `authorize` and `onRefused` run within it: they may close the listener, or abort the very accept that is tried. */
  #tryAccept(ahead: number, isOver: () => boolean): UnixSocket<T> | Waiting {
    const waiting = this.#fill(ahead)
    if (!this.closed && !isOver()) return this.#accepted.shift() ?? waiting
    resumeSoon(this.#handle, this.#load)
    return HOLD
  }

  /** Accepts until there are `ahead`; says what to wait for where there are not. */
  #fill(ahead: number): Waiting {
    for (let count = 0; !this.closed && this.#accepted.length < ahead; count++) {
      if (this.#judged.size >= JUDGED_MAX) return HOLD
      if (count > JUDGED_MAX) {
        resumeSoon(this.#handle, this.#load)
        return HOLD
      }
      if (this.#load.connections >= this.#birth.maxConnections) {
        this.#load.full = this.#accepted.length === 0
        return HOLD
      }
      const answer = this.#acceptOne()
      if (answer !== undefined) return answer
    }
    return HOLD
  }

  /** Accepts one into the list; otherwise says why not. */
  #acceptOne(): Waiting | undefined {
    const fd = native.accept(this.#handle.open, this.#birth.options.pauseWhenScarce)
    if (fd === constants.noRoom) return holdForRoom(this.#handle.readiness.reading)
    if (fd === ECONNABORTED) return undefined
    if (fd === EAGAIN) return AGAIN
    if (SHORTAGES.has(fd)) return SHORTAGE
    const handle = new Handle(check(fd, 'accept'), 'socket')
    this.#connectionBirth ??= this.#birthOfConnections()
    const birth = this.#connectionBirth
    const socket = closeOnError(handle, () => UnixSocket.own<T>(handle, birth))
    if (this.#birth.maxConnections < Number.POSITIVE_INFINITY) this.#count(handle)
    this.#admit(socket)
    return undefined
  }

  /** One for all of them. */
  #birthOfConnections(): Birth {
    const { options, address } = this.#birth
    const localAddress = typeof address === 'string' ? address : undefined
    return { options, from: this.#from, type: this.type, localAddress }
  }

  /** Into the list, at once or when it has been judged. */
  #admit(socket: UnixSocket<T>): void {
    const verdict = this.#birth.gate?.admits(socket, socket) ?? true
    if (typeof verdict === 'boolean') {
      this.#conclude(socket, verdict)
      return
    }
    if (this.closed) socket[Symbol.dispose]()
    else this.#judged.add(socket)
    void verdict.then((admitted) => {
      this.#judged.delete(socket)
      this.#conclude(socket, admitted)
      resumeSoon(this.#handle, this.#load)
    })
  }

  /** A judge may have closed the connection, or the listener. */
  #conclude(socket: UnixSocket<T>, admitted: boolean): void {
    if (!admitted || this.closed) socket[Symbol.dispose]()
    else if (!socket.closed) this.#accepted.push(socket)
  }

  #count(handle: Handle): void {
    const listening = this.#handle
    const load = this.#load
    load.connections++
    handle.onClose(() => {
      load.connections--
      if (!load.full) return
      load.full = false
      resumeSoon(listening, load)
    })
  }

  /** The connections, until the listener is closed. Breaking the loop loses none. */
  [Symbol.asyncIterator](): AsyncIterator<UnixSocket<T>> {
    return {
      next: () => (this.closed ? Promise.resolve(END) : this.#next()),
    }
  }

  #next(): Promise<IteratorResult<UnixSocket<T>, undefined>> {
    const attempt = (isOver: () => boolean) => {
      const socket = this.#acceptAhead(isOver)
      return socket instanceof UnixSocket ? { done: false as const, value: socket } : socket
    }
    return this.#handle.readiness.reading.run(new AcceptNext(this.#handle, this.#accepted, attempt))
  }

  /** As many as the last wake-ups have found: to look for more each time would cost a system call. */
  #acceptAhead(isOver: () => boolean): UnixSocket<T> | Waiting {
    if (this.#accepted.length > 0) return this.#tryAccept(1, isOver)
    const result = this.#tryAccept(this.#ahead.want, isOver)
    if (result instanceof UnixSocket) this.#ahead.learn(this.#accepted.length + 1)
    return result
  }

  /** Connections that were accepted ahead for an iterator and not delivered; they are yours now. */
  takeAccepted(): UnixSocket<T>[] {
    this.#handle.open
    return this.#accepted.splice(0)
  }

  /** A pending `accept` keeps the process alive (the default). */
  ref(): this {
    this.#handle.reference(true)
    return this
  }

  /** A pending `accept` does not keep the process alive. */
  unref(): this {
    this.#handle.reference(false)
    return this
  }

  /**
   * Stops listening, removes the file that it made, closes what was accepted ahead, and resolves when the number is free. `accept`
   * rejects, loops end.
   */
  async close(): Promise<void> {
    noLongerForgettable(this.#handle)
    const closing = this.#handle.closeAndTell()
    if (closing !== undefined) await closing
  }

  #shut(): void {
    shut(this.#handle)
  }

  /**
   * Gives the listening descriptor up, with its options as they were. Its file stays: it is yours as well.
   *
   * @throws ERR_MESSAGES_HELD Connections were accepted ahead: `takeAccepted()` first. Or some are still being judged.
   */
  detach(): OwnedFd {
    const fd = this.#handle.open
    if (this.#judged.size > 0)
      throw ownError('ERR_MESSAGES_HELD', 'Connections are being judged by authorize; await that first')
    if (this.#accepted.length > 0)
      throw ownError('ERR_MESSAGES_HELD', 'Connections were accepted ahead; take them with takeAccepted() first')
    this.#changed.restore(fd)
    if (!this.#wasNonblocking) check(native.setNonblocking(fd, false), 'fcntl')
    noLongerForgettable(this.#handle)
    return OwnedFd.own(this.#handle.release(), this.#handle.mayBlock)
  }

  /** The same as `close()`, without waiting. */
  [Symbol.dispose](): void {
    this.#shut()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** Linux 6.16: what is set here holds already for connections that wait to be accepted. */
  #applyOptions(): void {
    const { options, adopted } = this.#birth
    const fd = this.#handle.open
    const mayHoldFds = this.#changed.acceptFds(fd, options, adopted ? 'others' : 'us')
    if (mayHoldFds) this.#handle.mayBlock = true
    // Linux: a connection begins with what its listener said. What an adopted one has said to earlier connections is not known.
    this.#from = adopted ? 'adopted listener' : { mayHoldFds }
    this.#changed.setPassing(fd, options.passCredentials, options.passProcess)
    if (adopted) this.#wasNonblocking = check(native.setNonblocking(fd, true), 'fcntl') === 1
  }

  #closeOnAbort(signal: AbortSignal | undefined): void {
    if (signal === undefined) return
    const handle = this.#handle
    const close = (): void => shut(handle)
    signal.addEventListener('abort', close, { once: true })
    handle.onClose(() => signal.removeEventListener('abort', close))
  }
}

/** In the next turn of the event loop, once for all: clients who come and are refused without end must not keep it from turning. */
function resumeSoon(handle: Handle, load: Load): void {
  load.resuming ??= setImmediate(() => {
    load.resuming = undefined
    if (!handle.closed) handle.readiness.reading.resume()
  })
}

function shut(handle: Handle): void {
  noLongerForgettable(handle)
  handle.close()
}

function checkListenOptions(options: ListenOptions | undefined): Omit<ListenerBirth, 'type' | 'address' | 'adopted'> {
  const given: ListenOptions = optionsObject(options)
  checkWait(given.signal === undefined ? undefined : { signal: given.signal })
  const maxConnections =
    given.maxConnections === undefined
      ? Number.POSITIVE_INFINITY
      : integer(given.maxConnections, 'maxConnections', 1, 0x7fffffff)
  checkOnRefused(given.onRefused)
  const gate = given.authorize === undefined ? undefined : new Gate<UnixSocket>(given.authorize, given.onRefused)
  return { options: checkOptions(given), maxConnections, signal: given.signal, gate }
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
export function listen<T extends Connected = 'stream'>(address: Address, options?: ListenOptions<T>): UnixListener<T> {
  const given: ListenOptions<T> = optionsObject(options)
  const type: Connected = given.type === undefined ? 'stream' : oneOf(given.type, 'type', ['stream', 'seqpacket'])
  const backlog = optionalInteger(given.backlog, 'backlog', 0, BACKLOG_MAX, BACKLOG)
  if (address === undefined || address === null)
    throw invalidType('address', 'a string or an object with path or abstract', address)
  const binding = checkBinding(address, given)
  const checked = checkListenOptions(given)
  if (type === 'stream' && checked.options.exact) assertExact()
  const handle = openHandle(type, 'listener')
  return closeOnError(handle, () => {
    const born = {
      ...checked,
      type,
      adopted: false,
      get address() {
        return boundAddress(handle.open, binding)
      },
    }
    const listener = UnixListener.own<T>(handle, born)
    bindTo(handle, binding, backlog)
    return listener
  })
}
