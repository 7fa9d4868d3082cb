/**
 * A message whose data is the receiver's for ever, and the rows of facts that the native side wrote, read as objects.
 * It receives nothing itself, and knows nothing of batches.
 */
import { addressOf } from './address.js'
import { unpackControl } from './control.js'
import { Attached, type Envelope, Enveloped, NOTHING, noControl, type Sender } from './envelope.js'
import { ownError, type SocketError } from './errors.js'
import type { Connector } from './message-credentials.js'
import { constants } from './native.js'
import { type ProcessHandle, receivedProcess } from './process.js'
import { Parcel } from './received-fds.js'
import { copySlot, ownBlock, receivedFacts } from './slabs.js'
import type { Address } from './words.js'

/** A message whose data is yours for ever, also after `close()`. */
export interface Message extends Envelope {
  readonly data: Buffer
}

/** The one implementation of {@link Message}. */
export class ReceivedMessage extends Enveloped implements Message {
  readonly data: Buffer

  constructor(data: Buffer, offset: number, attached: Attached | undefined) {
    super(offset, attached)
    this.data = data
  }

  /** Of a stream chunk: the first `length` bytes with all that came with them, and the bytes behind. This one is empty afterwards. */
  split(length: number): [ReceivedMessage, ReceivedMessage] {
    const { data, offset } = this
    const attached = Enveloped.attachedTo(this)
    const sender = attached?.facts.sender ?? null
    const head = new ReceivedMessage(data.subarray(0, length), offset, attached?.moveToHead())
    const known = sender === null ? undefined : new Attached({ ...NOTHING, sender }, undefined, null)
    return [head, new ReceivedMessage(data.subarray(length), offset + length, known)]
  }
}

/** Where the numbers of a row stand: see crates/binding/src/receiving.rs. */
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
const SPECIAL = 19

/** The messages that one `receive` left in a slab, read in order. */
export class Arrivals {
  readonly #slab: Buffer
  readonly #receiver: { readonly connector: Connector }
  #parcel: Parcel | undefined

  /** `receiver` tells who connected, where a message says who sent it. */
  constructor(slab: Buffer, receiver: { readonly connector: Connector }) {
    this.#slab = slab
    this.#receiver = receiver
  }

  /** How many bytes lie in a slot. */
  length(slot: number): number {
    return receivedFacts().meta[rowOf(slot) + COPIED] as number
  }

  /** The true length of a record that did not fit its slot; 0 where it did. */
  lost(slot: number): number {
    const row = rowOf(slot)
    const { meta } = receivedFacts()
    if (meta[row + SPECIAL] === 0 || meta[row + LENGTH] === meta[row + COPIED]) return 0
    return meta[row + LENGTH] as number
  }

  /** What came with a message beside its data. To be asked once. */
  attached(slot: number): Attached | undefined {
    const row = rowOf(slot)
    const { meta } = receivedFacts()
    if (meta[row + SPECIAL] === 0) return undefined
    const count = meta[row + FDS] as number
    const share = count === 0 ? undefined : this.#share(slot, count)
    if (isFdsOnly(meta, row)) return new Attached(NOTHING, share, null)
    const sender = meta[row + TOLD] === 1 ? senderIn(row, this.#receiver.connector) : null
    const facts = {
      fdsTruncated: meta[row + TRUNCATED] === 1,
      fdsRefused: meta[row + REFUSED] as number,
      sender,
      control: controlOf(slot, meta[row + CONTROL_LENGTH] as number),
      from: fromOf(slot, meta[row + NAME_LENGTH] as number),
    }
    return new Attached(facts, share, processIn(row, sender?.told.pid))
  }

  #share(slot: number, count: number) {
    this.#parcel ??= new Parcel()
    const start = slot * constants.scmFdsMax
    return this.#parcel.add(receivedFacts().fds, start, count)
  }

  /** A message with data of its own, or an error where it was longer than its room. `place`: memory that it was received into. */
  message(slot: number, offset: number, place: Buffer | undefined): ReceivedMessage | SocketError {
    const attached = this.attached(slot)
    const length = this.lost(slot)
    if (length > 0) {
      attached?.close()
      return truncatedError(length)
    }
    return messageIn(this.#slab, slot, offset, place, attached)
  }
}

/** A message of data that came whole, as most are. */
export function messageIn(
  slab: Buffer,
  slot: number,
  offset: number,
  place: Buffer | undefined,
  attached?: Attached,
): ReceivedMessage {
  const copied = receivedFacts().meta[rowOf(slot) + COPIED] as number
  const data = place === undefined ? copySlot(slab, slot, copied) : ownBlock(place, copied)
  return new ReceivedMessage(data, offset, attached)
}

/** A record that was longer than its room. */
export function truncatedError(length: number): SocketError {
  return ownError('ERR_MESSAGE_TRUNCATED', `A record of ${length} bytes did not fit and is lost`, { length })
}

function rowOf(slot: number): number {
  return (slot + 1) * constants.metaStride
}

/** Many messages that are special are so for their descriptors alone. */
function isFdsOnly(meta: Int32Array, row: number): boolean {
  const others =
    (meta[row + REFUSED] as number) |
    (meta[row + TRUNCATED] as number) |
    (meta[row + TOLD] as number) |
    (meta[row + CONTROL_LENGTH] as number) |
    (meta[row + PIDFD] as number)
  return others === 0 && (meta[row + NAME_LENGTH] as number) < 0
}

function senderIn(row: number, connector: Connector): Sender {
  const { meta } = receivedFacts()
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
  const pidfd = receivedFacts().meta[row + PIDFD] as number
  return pidfd === 0 ? null : receivedProcess(pidfd, pid !== undefined && pid > 0 ? pid : null)
}

function controlOf(slot: number, length: number) {
  if (length === 0) return noControl
  const start = slot * constants.extraSize
  return unpackControl(receivedFacts().extra.subarray(start, start + length))
}

function fromOf(slot: number, length: number): Address | null {
  if (length < 0) return null
  const start = (slot + 1) * constants.extraSize - constants.nameSize
  return addressOf(receivedFacts().extra.subarray(start, start + length))
}
