/**
 * The reading half of a stream over a UnixSocket: while there is demand it receives in batches, one for each wake-up, and gives
 * the messages away one by one, in order, then the end. It knows messages and demand, not the stream that they go to.
 */
import { AsyncResource } from 'node:async_hooks'
import type { Message } from './message.js'
import type { UnixSocket } from './socket.js'

/** Whom the messages are for. */
export interface Taker {
  /** Whether it wants this message now; if not, it calls `resume` or `deliver` when it does. */
  wants(message: Message): boolean
  /** Whether it takes what comes. For others no more is read than one chunk: the rest must stay in the kernel, where a reset tells. */
  isFlowing(): boolean
  /** Takes a message and its descriptors. Returns false when it has enough for now. */
  take(message: Message): boolean
  /** Nothing follows: the end of the stream, or what went wrong. Called once. */
  over(error: Error | undefined): void
}

/** Most chunks that one wake-up reads for somebody who takes what comes. */
const BATCH = 4

/** Receives for one stream. */
export class Inlet {
  readonly #socket: UnixSocket<'stream'>
  readonly #taker: Taker
  /** Received and not yet taken. */
  #arrived: Message[]
  #demand = false
  #receiving = false
  #closed = false
  #end: { readonly error: Error | undefined } | undefined
  /** Listeners run where the stream was made, as those of a `net.Socket`, whoever asked for more last. */
  readonly #context = new AsyncResource('UnixDuplex')
  // Made once: one for each wake-up would cost as much as receiving.
  readonly #received = (messages: Message[] | null): void => this.#arrive(messages, undefined)
  readonly #failed = (error: unknown): void => this.#arrive(null, error as Error)
  readonly #deliverLater = (): void => this.#context.runInAsyncScope(this.deliver, this)

  /** `unread`: messages that were received before and come first. */
  constructor(socket: UnixSocket<'stream'>, taker: Taker, unread: readonly Message[]) {
    this.#socket = socket
    this.#taker = taker
    this.#arrived = [...unread]
  }

  /** There is demand, until the taker has enough. */
  resume(): void {
    this.#demand = true
    if (this.#arrived.length > 0 || this.#end !== undefined) this.deliver()
    else this.#receive()
  }

  /** Gives away what has arrived, as far as it is wanted. */
  deliver(): void {
    let isThrown = true
    try {
      while (this.#canGive()) this.#demand = this.#taker.take(this.#arrived.shift() as Message)
      isThrown = false
    } finally {
      // A listener has thrown: that is the user's error, and not the end of the others.
      if (isThrown) process.nextTick(this.#deliverLater)
    }
    if (this.#arrived.length > 0 || this.#closed) return
    if (this.#end !== undefined) this.#finish(this.#end.error)
    else if (this.#demand) this.#receive()
  }

  #canGive(): boolean {
    const next = this.#arrived[0]
    return !this.#closed && this.#demand && next !== undefined && this.#taker.wants(next)
  }

  #finish(error: Error | undefined): void {
    this.#closed = true
    this.#taker.over(error)
  }

  #receive(): void {
    if (this.#receiving || this.#closed || this.#end !== undefined) return
    this.#receiving = true
    this.#socket.recvManyFor(this.#taker.isFlowing() ? BATCH : 1, this.#received, this.#failed)
  }

  /** Delivered in a tick of its own: what a listener throws must be an uncaught exception, as everywhere else. */
  #arrive(messages: Message[] | null, error: Error | undefined): void {
    this.#receiving = false
    if (messages === null) this.#end = { error }
    else if (this.#arrived.length === 0) this.#arrived = messages
    else this.#arrived.push(...messages)
    if (this.#closed) this.close()
    else process.nextTick(this.#deliverLater)
  }

  /** Nobody wants anything any more: closes the descriptors that have arrived. */
  close(): void {
    this.#closed = true
    for (const message of this.#arrived.splice(0)) message.close()
  }
}
