/**
 * What the records of the benches look like: the same as in bench/c/records.h. Bytes 0 to 3 are the number of the record,
 * or one of two marks: where the clock starts and where it stops. Bytes 4 to 7 of a mark tell how many records went
 * before it. The rest is a pattern.
 */
import { fail, finish, nowNanoseconds } from './program.js'

export const HEAD = 8
export const START = 0x80000001
export const STOP = 0x80000002

export function filledRecord(size: number): Buffer {
  const record = Buffer.alloc(size)
  for (let at = HEAD; at < size; at++) record[at] = at * 31 + (at >> 8) * 17
  return record
}

/** Counts records and holds the clock. It ends the program at the last one, or as soon as a number is wrong. */
export class Heads {
  #next = 0
  #first = 0
  #started = 0
  readonly #last: () => void

  constructor(last: () => void = () => {}) {
    this.#last = last
  }

  get isTimed(): boolean {
    return this.#started !== 0
  }

  /** How many came. */
  get count(): number {
    return this.#next
  }

  take(data: Buffer): void {
    if (data.readUInt32LE(0) === this.#next) this.#next++
    else this.#mark(data)
  }

  #mark(data: Buffer): void {
    const number = data.readUInt32LE(0)
    const before = data.readUInt32LE(4)
    if (number !== START && number !== STOP)
      fail(`a record is missing or out of order: ${this.#next} was due, ${number} came`)
    if (before !== this.#next) fail(`records are missing: ${before} were sent, ${this.#next} came`)
    if (number === STOP) this.#finish()
    this.#first = this.#next
    this.#started = nowNanoseconds()
  }

  #finish(): void {
    const nanoseconds = nowNanoseconds() - this.#started
    this.#last()
    finish({ nanoseconds, operations: this.#next - this.#first + 1 })
  }
}

/** Whole records: of their bytes all are compared before the clock runs, then length and number. */
export class RecordCheck {
  readonly #heads: Heads
  readonly #size: number
  readonly #right: Buffer

  /** @param last What to do when all have come. */
  constructor(size: number, last?: () => void) {
    this.#heads = new Heads(last)
    this.#size = size
    this.#right = filledRecord(size)
  }

  get count(): number {
    return this.#heads.count
  }

  get isTimed(): boolean {
    return this.#heads.isTimed
  }

  take(data: Buffer): void {
    if (data.length !== this.#size) fail(`a record has ${data.length} bytes instead of ${this.#size}`)
    if (!this.#heads.isTimed && data.compare(this.#right, HEAD, this.#size, HEAD) !== 0) fail('a byte is wrong')
    this.#heads.take(data)
  }
}

/** Records in a stream, wherever its chunks end. While the clock runs, of each part of a record its first and last byte. */
export class StreamCheck {
  readonly #heads: Heads
  readonly #size: number
  readonly #right: Buffer
  readonly #head = Buffer.alloc(HEAD)
  /** Where in a record the next byte is. */
  #offset = 0

  /** @param last What to do when all have come. */
  constructor(size: number, last?: () => void) {
    this.#heads = new Heads(last)
    this.#size = size
    this.#right = filledRecord(size)
  }

  take(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const length = Math.min(chunk.length - at, this.#size - this.#offset)
      this.#part(chunk, at, length)
      at += length
    }
  }

  #part(chunk: Buffer, at: number, length: number): void {
    const offset = this.#offset
    const skipped = Math.min(length, Math.max(0, HEAD - offset))
    if (skipped > 0) this.#takeHead(chunk, at, offset, skipped)
    if (length > skipped) this.#takeBytes(chunk, at + skipped, at + length, offset + skipped)
    this.#offset = (offset + length) % this.#size
  }

  /** A head may come in two parts. */
  #takeHead(chunk: Buffer, at: number, offset: number, length: number): void {
    chunk.copy(this.#head, offset, at, at + length)
    if (offset + length === HEAD) this.#heads.take(this.#head)
  }

  #takeBytes(chunk: Buffer, from: number, to: number, offset: number): void {
    const right = this.#right
    const last = offset + to - from - 1
    const isRight = this.#heads.isTimed
      ? chunk[from] === right[offset] && chunk[to - 1] === right[last]
      : chunk.compare(right, offset, last + 1, from, to) === 0
    if (!isRight) fail('a byte is wrong')
  }
}
