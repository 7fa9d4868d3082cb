/**
 * What a receive brings: messages with their data, descriptors, credentials and control messages, one by one or in batches.
 * Turns the rows that the native side wrote into objects; it receives nothing itself.
 */
import { endianness } from 'node:os'
import { addressOf } from './address.js'
import { integer } from './arguments.js'
import { type Credentials, messageCredentials } from './credentials.js'
import { OwnedFd } from './descriptor.js'
import { ownError } from './errors.js'
import { constants, copySlot, receiveMemory } from './native.js'
import type { Address } from './words.js'

/** A control message that the package does not interpret, as it came or as it is to be sent. See cmsg(3). */
export interface ControlMessage {
  level: number
  type: number
  data: Buffer
}

/** What comes with the data of a message. */
export interface Envelope extends Disposable {
  /**
   * The descriptors, in the sender's order; owned by the message until taken, closed with it.
   *
   * @throws ERR_FDS_TRUNCATED The kernel could not give all of them (out of descriptors); those that came are closed.
   * @throws ERR_FDS_REFUSED There were more than `maxFds`; all are closed.
   */
  readonly fds: readonly OwnedFd[]
  /** Takes all descriptors: they are yours, and closing the message leaves them open. */
  takeFds(): OwnedFd[]
  /** @throws ERR_FDS_COUNT Another number of them came; all are closed. */
  takeFds(count: 1): [OwnedFd]
  takeFds(count: 2): [OwnedFd, OwnedFd]
  takeFds(count: number): OwnedFd[]
  /** The kernel could not give all descriptors. */
  readonly fdsTruncated: boolean
  /** How many descriptors were closed because they were more than `maxFds`; 0 when none. */
  readonly fdsRefused: number
  /** Who sent it, as claimed by the sender and checked by the kernel; null where nobody said. */
  readonly credentials: Credentials<'send'> | null
  /** The sender's address on a datagram socket; null where it has none. */
  readonly from: Address | null
  /** Control messages that have no field of their own. */
  readonly control: readonly ControlMessage[]
  /** Position of the first byte in what this socket has received, in bytes. */
  readonly offset: number
  /** Closes the descriptors that nobody took. The data stays. */
  close(): void
}

/** A message whose data is yours for ever, also after `close()`. */
export interface Message extends Envelope {
  readonly data: Buffer
}

/** Everything about a message but its methods. */
interface Facts {
  readonly data: Buffer
  readonly offset: number
  readonly fdsTruncated: boolean
  readonly fdsRefused: number
  readonly credentials: Credentials<'send'> | null
  readonly from: Address | null
  readonly control: readonly ControlMessage[]
}

/** The one implementation of {@link Message}. */
export class ReceivedMessage implements Message {
  readonly #facts: Facts
  #fds: OwnedFd[]

  constructor(facts: Facts, fds: OwnedFd[]) {
    this.#facts = facts
    this.#fds = fds
  }

  get data(): Buffer {
    return this.#facts.data
  }

  get offset(): number {
    return this.#facts.offset
  }

  get fdsTruncated(): boolean {
    return this.#facts.fdsTruncated
  }

  get fdsRefused(): number {
    return this.#facts.fdsRefused
  }

  get credentials(): Credentials<'send'> | null {
    return this.#facts.credentials
  }

  get from(): Address | null {
    return this.#facts.from
  }

  get control(): readonly ControlMessage[] {
    return this.#facts.control
  }

  get fds(): readonly OwnedFd[] {
    this.#assertWhole()
    return this.#fds
  }

  takeFds(): OwnedFd[]
  takeFds(count: 1): [OwnedFd]
  takeFds(count: 2): [OwnedFd, OwnedFd]
  takeFds(count: number): OwnedFd[]
  takeFds(count?: number): OwnedFd[] {
    if (count !== undefined) integer(count, 'count', 0, constants.scmFdsMax)
    this.#assertWhole()
    if (count !== undefined && this.#fds.length !== count) {
      const came = this.#fds.length
      this.close()
      throw ownError('ERR_FDS_COUNT', `Expected ${count} descriptors, received ${came}; all are closed`)
    }
    return this.#giveFds()
  }

  /** Of a stream chunk: the first `length` bytes with all that came with them, and the bytes behind. This one is empty afterwards. */
  split(length: number): [ReceivedMessage, ReceivedMessage] {
    const { data, offset, credentials } = this.#facts
    const head = new ReceivedMessage({ ...this.#facts, data: data.subarray(0, length) }, this.#giveFds())
    const bare = { fdsTruncated: false, fdsRefused: 0, from: null, control: none }
    return [
      head,
      new ReceivedMessage({ ...bare, credentials, data: data.subarray(length), offset: offset + length }, []),
    ]
  }

  close(): void {
    for (const fd of this.#giveFds()) fd.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** A new list, so that a list that the user has already read stays as it was. */
  #giveFds(): OwnedFd[] {
    const fds = this.#fds
    this.#fds = []
    return fds
  }

  #assertWhole(): void {
    if (this.fdsTruncated) {
      throw ownError(
        'ERR_FDS_TRUNCATED',
        'The process was out of descriptors: some of this message are lost, the others are closed',
      )
    }
    if (this.fdsRefused > 0) {
      throw ownError('ERR_FDS_REFUSED', `${this.fdsRefused} descriptors came, more than maxFds allows; all are closed`)
    }
  }
}

const none: readonly ControlMessage[] = Object.freeze([])
const littleEndian = endianness() === 'LE'

/**
 * The message in a slot of the last `receive`, or an error where it was longer than its room.
 *
 * @param type Type of the socket; on seqpacket our own timestamp is not the user's business.
 * @param place Memory of its own that it was received into, instead of a slot.
 */
export function messageIn(slot: number, type: number, offset: number, place?: Buffer): ReceivedMessage | Error {
  const { meta } = receiveMemory()
  const row = (slot + 1) * constants.metaStride
  const [copied, length, count, refused, truncated, told] = meta.subarray(row, row + 6) as unknown as number[] as Six
  const [pid, uid, gid, controlLength, nameLength] = meta.subarray(row + 6, row + 11) as unknown as number[] as Five
  const fds = ownFds(slot, count)
  if (length > copied) {
    for (const fd of fds) fd.close()
    return ownError('ERR_MESSAGE_TRUNCATED', `A record of ${length} bytes did not fit and is lost`, { length })
  }
  const facts: Facts = {
    data: place === undefined ? copySlot(slot, copied) : place.subarray(0, copied),
    offset,
    fdsTruncated: truncated === 1,
    fdsRefused: refused,
    credentials: told === 1 ? messageCredentials(pid, uid, gid) : null,
    control: controlOf(slot, controlLength, type === constants.sockSeqpacket),
    from: fromOf(slot, nameLength),
  }
  return new ReceivedMessage(facts, fds)
}

type Six = [number, number, number, number, number, number]
type Five = [number, number, number, number, number]

function ownFds(slot: number, count: number): OwnedFd[] {
  if (count === 0) return []
  const start = slot * constants.scmFdsMax
  return Array.from(receiveMemory().fds.subarray(start, start + count), (fd) => OwnedFd.own(fd))
}

/** Level, type and length as C ints, then the payload, repeated. */
function controlOf(slot: number, length: number, hideTimestamp: boolean): readonly ControlMessage[] {
  if (length === 0) return none
  const start = slot * constants.extraSize
  const bytes = receiveMemory().extra.subarray(start, start + length)
  const words = new DataView(bytes.buffer, bytes.byteOffset, length)
  const messages: ControlMessage[] = []
  for (let at = 0; at < length; ) {
    const level = words.getInt32(at, littleEndian)
    const type = words.getInt32(at + 4, littleEndian)
    const end = at + 12 + words.getInt32(at + 8, littleEndian)
    const ours = hideTimestamp && level === constants.solSocket && type === constants.soTimestamp
    if (!ours) messages.push({ level, type, data: Buffer.from(bytes.subarray(at + 12, end)) })
    at = end
  }
  return messages
}

/** Control messages packed in the same form, for the native `send`. */
export function packControl(messages: readonly ControlMessage[]): Buffer {
  return Buffer.concat(
    messages.flatMap(({ level, type, data }) => [Buffer.from(Int32Array.of(level, type, data.length).buffer), data]),
  )
}

function fromOf(slot: number, length: number): Address | null {
  if (length < 0) return null
  const start = (slot + 1) * constants.extraSize - constants.nameSize
  return addressOf(receiveMemory().extra.subarray(start, start + length))
}
