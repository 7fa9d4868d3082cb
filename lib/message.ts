/**
 * What a receive brings: messages with their data, descriptors, credentials and control messages, one by one or in batches.
 * Turns the rows that the native side wrote into objects; it receives nothing itself.
 */
import { endianness } from 'node:os'
import { addressOf } from './address.js'
import { integer } from './arguments.js'
import { OwnedFd } from './descriptor.js'
import { ownError } from './errors.js'
import { type Connector, type SenderCredentials, senderCredentials, type Told } from './message-credentials.js'
import { constants, copySlot, receiveMemory } from './native.js'
import { ProcessHandle, receivedProcess } from './process.js'
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
  /**
   * Who sent it, as claimed by the sender and checked by the kernel, which lets a privileged sender claim anything; null where
   * nobody said. What is joined from other sources is asked for when you first read this.
   */
  readonly credentials: SenderCredentials | null
  /**
   * The sending process, with `passProcess`; owned by the message until taken, closed with it. null: not asked for, or sent before
   * that. A process that had ended already is a handle that is not alive. The kernel makes the handle from the process id in the
   * credentials: where a privileged sender claims another's id, this is that other process, and `credentials.sentByPeer` is not true.
   *
   * @throws EMFILE, ENFILE No descriptor was free for it.
   */
  readonly process: ProcessHandle | null
  /** Takes the process handle: it is yours, and closing the message leaves it open. Throws as `process`. */
  takeProcess(): ProcessHandle | null
  /** The sender's address on a datagram socket; null where it has none. */
  readonly from: Address | null
  /** Control messages that have no field of their own. */
  readonly control: readonly ControlMessage[]
  /** Position of the first byte in what this socket has received, in bytes. */
  readonly offset: number
  /** Closes the descriptors and the process handle that nobody took. The data stays. */
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
  readonly sender: Sender | null
  readonly from: Address | null
  readonly control: readonly ControlMessage[]
}

/** What came of the sender, and what judges it. */
interface Sender {
  readonly told: Omit<Told, 'pidfd'>
  readonly connector: Connector
}

/** The one implementation of {@link Message}. */
export class ReceivedMessage implements Message {
  readonly #facts: Facts
  #fds: readonly OwnedFd[]
  #process: ProcessHandle | Error | null
  /** undefined: nobody has asked yet. */
  #credentials: SenderCredentials | null | undefined

  constructor(facts: Facts, fds: readonly OwnedFd[], process: ProcessHandle | Error | null) {
    this.#facts = facts
    this.#fds = fds
    this.#process = process
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

  get credentials(): SenderCredentials | null {
    if (this.#credentials === undefined) this.#credentials = this.#join()
    return this.#credentials
  }

  #join(): SenderCredentials | null {
    const { sender } = this.#facts
    if (sender === null) return null
    const pidfd = (): number => (this.#process instanceof ProcessHandle ? this.#process.fd : -1)
    return senderCredentials({ ...sender.told, pidfd }, sender.connector)
  }

  get process(): ProcessHandle | null {
    if (this.#process instanceof Error) throw this.#process
    return this.#process
  }

  takeProcess(): ProcessHandle | null {
    // Before it leaves: what is joined through it belongs to the message.
    this.credentials
    const handle = this.process
    this.#process = null
    return handle
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
    const { data, offset, sender } = this.#facts
    const process = this.#process
    this.#process = null
    const head = new ReceivedMessage({ ...this.#facts, data: data.subarray(0, length) }, this.#giveFds(), process)
    const bare = { fdsTruncated: false, fdsRefused: 0, from: null, control: none }
    const rest = { ...bare, sender, data: data.subarray(length), offset: offset + length }
    return [head, new ReceivedMessage(rest, [], null)]
  }

  close(): void {
    for (const fd of this.#giveFds()) fd.close()
    if (this.#process instanceof ProcessHandle) this.#process.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** A new list, so that a list that the user has already read stays as it was. */
  #giveFds(): OwnedFd[] {
    const fds = this.#fds
    this.#fds = noFds
    return fds === noFds ? [] : (fds as OwnedFd[])
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

/** What the receiver knows of a message beside its row. */
export interface Arrival {
  readonly offset: number
  readonly connector: Connector
  /** Memory of its own that it was received into, instead of a slot. */
  readonly place: Buffer | undefined
}

/** Where the numbers of a row stand: see crates/binding/src/message.rs. */
const COPIED = 0
const LENGTH = 1
const FDS = 2
const REFUSED = 3
const TRUNCATED = 4
const TOLD = 5
const PID = 6
const UID = 7
const GID = 8
const CONTROL_LENGTH = 9
const NAME_LENGTH = 10
const PIDFD = 11
const IDS_TOLD = 12
const IDS = 13
const IDS_END = 19

/** The message in a slot of the last `receive`, or an error where it was longer than its room. */
export function messageIn(slot: number, { offset, connector, place }: Arrival): ReceivedMessage | Error {
  const row = (slot + 1) * constants.metaStride
  const { meta } = receiveMemory()
  const copied = meta[row + COPIED] as number
  const length = meta[row + LENGTH] as number
  const told = meta[row + TOLD] === 1
  const sender = told ? senderIn(row, connector) : null
  const process = processIn(row, sender?.told.pid)
  const fds = ownFds(slot, meta[row + FDS] as number)
  if (length > copied) {
    for (const fd of fds) fd.close()
    if (process instanceof ProcessHandle) process.close()
    return ownError('ERR_MESSAGE_TRUNCATED', `A record of ${length} bytes did not fit and is lost`, { length })
  }
  const facts: Facts = {
    data: place === undefined ? copySlot(slot, copied) : place.subarray(0, copied),
    offset,
    fdsTruncated: meta[row + TRUNCATED] === 1,
    fdsRefused: meta[row + REFUSED] as number,
    sender,
    control: controlOf(slot, meta[row + CONTROL_LENGTH] as number),
    from: fromOf(slot, meta[row + NAME_LENGTH] as number),
  }
  return new ReceivedMessage(facts, fds, process)
}

function senderIn(row: number, connector: Connector): Sender {
  const { meta } = receiveMemory()
  const ids = meta[row + IDS_TOLD] === 1 ? [...meta.subarray(row + IDS, row + IDS_END)] : null
  const told = {
    pid: meta[row + PID] as number,
    uid: (meta[row + UID] as number) >>> 0,
    gid: (meta[row + GID] as number) >>> 0,
    ids,
    at: ids === null ? 0 : Date.now(),
    turn: connector.turn,
  }
  return { told, connector }
}

function processIn(row: number, pid: number | undefined): ProcessHandle | Error | null {
  const pidfd = receiveMemory().meta[row + PIDFD] as number
  return pidfd === 0 ? null : receivedProcess(pidfd, pid !== undefined && pid > 0 ? pid : null)
}

/** Shared by all messages without descriptors. */
const noFds = Object.freeze<OwnedFd[]>([])

function ownFds(slot: number, count: number): readonly OwnedFd[] {
  if (count === 0) return noFds
  const start = slot * constants.scmFdsMax
  return Array.from(receiveMemory().fds.subarray(start, start + count), (fd) => OwnedFd.own(fd))
}

/** Level, type and length as C ints, then the payload, repeated. */
function controlOf(slot: number, length: number): readonly ControlMessage[] {
  if (length === 0) return none
  const start = slot * constants.extraSize
  const bytes = receiveMemory().extra.subarray(start, start + length)
  const words = new DataView(bytes.buffer, bytes.byteOffset, length)
  const messages: ControlMessage[] = []
  for (let at = 0; at < length; ) {
    const level = words.getInt32(at, littleEndian)
    const type = words.getInt32(at + 4, littleEndian)
    const end = at + 12 + words.getInt32(at + 8, littleEndian)
    messages.push({ level, type, data: Buffer.from(bytes.subarray(at + 12, end)) })
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
