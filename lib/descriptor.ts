/**
 * OwnedFd: a descriptor of any kind as an object that owns it, and `openSocket`, which makes one.
 * Reading and writing never block the event loop, whatever the kind. Knows nothing of messages or of Unix sockets' lifecycle.
 */
import { type Data, integer, oneBuffer, oneOf } from './arguments.js'
import { check, EAGAIN, EINPROGRESS, ENOTSOCK, invalidType, ownError, systemError } from './errors.js'
import { closeWhenForgotten, Handle, noLongerForgettable } from './handle.js'
import { constants, native } from './native.js'
import { runJob } from './poller.js'
import { AGAIN, HOLD, type Operation } from './queue.js'
import { holdsNow } from './readiness.js'
import { copySlot, mainSlab, receive, receivedFacts } from './slabs.js'
import { type FdSource, fdOf, LASTING } from './source.js'
import { take, taken } from './tracked-fds.js'
import type { Wait } from './wait.js'

/** An internet address. `address` is numeric (`192.0.2.1`, `::1`, `fe80::1%eth0`); `port` defaults to 0. */
export interface InternetAddress {
  address: string
  port?: number
}

/** What crates/binding/src/descriptor.rs returns for "this kind cannot promise not to wait". */
const NEEDS_THREAD = -1_000_000
const MOST_BYTES = 0x7fffffff

/** By the numbers of `State` in crates/unix-socket/src/socket.rs, which begin with 1. */
export const SOCKET_STATES = [undefined, 'listening', 'connected', 'unconnected'] as const
/** By the two lowest bits of the status flags. */
const ACCESS = ['read', 'write', 'read-write'] as const
const ACCESS_MASK = 3

const DOMAINS = ['inet', 'inet6', 'unix', 'packet', 'netlink'] as const
const TYPES = ['stream', 'dgram', 'seqpacket', 'raw'] as const
const PROTOCOLS = { icmp: 1, tcp: 6, udp: 17, icmp6: 58 } as const

/** Descriptor option at SOL_SOCKET with a value in bytes; shared by everything that has options. */
export function readOption(fd: number, level: number, name: number, size = 4): Buffer {
  const value = Buffer.alloc(integer(size, 'size', 1, 65_536))
  const length = check(
    native.getOption(fd, integer(level, 'level', 0, MOST_BYTES), integer(name, 'name', 0, MOST_BYTES), value),
    'getsockopt',
  )
  return value.subarray(0, length)
}

function cInt(value: number): Buffer {
  return Buffer.from(Int32Array.of(value).buffer)
}

/** As setsockopt(2); a number becomes a C int. */
export function writeOption(fd: number, level: number, name: number, value: Buffer | number): void {
  if (typeof value !== 'number' && !(value instanceof Uint8Array))
    throw invalidType('value', 'a Buffer or a number', value)
  const bytes = typeof value === 'number' ? cInt(integer(value, 'value', -0x80000000, MOST_BYTES)) : value
  check(
    native.setOption(fd, integer(level, 'level', 0, MOST_BYTES), integer(name, 'name', 0, MOST_BYTES), bytes),
    'setsockopt',
  )
}

type ReadResult = Buffer | null

/** A read that may wait; what a thread has read for it is at hand. */
class Read implements Operation<ReadResult> {
  readonly syscall = 'read'
  readonly attempt: () => ReadResult | typeof AGAIN | typeof HOLD
  readonly #isStashed: () => boolean

  constructor(attempt: () => ReadResult | typeof AGAIN | typeof HOLD, isStashed: () => boolean) {
    this.attempt = attempt
    this.#isStashed = isStashed
  }

  get atHand(): boolean {
    return this.#isStashed()
  }
}

/**
 * A descriptor and its only owner.
 *
 * Received descriptors, those of {@link openSocket} and duplicates are of this class. Close it with `close()`, with `using`
 * (TypeScript, Node 24), or give it away with `detach()`. What is forgotten is closed by the garbage collector, with one warning.
 * After `close` every method throws ERR_SOCKET_CLOSED before any system call.
 */
export class OwnedFd implements Disposable {
  static {
    Object.defineProperty(OwnedFd.prototype, LASTING, { value: true })
  }

  readonly #handle: Handle
  #kind: string | undefined
  #socketType: number | undefined
  /** A thread reads for us. */
  #reading = false
  /** A thread writes for us. */
  #writing = false
  #stash: { data: Buffer } | { error: Error } | 'end' | undefined

  private constructor(handle: Handle) {
    this.#handle = handle
    closeWhenForgotten(this, handle)
  }

  /** @internal Wraps a number that the native side already holds for us. `mayBlock`: see {@link Handle}. */
  static own(fd: number, mayBlock = false): OwnedFd {
    return new OwnedFd(new Handle(fd, 'descriptor', mayBlock))
  }

  /** @internal It was received: its last close may take as long as somebody else likes. */
  get mayBlock(): boolean {
    return this.#handle.mayBlock
  }

  /** @internal Gives the number to another owner of this package; this object is closed afterwards. */
  surrender(): number {
    noLongerForgettable(this.#handle)
    return this.#handle.release()
  }

  /**
   * Takes ownership of a descriptor number, which this object will close. In a worker of Node, and of what Deno's `fs` has opened, the
   * object has another number and the old one is closed: they would close that once more.
   *
   * @throws EBADF It is not open. It is still yours.
   * @throws EEXIST Another object of this package owns it.
   */
  static adopt(fd: number): OwnedFd {
    integer(fd, 'fd', 0, MOST_BYTES)
    const ours = take(fd)
    taken(fd)
    return OwnedFd.own(ours)
  }

  /**
   * A duplicate (dup(2)) of anything that has a descriptor: same open file, own number, close-on-exec.
   *
   * @throws EMFILE The process has no free number.
   */
  static dup(source: FdSource): OwnedFd {
    const mayBlock = source instanceof OwnedFd && source.mayBlock
    return OwnedFd.own(check(native.duplicate(fdOf(source, 'source')), 'dup'), mayBlock)
  }

  /** The number; -1 once closed. */
  get fd(): number {
    return this.#handle.fd
  }

  get closed(): boolean {
    return this.#handle.closed
  }

  /**
   * What it is: `file`, `directory`, `memfd`, `pipe`, `fifo`, `tty`, `char-device`, `block-device`, `eventfd`, `timerfd`,
   * `signalfd`, `pidfd`, `epoll`, `inotify`, `unix-stream`, `unix-dgram`, `unix-seqpacket`, `tcp`, `udp`, `raw`, `ping`,
   * `netlink`, `packet`, `vsock`, `socket` (of another family), `symlink`, or `unknown`; other anonymous files by the kernel's own name. Platforms: Linux.
   */
  get kind(): string {
    if (this.#kind === undefined) {
      const kind = native.kindOf(this.#handle.open)
      if (typeof kind === 'number') throw systemError(kind, 'fstat')
      this.#kind = kind
    }
    return this.#kind
  }

  /** Of a socket: whether it listens, or is connected; null for anything that is not a socket. */
  get state(): 'listening' | 'connected' | 'unconnected' | null {
    return SOCKET_STATES[native.socketState(this.#handle.open)] ?? null
  }

  /** What may be done with it by reading and writing. `path`: nothing, it only names a file (O_PATH). */
  get access(): 'read' | 'write' | 'read-write' | 'path' {
    const flags = this.flags
    if (flags & constants.oPath) return 'path'
    return ACCESS[flags & ACCESS_MASK] ?? 'read-write'
  }

  /** Status flags (F_GETFL): access mode, O_NONBLOCK, O_APPEND. They are shared with all duplicates. See fcntl(2). */
  get flags(): number {
    return check(native.statusFlags(this.#handle.open), 'fcntl')
  }

  /**
   * Reads at most `maxBytes` bytes. `null` is the end and only that: an empty datagram is an empty Buffer.
   *
   * Sockets are read without waiting and files on a thread; O_NONBLOCK is left as it is. Descriptors in flight on a Unix socket
   * are closed by the kernel: use `UnixSocket` for those. See read(2).
   *
   * @param maxBytes From 1 to 2147483647; no single read brings more than 2 MiB.
   * @throws ERR_MESSAGE_TRUNCATED A datagram was longer; it is lost, `error.length` is its size.
   */
  async read(maxBytes: number, options?: Wait): Promise<Buffer | null> {
    integer(maxBytes, 'maxBytes', 1, MOST_BYTES)
    this.#handle.open
    const attempt = () => this.#tryRead(maxBytes)
    const isStashed = () => this.#stash !== undefined
    return await this.#handle.readiness.reading.run(new Read(attempt, isStashed), options)
  }

  #tryRead(maxBytes: number): ReadResult | typeof AGAIN | typeof HOLD {
    if (this.#stash !== undefined) return this.#takeStash(maxBytes)
    if (this.#reading) return HOLD
    if (this.#type() === constants.sockSeqpacket) return this.#tryReadRecord(maxBytes)
    const target = mainSlab().subarray(0, maxBytes)
    const count = native.read(this.#handle.open, target)
    if (count === EAGAIN) return AGAIN
    if (count === NEEDS_THREAD) return this.#readOnThread(maxBytes)
    check(count, 'read')
    if (count > target.length) throw truncated(count)
    if (count === 0 && !this.#keepsBoundaries()) return null
    return Buffer.from(target.subarray(0, count))
  }

  #type(): number {
    this.#socketType ??= native.getNumber(this.#handle.open, constants.soType)
    return this.#socketType
  }

  #keepsBoundaries(): boolean {
    return this.#type() >= 0 && this.#type() !== constants.sockStream
  }

  /** Linux: only the timestamp tells an empty record from the end; the option is left on, it changes nothing else. */
  #tryReadRecord(maxBytes: number): ReadResult | typeof AGAIN {
    const slab = mainSlab()
    const { meta } = receivedFacts()
    check(native.setNumber(this.#handle.open, constants.soTimestamp, 1), 'setsockopt')
    const limit = Math.min(maxBytes, constants.slotSize + constants.spareSize)
    const count = receive(this.#handle.open, constants.sockSeqpacket, 1, limit, 0)
    if (count === EAGAIN) return AGAIN
    check(count, 'recvmsg')
    if (count === 0) return null
    const copied = meta[constants.metaStride] as number
    const length = meta[constants.metaStride + 1] as number
    if (length > copied) throw truncated(length)
    return copySlot(slab, 0, copied)
  }

  /** The result is kept for whoever reads next, so that an aborted read loses nothing. */
  #readOnThread(maxBytes: number): typeof HOLD {
    const finish = (result: number, data: Buffer): void => {
      this.#reading = false
      if (result < 0) this.#stash = { error: systemError(result, 'read') }
      else this.#stash = result === 0 ? 'end' : { data }
      if (!this.#handle.closed) this.#handle.readiness.reading.resume()
    }
    runJob((id) => native.startRead(id, this.#handle.open, Math.min(maxBytes, mainSlab().length)), 'read', finish)
    this.#reading = true
    return HOLD
  }

  #takeStash(maxBytes: number): ReadResult {
    const stash = this.#stash
    this.#stash = undefined
    if (stash === undefined || stash === 'end') return null
    if ('error' in stash) throw stash.error
    if (stash.data.length <= maxBytes) return stash.data
    this.#stash = { data: stash.data.subarray(maxBytes) }
    return stash.data.subarray(0, maxBytes)
  }

  /**
   * Writes once and resolves with how many bytes were taken, which on a stream may be fewer than given. See write(2).
   *
   * @param data Not to be changed before the Promise settles.
   * @throws EPIPE The other end is gone. No signal is raised.
   */
  async write(data: Data, options?: Wait): Promise<number> {
    const bytes = oneBuffer(data)
    this.#handle.open
    let threaded: number | undefined
    const finish = (result: number): void => {
      threaded = result
      this.#writing = false
      if (!this.#handle.closed) this.#handle.readiness.writing.resume()
    }
    const attempt = (): number | typeof AGAIN | typeof HOLD => {
      if (threaded !== undefined) return check(threaded, 'write')
      // Also the thread of a write that was given up: what comes behind it stays behind it.
      if (this.#writing) return HOLD
      const count = native.write(this.#handle.open, bytes)
      if (count === EAGAIN) return AGAIN
      if (count !== NEEDS_THREAD) return check(count, 'write')
      runJob((id) => native.startWrite(id, this.#handle.open, bytes), 'write', finish)
      this.#writing = true
      return HOLD
    }
    return await this.#handle.readiness.writing.run({ syscall: 'write', attempt }, options)
  }

  /**
   * Sends one datagram to an internet address. See sendto(2).
   *
   * @throws EACCES Not allowed: a raw socket, or a broadcast address without the option.
   */
  async sendTo(data: Data, to: InternetAddress, options?: Wait): Promise<number> {
    const bytes = oneBuffer(data)
    const { address, port } = checkInternet(to, 'to')
    this.#handle.open
    const attempt = (): number | typeof AGAIN => {
      const count = native.sendTo(this.#handle.open, bytes, address, port)
      return count === EAGAIN ? AGAIN : check(count, 'sendto', { path: address })
    }
    return await this.#handle.readiness.writing.run({ syscall: 'sendto', attempt }, options)
  }

  /**
   * Receives one datagram of at most `maxBytes` bytes with its sender; `from` is null where the kernel names none. See recvfrom(2).
   *
   * @throws ERR_MESSAGE_TRUNCATED The datagram was longer; it is lost, `error.length` is its size.
   */
  async recvFrom(
    maxBytes: number,
    options?: Wait,
  ): Promise<{ data: Buffer; from: { address: string; port: number } | null }> {
    integer(maxBytes, 'maxBytes', 1, MOST_BYTES)
    this.#handle.open
    const attempt = () => {
      const target = mainSlab().subarray(0, maxBytes)
      const { count, address, port } = native.receiveFrom(this.#handle.open, target)
      if (count === EAGAIN) return AGAIN
      check(count, 'recvfrom')
      if (count > target.length) throw truncated(count)
      return { data: Buffer.from(target.subarray(0, count)), from: address ? { address, port } : null }
    }
    return await this.#handle.readiness.reading.run({ syscall: 'recvfrom', attempt }, options)
  }

  /** Gives an internet socket its local address. See bind(2). */
  bind(address: InternetAddress): void {
    const to = checkInternet(address, 'address')
    check(native.bindInet(this.#handle.open, to.address, to.port), 'bind', { path: to.address })
  }

  /** Its own internet address; null on a descriptor that has none. See getsockname(2). */
  get localAddress(): { address: string; port: number } | null {
    const { count, address, port } = native.localInet(this.#handle.open)
    if (count === ENOTSOCK) return null
    check(count, 'getsockname')
    return address ? { address, port } : null
  }

  /** Sets the peer of a datagram socket, or begins to connect a stream socket: that is done when `writable()` resolves. See connect(2). */
  connect(address: InternetAddress): void {
    const to = checkInternet(address, 'address')
    const result = native.connectInet(this.#handle.open, to.address, to.port)
    if (result !== EINPROGRESS) check(result, 'connect', { path: to.address })
  }

  /** A socket option in bytes, `size` of them at most (default 4). See getsockopt(2). */
  getOption(level: number, name: number, size?: number): Buffer {
    return readOption(this.#handle.open, level, name, size)
  }

  /** Sets a socket option; a number becomes a C int. See setsockopt(2). */
  setOption(level: number, name: number, value: Buffer | number): void {
    writeOption(this.#handle.open, level, name, value)
  }

  /** ioctl(2). A Buffer is passed by address and holds the answer afterwards. Returns what the system call returned. */
  ioctl(request: number, argument: Buffer | number = 0): number {
    integer(request, 'request', 0, 0xffffffff)
    const fd = this.#handle.open
    if (typeof argument === 'number') {
      integer(argument, 'argument', Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER)
      return check(native.ioctlNumber(fd, request, argument), 'ioctl')
    }
    if (!(argument instanceof Uint8Array)) throw invalidType('argument', 'a Buffer or a number', argument)
    return check(native.ioctlBuffer(fd, request, argument), 'ioctl')
  }

  /** Resolves when reading would not wait: there is data, the end, or an error. */
  async readable(options?: Wait): Promise<void> {
    await this.#until('reading', constants.pollin, options)
  }

  /** Resolves when writing would not wait. */
  async writable(options?: Wait): Promise<void> {
    await this.#until('writing', constants.pollout, options)
  }

  async #until(direction: 'reading' | 'writing', mask: number, wait?: Wait): Promise<void> {
    this.#handle.open
    const attempt = (): true | typeof AGAIN => (holdsNow(this.#handle.open, mask) ? true : AGAIN)
    await this.#handle.readiness[direction].run({ syscall: 'poll', attempt }, wait)
  }

  /** A duplicate that is closed on its own. See dup(2). */
  dup(): OwnedFd {
    this.#handle.open
    return OwnedFd.dup(this)
  }

  /** Gives the number to you: nothing closes it any more but you. */
  detach(): number {
    const fd = this.#handle.open
    this.surrender()
    return check(native.release(fd), 'close')
  }

  /** Closes it; calling it again does nothing. Pending operations reject with ERR_SOCKET_CLOSED. */
  close(): void {
    noLongerForgettable(this.#handle)
    this.#handle.close()
  }

  /** The same as `close()`. */
  [Symbol.dispose](): void {
    this.close()
  }
}

function truncated(length: number): Error {
  return ownError('ERR_MESSAGE_TRUNCATED', `A datagram of ${length} bytes did not fit and is lost`, { length })
}

function checkInternet(value: InternetAddress, name: string): { address: string; port: number } {
  if (typeof value !== 'object' || value === null || typeof value.address !== 'string') {
    throw invalidType(name, 'an object with address and port', value)
  }
  return { address: value.address, port: value.port === undefined ? 0 : integer(value.port, `${name}.port`, 0, 65_535) }
}

function numberOf<T extends string>(
  value: T | number,
  name: string,
  words: readonly T[],
  find: (word: T) => number,
): number {
  return typeof value === 'number' ? integer(value, name, 0, MOST_BYTES) : find(oneOf(value, name, words))
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
export function openSocket(
  domain: 'inet' | 'inet6' | 'unix' | 'packet' | 'netlink' | number,
  type: 'stream' | 'dgram' | 'seqpacket' | 'raw' | number,
  protocol: 'icmp' | 'icmp6' | 'tcp' | 'udp' | number = 0,
): OwnedFd {
  const families = {
    inet: constants.afInet,
    inet6: constants.afInet6,
    unix: constants.afUnix,
    packet: constants.afPacket,
    netlink: constants.afNetlink,
  }
  const types = {
    stream: constants.sockStream,
    dgram: constants.sockDgram,
    seqpacket: constants.sockSeqpacket,
    raw: constants.sockRaw,
  }
  const family = numberOf(domain, 'domain', DOMAINS, (word) => families[word])
  const kind = numberOf(type, 'type', TYPES, (word) => types[word])
  const number = numberOf(protocol, 'protocol', ['icmp', 'icmp6', 'tcp', 'udp'] as const, (word) => PROTOCOLS[word])
  return OwnedFd.own(check(native.open(family, kind, number), 'socket'))
}
