/**
 * The records of a sender in JavaScript, as those of bench/c/sender.c: numbered ones for a while that is not timed, a mark, those
 * of the time that is, and a mark. It sends nothing itself.
 */
import { nowNanoseconds, settings } from './program.js'
import { filledRecord, START, STOP } from './records.js'

/** Between two looks at the clock. */
const STRIDE = 32

export class Flood {
  #next = 0
  #hasStarted = false
  #until = nowNanoseconds() + settings.warm * 1e6
  /** The last record has been written. */
  isOver = false

  static records(count: number): Buffer[] {
    return Array.from({ length: count }, () => filledRecord(settings.size))
  }

  /** Writes the head of the record that is to go next. */
  write(record: Buffer): Buffer {
    if (this.#next % STRIDE === 0 && nowNanoseconds() >= this.#until) return this.#mark(record)
    record.writeUInt32LE(this.#next++, 0)
    record.writeUInt32LE(0, 4)
    return record
  }

  #mark(record: Buffer): Buffer {
    this.isOver = this.#hasStarted
    record.writeUInt32LE(this.isOver ? STOP : START, 0)
    record.writeUInt32LE(this.#next, 4)
    this.#hasStarted = true
    this.#until = nowNanoseconds() + settings.timed * 1e6
    return record
  }
}
