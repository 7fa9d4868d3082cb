/**
 * Counts what a client does one after the other, and holds the clock: first for a while that is not timed, then for the time
 * that is. It ends the program.
 */
import { finish, nowNanoseconds, settings } from './program.js'

/** Between two looks at the clock. */
const STRIDE = 4

export class Turns {
  #done = 0
  #first = 0
  #started = 0
  #until = nowNanoseconds() + settings.warm * 1e6

  /** One more is done. */
  take(): void {
    this.#done++
    if (this.#done % STRIDE !== 0) return
    const now = nowNanoseconds()
    if (now < this.#until) return
    if (this.#started !== 0) {
      finish({ nanoseconds: now - this.#started, operations: this.#done - this.#first, connected: this.#done })
    }
    this.#started = now
    this.#first = this.#done
    this.#until = now + settings.timed * 1e6
  }
}
