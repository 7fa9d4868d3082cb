/**
 * The iterator of `for await (const message of socket)`: one object for a loop, and one Promise for a message, because a server may
 * have thousands of loops that wait. Knows the receiving half, not the socket.
 */
import { hasCode } from './errors.js'
import type { ReceivedMessage } from './message.js'
import type { Receiver } from './receiving.js'
import type { Wait } from './wait.js'

/** The messages until the end, or until the socket is closed. */
export class MessageLoop implements AsyncIterator<ReceivedMessage, undefined> {
  readonly #receiver: Receiver
  readonly #wait: Wait | undefined
  #done = false

  constructor(receiver: Receiver, wait: Wait | undefined) {
    this.#receiver = receiver
    this.#wait = wait
  }

  next(): Promise<IteratorResult<ReceivedMessage, undefined>> {
    if (this.#done || this.#receiver.closed) return Promise.resolve(this.finish())
    try {
      const value = this.#receiver.nextHeld()
      if (value !== undefined) return Promise.resolve({ done: false, value })
    } catch (error) {
      this.#done = true
      return Promise.reject(error)
    }
    return this.#receiver.nextFor(this, this.#wait)
  }

  /** The loop is broken: nothing is lost. */
  return(): Promise<IteratorReturnResult<undefined>> {
    return Promise.resolve(this.finish())
  }

  finish(): IteratorReturnResult<undefined> {
    this.#done = true
    return { done: true, value: undefined }
  }

  /** An error ends the loop. To be closed is no error; undefined: this is one. */
  failed(error: unknown): IteratorReturnResult<undefined> | undefined {
    this.#done = true
    return this.#receiver.closed && hasCode(error, 'ERR_SOCKET_CLOSED') ? this.finish() : undefined
  }
}
