/**
 * Accepts that may wait: for one who asked for a connection, and for a loop, which ends when its listener is closed. Knows the queue
 * and the handle of a listener, not how connections are made.
 */
import { hasCode } from './errors.js'
import type { Handle } from './handle.js'
import type { Operation, Waiting } from './queue.js'

/** What a loop is told when there is nothing more. */
export const END: IteratorReturnResult<undefined> = { done: true, value: undefined }

/** An accept that may wait. */
export class Accept<S> implements Operation<S> {
  readonly syscall = 'accept'
  protected readonly handle: Handle
  readonly #accepted: readonly unknown[]
  readonly #attempt: (isOver: () => boolean) => S | Waiting
  #over = false

  constructor(handle: Handle, accepted: readonly unknown[], attempt: (isOver: () => boolean) => S | Waiting) {
    this.handle = handle
    this.#accepted = accepted
    this.#attempt = attempt
  }

  get atHand(): boolean {
    return this.#accepted.length > 0
  }

  attempt(): S | Waiting {
    return this.#attempt(() => this.#over)
  }

  queued(): void {
    this.handle.open
  }

  cancelled(error: Error): Error {
    this.#over = true
    return error
  }
}

/** One of a loop. */
export class AcceptNext<S> extends Accept<IteratorResult<S, undefined>> {
  /** To be closed is no error of a loop. */
  answered(error: unknown): IteratorReturnResult<undefined> | undefined {
    return this.handle.closed && hasCode(error, 'ERR_SOCKET_CLOSED') ? END : undefined
  }
}
