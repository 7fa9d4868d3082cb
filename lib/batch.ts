/**
 * Messages that were received together, and messages whose bytes are only lent.
 * Knows messages; who receives them is not its business.
 */
import type { OwnedFd } from './descriptor.js'
import { closedError } from './errors.js'
import type { ControlMessage, Envelope, Message } from './message.js'
import type { SenderCredentials } from './message-credentials.js'
import type { ProcessHandle } from './process.js'
import type { Address } from './words.js'

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

/** A message whose bytes are lent: see {@link BorrowedMessage}. */
class LentMessage implements BorrowedMessage {
  readonly #message: Message
  readonly #batch: MessageBatch<BorrowedMessage>

  constructor(message: Message, batch: MessageBatch<BorrowedMessage>) {
    this.#message = message
    this.#batch = batch
  }

  get view(): Buffer {
    if (this.#batch.closed) throw closedError('batch')
    return this.#message.data
  }

  copy(): Buffer {
    return Buffer.from(this.view)
  }

  get fds(): readonly OwnedFd[] {
    return this.#message.fds
  }

  takeFds(): OwnedFd[]
  takeFds(count: 1): [OwnedFd]
  takeFds(count: 2): [OwnedFd, OwnedFd]
  takeFds(count: number): OwnedFd[]
  takeFds(count?: number): OwnedFd[] {
    return count === undefined ? this.#message.takeFds() : this.#message.takeFds(count)
  }

  get fdsTruncated(): boolean {
    return this.#message.fdsTruncated
  }

  get fdsRefused(): number {
    return this.#message.fdsRefused
  }

  get credentials(): SenderCredentials | null {
    return this.#message.credentials
  }

  get process(): ProcessHandle | null {
    return this.#message.process
  }

  takeProcess(): ProcessHandle | null {
    return this.#message.takeProcess()
  }

  get from(): Address | null {
    return this.#message.from
  }

  get control(): readonly ControlMessage[] {
    return this.#message.control
  }

  get offset(): number {
    return this.#message.offset
  }

  close(): void {
    this.#message.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** The one implementation of {@link Batch}. */
export class MessageBatch<M extends Envelope> implements Batch<M> {
  readonly #messages: readonly M[]
  closed = false

  private constructor(make: (batch: MessageBatch<M>) => M[]) {
    this.#messages = make(this)
  }

  /** A batch of messages that keep their bytes. */
  static owned(messages: Message[]): MessageBatch<Message> {
    return new MessageBatch<Message>(() => messages)
  }

  /** A batch whose bytes are lent until it is closed. */
  static lent(messages: Message[]): MessageBatch<BorrowedMessage> {
    return new MessageBatch<BorrowedMessage>((batch) => messages.map((message) => new LentMessage(message, batch)))
  }

  get length(): number {
    return this.#messages.length
  }

  [Symbol.iterator](): Iterator<M> {
    return this.#messages[Symbol.iterator]()
  }

  close(): void {
    this.closed = true
    for (const message of this.#messages) message.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}
