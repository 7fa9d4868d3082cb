/**
 * Descriptors as they come: those of one receive have one owner, until somebody touches those of a message. So a batch of hundreds
 * is closed with one call, and an object for each of them is made for who wants one. Knows numbers, and no messages.
 */
import { OwnedFd } from './descriptor.js'
import { closeWhenForgotten, type Forgettable, noLongerForgettable } from './handle.js'
import { native } from './native.js'

const GONE = -1

/** The numbers. The garbage collector's net holds on to this, so it must not know its parcel. */
class Numbers implements Forgettable {
  readonly what = 'received descriptor'
  readonly #numbers: number[] = []
  #left = 0

  get fd(): number {
    return this.#numbers.find((number) => number !== GONE) ?? GONE
  }

  get closed(): boolean {
    return this.#left === 0
  }

  get length(): number {
    return this.#numbers.length
  }

  add(number: number): void {
    this.#numbers.push(number)
    this.#left++
  }

  /** Moves the numbers of a share that have not been taken yet into `taken`: they are the caller's. */
  take(start: number, end: number, taken: number[]): number[] {
    for (let at = start; at < end; at++) {
      const number = this.#numbers[at] as number
      if (number === GONE) continue
      taken.push(number)
      this.#numbers[at] = GONE
      this.#left--
    }
    if (this.#left === 0) noLongerForgettable(this)
    return taken
  }

  close(): void {
    closeNumbers(this.take(0, this.length, []))
  }
}

/** All descriptors of one receive. */
export class Parcel {
  readonly #numbers = new Numbers()

  constructor() {
    closeWhenForgotten(this, this.#numbers)
  }

  /** Adds those of one message. */
  add(numbers: Int32Array, from: number, count: number): Share {
    const start = this.#numbers.length
    for (let at = from; at < from + count; at++) this.#numbers.add(numbers[at] as number)
    return new Share(this, this.#numbers, start, this.#numbers.length)
  }
}

/** The descriptors of one message. */
export class Share {
  /** Keeps the net away as long as a message lives. */
  readonly parcel: Parcel
  readonly #numbers: Numbers
  readonly #start: number
  readonly #end: number

  constructor(parcel: Parcel, numbers: Numbers, start: number, end: number) {
    this.parcel = parcel
    this.#numbers = numbers
    this.#start = start
    this.#end = end
  }

  get length(): number {
    return this.#end - this.#start
  }

  /** An owner for each, once. */
  own(): OwnedFd[] {
    return this.#numbers.take(this.#start, this.#end, []).map((number) => OwnedFd.own(number, true))
  }

  /** Gives up the bare numbers, to be closed together with others. */
  release(into: number[]): void {
    this.#numbers.take(this.#start, this.#end, into)
  }
}

const closing = new Int32Array(512)

/** close(2) of many numbers, on a thread: nobody knows how long the last close of somebody else's file takes. */
export function closeNumbers(numbers: readonly number[]): void {
  for (let start = 0; start < numbers.length; start += closing.length) {
    const count = Math.min(numbers.length - start, closing.length)
    for (let at = 0; at < count; at++) closing[at] = numbers[start + at] as number
    native.closeAllElsewhere(closing, count)
  }
}
