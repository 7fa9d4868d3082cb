/**
 * Messages that were received together, and messages whose bytes are only lent: these lie in a slab, which is used again when their
 * batch is closed. Knows slabs and messages; who receives them is not its business.
 */
import { type Attached, closeAll, type Envelope, Enveloped } from './envelope.js'
import { closedError } from './errors.js'
import type { Message, ReceivedMessage } from './message.js'
import { constants } from './native.js'
import { copySlot, giveSlab, viewOf } from './slabs.js'

/** A message whose bytes are lent until its batch is closed. */
export interface BorrowedMessage extends Envelope {
  /** Throws ERR_SOCKET_CLOSED after the batch was closed. */
  readonly view: Buffer
  /** The bytes, yours for ever. */
  copy(): Buffer
}

/** Messages that were received together. Closing it closes each of them; asking for the next batch does that too. */
export interface Batch<M = Message> extends Disposable, Iterable<M> {
  readonly length: number
  close(): void
}

/** Closes its messages, once. */
abstract class Together<M extends Enveloped> implements Batch<M> {
  readonly #messages: M[] = []
  #closed = false

  get closed(): boolean {
    return this.#closed
  }

  get length(): number {
    return this.#messages.length
  }

  /** @internal */
  push(message: M): void {
    this.#messages.push(message)
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#messages[Symbol.iterator]()
  }

  close(): void {
    this.#closed = true
    closeAll(this.#messages)
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Messages that keep their bytes. */
export class OwnedBatch extends Together<ReceivedMessage> {
  constructor(messages: readonly ReceivedMessage[]) {
    super()
    for (const message of messages) this.push(message)
  }
}

/** The one implementation of {@link BorrowedMessage}. */
class LentMessage extends Enveloped implements BorrowedMessage {
  readonly #batch: LentBatch
  readonly #memory: ArrayBufferLike
  readonly #start: number
  readonly #length: number

  constructor(
    batch: LentBatch,
    memory: ArrayBufferLike,
    start: number,
    length: number,
    offset: number,
    attached?: Attached,
  ) {
    super(offset, attached)
    this.#batch = batch
    this.#memory = memory
    this.#start = start
    this.#length = length
  }

  get view(): Buffer {
    if (this.#batch.closed) throw closedError('batch')
    return viewOf(this.#memory, this.#start, this.#length)
  }

  copy(): Buffer {
    return Buffer.from(this.view)
  }
}

/** Messages whose bytes are lent until it is closed. */
export class LentBatch extends Together<LentMessage> {
  #slab: Buffer | undefined
  readonly #memory: ArrayBufferLike | undefined

  /** A batch over a slab, which becomes the batch's; without one, of messages with bytes of their own. */
  constructor(slab?: Buffer) {
    super()
    this.#slab = slab
    this.#memory = slab?.buffer
  }

  /** Messages that had to be copied, lent all the same. */
  static of(messages: readonly ReceivedMessage[]): LentBatch {
    const batch = new LentBatch()
    for (const message of messages) {
      const { data, offset } = message
      const { buffer, byteOffset, length } = data
      batch.push(new LentMessage(batch, buffer, byteOffset, length, offset, Enveloped.attachedTo(message)))
    }
    return batch
  }

  /** Adds the message in a slot. The end of a long record lies elsewhere, in memory that the next receive overwrites: it is copied. */
  add(slot: number, length: number, offset: number, attached: Attached | undefined): void {
    if (length > constants.slotSize) {
      const { buffer, byteOffset } = copySlot(this.#slab as Buffer, slot, length)
      this.push(new LentMessage(this, buffer, byteOffset, length, offset, attached))
      return
    }
    const start = slot * constants.slotSize
    this.push(new LentMessage(this, this.#memory as ArrayBufferLike, start, length, offset, attached))
  }

  override close(): void {
    super.close()
    if (this.#slab === undefined) return
    giveSlab(this.#slab)
    this.#slab = undefined
  }
}
