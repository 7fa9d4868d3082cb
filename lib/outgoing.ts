/**
 * One message on its way out: its data, descriptors, credentials, control messages and destination, until the kernel has all of it.
 * It knows how to try, what to keep while it waits, and what an error means; whose turn it is, is the queue's business.
 */
import { addressBytes } from './address.js'
import { bytesOf, type Data, integer, optionsObject } from './arguments.js'
import { type ControlMessage, packControl } from './control.js'
import { EAGAIN, EPERM, invalidType, invalidValue, ownError, type SocketError, systemError } from './errors.js'
import { constants, native } from './native.js'
import { AGAIN, Later } from './queue.js'
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
const MOST = 0x7fffffff

/** How the socket sends. */
export interface Route {
  readonly fd: number
  readonly type: SocketType
  /** SO_PASSCRED is on and the user did not ask for a name: keep the kernel from giving one. */
  readonly unnamed: boolean
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

function rightsMessage(fds: readonly number[]): ControlMessage[] {
  if (fds.length === 0) return []
  return [{ level: constants.solSocket, type: constants.scmRights, data: Buffer.from(Int32Array.from(fds).buffer) }]
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
  // Array.from, because map skips holes, and a hole would become descriptor 0.
  return Array.from(fds, (source, index) => fdOf(source as FdSource, `fds[${index}]`))
}

function sizeOf(data: Uint8Array | Uint8Array[]): number {
  return Array.isArray(data) ? data.reduce((sum, part) => sum + part.length, 0) : data.length
}

/** A message that was checked and can be tried. */
export class Outgoing {
  readonly fdCount: number
  readonly length: number
  /** Bytes that the kernel has taken. */
  written = 0
  readonly #type: SocketType
  readonly #to: Uint8Array | null
  readonly #address: Address | undefined
  readonly #flags: number
  readonly #others: ControlMessage[]
  readonly #claims: boolean
  #data: Uint8Array | Uint8Array[]
  #fds: number[]
  #copies: number[] = []
  #control: Uint8Array

  /** Checks everything, before any system call. */
  constructor(type: SocketType, data: Data, options?: SendOptions) {
    const { fds, credentials, to, control, flags } = optionsObject(options)
    this.#type = type
    this.#data = bytesOf(data)
    this.length = sizeOf(this.#data)
    if (Array.isArray(this.#data) && this.#data.length > PARTS_MAX) this.#data = Buffer.concat(this.#data)
    this.#fds = checkFds(fds)
    this.fdCount = this.#fds.length
    this.#address = to as Address | undefined
    this.#to = to === undefined ? null : checkTo(type, to as Address)
    this.#flags = flags === undefined ? 0 : integer(flags, 'flags', 0, MOST)
    const claim = credentialsMessage(credentials)
    this.#claims = typeof credentials === 'object'
    this.#others = [...checkControl(control), ...claim]
    this.#control = packAll(this.#others, this.#fds)
    if (type === 'stream' && this.length === 0 && this.#control.length > 0) {
      throw ownError('ERR_MESSAGE_EMPTY', 'On a stream descriptors and credentials need at least one byte of data')
    }
  }

  /** Sends what is left. `true`: all of it has gone. */
  attempt(route: Route): true | typeof AGAIN | Later {
    while (this.written < this.length || this.written === 0) {
      this.#assertUntouched()
      const count = native.send(route.fd, this.#data, this.#control, this.#to, this.#flags, route.unnamed)
      if (count === EAGAIN) return this.#to === null ? AGAIN : FULL_RECEIVER
      if (count < 0) throw this.#error(count)
      // The descriptors went with the first byte: never again.
      this.#control = NOTHING
      this.release()
      this.written += count
      if (this.#type !== 'stream' || this.written >= this.length) return true
      this.#data = skip(this.#data, count)
    }
    return true
  }

  /** A buffer that was transferred or shrunk has lost what was to be sent. */
  #assertUntouched(): void {
    if (sizeOf(this.#data) === this.length - this.written) return
    throw invalidValue('data', 'must not be transferred while its send waits', this.#data)
  }

  /** It must wait: duplicates of the descriptors, since the caller may close his. EMFILE leaves nothing behind. */
  keep(): void {
    if (this.#fds.length === 0 || this.#copies.length > 0 || this.#control.length === 0) return
    for (const fd of this.#fds) {
      const copy = native.duplicate(fd)
      if (copy < 0) {
        this.release()
        throw systemError(copy, 'dup')
      }
      this.#copies.push(copy)
    }
    this.#control = packAll(this.#others, this.#copies)
  }

  /** It must wait and nobody will be told when it has gone: the data too. */
  keepData(): void {
    this.#data = Array.isArray(this.#data) ? Buffer.concat(this.#data) : Buffer.from(this.#data)
  }

  /** Closes the duplicates. */
  release(): void {
    for (const fd of this.#copies.splice(0)) native.close(fd)
  }

  #error(errno: number): SocketError {
    if (errno === EPERM && this.fdCount > 0 && !this.#claims) {
      const message =
        'The receiver does not accept descriptors (its maxFds is 0, SO_PASSRIGHTS is off); nothing was sent'
      return ownError('ERR_FDS_REFUSED', message, { errno, syscall: 'sendmsg' })
    }
    return systemError(errno, 'sendmsg', this.#address === undefined ? {} : { address: this.#address })
  }
}

function packAll(others: ControlMessage[], fds: readonly number[]): Uint8Array {
  if (others.length === 0 && fds.length === 0) return NOTHING
  return packControl([...others, ...rightsMessage(fds)])
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
