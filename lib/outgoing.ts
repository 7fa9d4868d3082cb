/**
 * One message on its way out: its data, descriptors, credentials, control messages and destination, until the kernel has all of it.
 * It knows how to try, what to keep while it waits, and what an error means; whose turn it is, is the queue's business.
 */
import { addressBytes } from './address.js'
import { bytesOf, type Data, integer, optionsObject } from './arguments.js'
import { type ControlMessage, packControl } from './control.js'
import {
  EAGAIN,
  ECONNREFUSED,
  ENOTCONN,
  EPERM,
  invalidType,
  invalidValue,
  ownError,
  type SocketError,
  systemError,
} from './errors.js'
import { constants, native } from './native.js'
import { AGAIN, Later } from './queue.js'
import type { SentFds } from './sent-fds.js'
import { type FdSource, fdOf } from './source.js'
import type { Address } from './words.js'

/** The types of Unix sockets. */
export type SocketType = 'stream' | 'seqpacket' | 'dgram'

/** What may go with the data of a message. */
export interface SendOptions<T extends SocketType = SocketType> {
  /** Descriptors, at most 253; lent, never taken. On a stream at least one byte of data must go with them. */
  fds?: readonly FdSource[]
  /** true: attach who we are (real ids). An object: claim these ids; the kernel refuses what is not ours (EPERM) unless privileged. */
  credentials?: boolean | { pid: number; uid: number; gid: number }
  /** Destination of a datagram; without it the socket must be connected. */
  to?: T extends 'dgram' ? Address : never
  /** Raw control messages, sent as they are. */
  control?: readonly ControlMessage[]
  /** Flags of sendmsg(2), beside MSG_DONTWAIT and MSG_NOSIGNAL which are always set. */
  flags?: number
}

/** Linux: poll cannot tell when somebody else's queue has room (milliseconds). */
const FULL_RECEIVER = new Later(1, 50)
/** Most parts of one sendmsg(2) (IOV_MAX). */
const PARTS_MAX = 1024
const NOTHING = new Uint8Array(0)
/** Messages that one system call takes. */
export const RUN_MAX = 64
/** Descriptors that one system call takes. */
const RUN_FDS_MAX = 1024
/** For each message of a call how many descriptors go with it; afterwards the bytes that the kernel took. */
const counts = new Int32Array(RUN_MAX)
const NO_FDS: readonly number[] = []
const MOST = 0x7fffffff

let rights: Int32Array | undefined

/** The descriptors of the next call: registered with the native side at first use, and seen by nobody else. */
function outgoingRights(): Int32Array {
  if (rights !== undefined) return rights
  rights = new Int32Array(RUN_FDS_MAX)
  native.registerRights(rights)
  return rights
}

/** How the socket sends. */
export interface Route {
  readonly fd: number
  readonly type: SocketType
  /** SO_PASSCRED is on and the user did not ask for a name: keep the kernel from giving one. */
  readonly unnamed: boolean
  /** Where a datagram socket connects anew when its peer has gone. */
  readonly reconnectTo?: Reconnect | undefined
  /** Keeps the descriptors that have gone, where that was asked for. */
  readonly sent?: SentFds | undefined
}

/** An address to connect to again: for the kernel, and for people. */
export interface Reconnect {
  readonly bytes: Buffer
  readonly address: Address
}

/** Linux says ECONNREFUSED once when a datagram peer has gone, and ENOTCONN for ever after. Throws what connect(2) says. */
function isConnectedAnew(errno: number, { fd, reconnectTo }: Route): boolean {
  if (reconnectTo === undefined || (errno !== ECONNREFUSED && errno !== ENOTCONN)) return false
  const result = native.connect(fd, reconnectTo.bytes)
  if (result < 0) throw systemError(result, 'connect', { address: reconnectTo.address })
  return true
}

function credentialsMessage(credentials: SendOptions['credentials']): ControlMessage[] {
  if (credentials === undefined || credentials === false) return []
  const own = { pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
  const { pid, uid, gid } = credentials === true ? own : checkClaim(credentials)
  const data = Buffer.from(Uint32Array.of(pid, uid, gid).buffer)
  return [{ level: constants.solSocket, type: constants.scmCredentials, data }]
}

function checkClaim(claim: { pid: number; uid: number; gid: number }): { pid: number; uid: number; gid: number } {
  if (typeof claim !== 'object' || claim === null) throw invalidType('credentials', 'a boolean or an object', claim)
  integer(claim.pid, 'credentials.pid', 1, MOST)
  integer(claim.uid, 'credentials.uid', 0, 0xfffffffe)
  integer(claim.gid, 'credentials.gid', 0, 0xfffffffe)
  return claim
}

function checkControl(control: unknown): ControlMessage[] {
  if (control === undefined) return []
  if (!Array.isArray(control)) throw invalidType('control', 'an array', control)
  return Array.from(control, (message, index) => {
    const name = `control[${index}]`
    if (typeof message !== 'object' || message === null) throw invalidType(name, 'an object', message)
    if (!(message.data instanceof Uint8Array)) throw invalidType(`${name}.data`, 'a Buffer', message.data)
    if (message.level === constants.solSocket && message.type === constants.scmRights) {
      throw invalidValue(name, 'must not be SCM_RIGHTS; use fds', message)
    }
    return {
      level: integer(message.level, `${name}.level`, 0, MOST),
      type: integer(message.type, `${name}.type`, 0, MOST),
      data: message.data,
    }
  })
}

function checkFds(fds: unknown): number[] {
  if (fds === undefined) return []
  if (!Array.isArray(fds)) throw invalidType('fds', 'an array', fds)
  if (fds.length > constants.scmFdsMax) {
    throw ownError(
      'ERR_TOO_MANY_FDS',
      `One message carries at most ${constants.scmFdsMax} descriptors, not ${fds.length}`,
    )
  }
  const numbers: number[] = []
  for (let index = 0; index < fds.length; index++) {
    // A hole is undefined here, and refused; it must not become descriptor 0.
    const source = fds[index] as FdSource
    numbers.push(isNumber(source) ? source : fdOf(source, `fds[${index}]`))
  }
  return numbers
}

/** Asked first, because to name the place for an error that does not come costs more than the rest. */
function isNumber(source: FdSource): source is number {
  return typeof source === 'number' && source >= 0 && source <= MOST && Number.isInteger(source)
}

function sizeOf(data: Uint8Array | Uint8Array[]): number {
  return Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.length
}

/** What goes with the data, checked. */
interface Extras {
  readonly fds: readonly number[]
  /** The other control messages, packed. */
  readonly control: Uint8Array
  readonly claims: boolean
  readonly to: Uint8Array | null
  readonly address: Address | undefined
  readonly flags: number
}

/** Of the many messages that are nothing but data. */
const NO_EXTRAS: Extras = { fds: NO_FDS, control: NOTHING, claims: false, to: null, address: undefined, flags: 0 }

function checkExtras(type: SocketType, options: SendOptions | undefined): Extras {
  if (options === undefined) return NO_EXTRAS
  const { fds, credentials, to, control, flags } = optionsObject(options)
  if (credentials === undefined && to === undefined && control === undefined && flags === undefined) {
    if (fds === undefined) return NO_EXTRAS
    return { fds: checkFds(fds), control: NOTHING, claims: false, to: null, address: undefined, flags: 0 }
  }
  const numbers = checkFds(fds)
  const others = [...checkControl(control), ...credentialsMessage(credentials)]
  return {
    fds: numbers,
    control: others.length === 0 ? NOTHING : packControl(others),
    claims: typeof credentials === 'object',
    to: to === undefined ? null : checkTo(type, to as Address),
    address: to as Address | undefined,
    flags: flags === undefined ? 0 : integer(flags, 'flags', 0, MOST),
  }
}

/** A message that was checked and can be tried. */
export class Outgoing {
  readonly length: number
  /** Bytes that the kernel has taken. */
  written = 0
  readonly #type: SocketType
  readonly #extras: Extras
  #data: Uint8Array | Uint8Array[]
  /** What goes with the first byte. */
  #fds: readonly number[]
  #control: Uint8Array
  #copies: number[] | undefined
  /** What the kernel has said already, where somebody has tried. */
  #answer: number | undefined

  /** Checks everything, before any system call. */
  constructor(type: SocketType, data: Data, options?: SendOptions) {
    const extras = checkExtras(type, options)
    this.#type = type
    this.#extras = extras
    this.#data = bytesOf(data)
    this.length = sizeOf(this.#data)
    if (Array.isArray(this.#data) && this.#data.length > PARTS_MAX) this.#data = Buffer.concat(this.#data)
    this.#fds = extras.fds
    this.#control = extras.control
    if (type === 'stream' && this.length === 0 && this.#carries()) {
      throw ownError('ERR_MESSAGE_EMPTY', 'On a stream descriptors and credentials need at least one byte of data')
    }
  }

  /** Tries bytes alone, which most messages are, before there is a message: undefined where all of them have gone. */
  static begin(route: Route, data: Uint8Array): Outgoing | undefined {
    const { fd, type, unnamed, sent } = route
    if (unnamed || sent !== undefined || data.length === 0) return new Outgoing(type, data)
    const count = native.sendData(fd, data)
    if (count === data.length) return undefined
    const message = new Outgoing(type, data)
    message.#answer = count
    return message
  }

  get fdCount(): number {
    return this.#extras.fds.length
  }

  /** Whether more than data has still to go. */
  #carries(): boolean {
    return this.#fds.length > 0 || this.#control.length > 0
  }

  /** Sends what is left. `true`: all of it has gone. A stream that takes a part is full: to ask once more would bring nothing. */
  attempt(route: Route): true | typeof AGAIN | Later {
    this.#assertUntouched()
    let count = this.#answer ?? this.#call(route)
    this.#answer = undefined
    if (count < 0 && this.#isConnectedAnew(count, route)) count = this.#call(route)
    if (count === EAGAIN) return this.#again()
    if (count < 0) throw this.#error(count)
    return this.#took(count, route) ? true : AGAIN
  }

  #isConnectedAnew(errno: number, route: Route): boolean {
    return this.#extras.to === null && isConnectedAnew(errno, route)
  }

  /** The cheapest call that will do. */
  #call({ fd, unnamed }: Route): number {
    const { to, flags } = this.#extras
    const fds = this.#placeRights(0)
    if (!unnamed && flags === 0 && to === null && this.#control.length === 0 && !Array.isArray(this.#data)) {
      return fds === 0 ? native.sendData(fd, this.#data) : native.sendFds(fd, this.#data, fds)
    }
    return native.send(fd, this.#data, this.#control, fds, to, flags, unnamed)
  }

  /** Writes its descriptors where the native side finds them: how many. */
  #placeRights(start: number): number {
    const fds = this.#fds
    if (fds.length === 0) return 0
    const place = outgoingRights()
    for (let at = 0; at < fds.length; at++) place[start + at] = fds[at] as number
    return fds.length
  }

  /**
   * Sends messages with one system call: how many have gone whole. Fewer than all: the next one has to be tried again, alone. All
   * must go {@link together}.
   */
  static attemptMany(messages: readonly Outgoing[], route: Route): number | typeof AGAIN | Later {
    const first = messages[0] as Outgoing
    const { to, flags } = first.#extras
    let placed = 0
    for (let at = 0; at < messages.length; at++) {
      const message = messages[at] as Outgoing
      message.#assertUntouched()
      const fds = message.#placeRights(placed)
      counts[at] = fds
      placed += fds
    }
    const data = messages.map((message) => message.#data)
    const isPlain = messages.every((message) => message.#control.length === 0)
    const controls = isPlain ? [] : messages.map((message) => message.#control)
    const count = native.sendMany(route.fd, data, controls, to, flags, route.unnamed, counts)
    if (count < 0 && first.#isConnectedAnew(count, route)) return 0
    if (count === EAGAIN) return first.#again()
    if (count < 0) throw first.#error(count)
    for (let at = 0; at < count; at++) {
      if (!(messages[at] as Outgoing).#took(counts[at] as number, route)) return at
    }
    return count
  }

  /** Whether another message may go with the same call, in which `fds` descriptors go before its own. */
  together(other: Outgoing, fds: number): boolean {
    const { to, flags } = this.#extras
    const { to: otherTo, flags: otherFlags } = other.#extras
    const sameTo = to === otherTo || (to !== null && otherTo !== null && Buffer.compare(to, otherTo) === 0)
    const fits = fds + other.fdCount <= RUN_FDS_MAX
    return fits && sameTo && flags === otherFlags && this.written === 0 && other.written === 0
  }

  #again(): typeof AGAIN | Later {
    return this.#extras.to === null ? AGAIN : FULL_RECEIVER
  }

  /** The kernel has taken `count` bytes: whether that was all. */
  #took(count: number, { sent }: Route): boolean {
    this.written += count
    const isWhole = this.#type !== 'stream' || this.written >= this.length
    if (sent !== undefined) this.#leaveFds(sent, isWhole)
    // The descriptors went with the first byte: never again.
    this.#fds = NO_FDS
    this.#control = NOTHING
    this.release()
    if (isWhole) return true
    this.#data = skip(this.#data, count)
    return false
  }

  /** They stay open until the answer: the duplicates that were made for the wait, or new ones. */
  #leaveFds(sent: SentFds, isWhole: boolean): void {
    const copies = this.#copies
    this.#copies = undefined
    if (copies !== undefined) sent.take(copies)
    else if (this.#fds.length > 0) sent.keep(this.#fds)
    if (isWhole) sent.completed()
  }

  /** A buffer that was transferred or shrunk has lost what was to be sent. */
  #assertUntouched(): void {
    if (sizeOf(this.#data) === this.length - this.written) return
    throw invalidValue('data', 'must not be transferred while its send waits', this.#data)
  }

  /** It must wait: duplicates of the descriptors, since the caller may close his. EMFILE leaves nothing behind. */
  keep(): void {
    if (this.#fds.length === 0 || this.#copies !== undefined) return
    const copies: number[] = []
    this.#copies = copies
    for (const fd of this.#fds) {
      const copy = native.duplicate(fd)
      if (copy < 0) {
        this.release()
        throw systemError(copy, 'dup')
      }
      copies.push(copy)
    }
    this.#fds = copies
  }

  /** It must wait and nobody will be told when it has gone: the data too. */
  keepData(): void {
    this.#data = Array.isArray(this.#data) ? Buffer.concat(this.#data) : Buffer.from(this.#data)
  }

  /** Closes the duplicates. */
  release(): void {
    if (this.#copies === undefined) return
    for (const fd of this.#copies) native.close(fd)
    this.#copies = undefined
  }

  #error(errno: number): SocketError {
    const { claims, address } = this.#extras
    if (errno === EPERM && this.fdCount > 0 && !claims) {
      const message =
        'The receiver does not accept descriptors (its maxFds is 0, SO_PASSRIGHTS is off); nothing was sent'
      return ownError('ERR_FDS_REFUSED', message, { errno, syscall: 'sendmsg' })
    }
    return systemError(errno, 'sendmsg', address === undefined ? {} : { address })
  }
}

function checkTo(type: SocketType, to: Address): Uint8Array {
  if (type !== 'dgram') throw invalidValue('to', 'is for datagram sockets only', to)
  return addressBytes(to)
}

function skip(data: Uint8Array | Uint8Array[], count: number): Uint8Array | Uint8Array[] {
  if (!Array.isArray(data)) return data.subarray(count)
  const rest = [...data]
  let left = count
  while (rest.length > 0 && left >= (rest[0] as Uint8Array).length) left -= (rest.shift() as Uint8Array).length
  if (left > 0) rest[0] = (rest[0] as Uint8Array).subarray(left)
  return rest
}
