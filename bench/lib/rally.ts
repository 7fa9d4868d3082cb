/**
 * The client of a ping-pong: which record goes next, whether the right one came back, and when it is over. One record is on
 * its way at a time.
 */
import { fail, finish, nowNanoseconds, settings } from './program.js'
import { filledRecord } from './records.js'

/** Between two looks at the clock. */
const STRIDE = 16

export class Rally {
  readonly #record = filledRecord(settings.size)
  #next = 0
  #first = 0
  #started = 0
  #until = nowNanoseconds() + settings.warm * 1e6

  /** The record to be sent. It is the same memory each time. */
  get record(): Buffer {
    return this.#record
  }

  /** What came back; every byte is compared. Ends the program when the time is over. */
  take(data: Buffer): void {
    if (data.length !== this.#record.length || !data.equals(this.#record)) fail(`answer ${this.#next} is wrong`)
    this.#next++
    this.#record.writeUInt32LE(this.#next, 0)
    if (this.#next % STRIDE === 0) this.#look()
  }

  #look(): void {
    const now = nowNanoseconds()
    if (now < this.#until) return
    if (this.#started !== 0) finish({ nanoseconds: now - this.#started, operations: this.#next - this.#first })
    this.#started = now
    this.#first = this.#next
    this.#until = now + settings.timed * 1e6
  }
}
