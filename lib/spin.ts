/**
 * Waiting without sleeping: for a short while the processor asks again and again, because to wake a process on another processor
 * takes many times as long as an answer. Who waits in vain does so rarely from then on. Knows a descriptor, not what comes.
 */
import { constants, native } from './native.js'

/** Vain attempts in a row before most are left out, and how many those are. */
const VAIN_MAX = 4
const RETRY_EVERY = 16

/** What one socket has learned. */
export class Spin {
  readonly #microseconds: number
  #vain = 0
  #skipped = 0
  /** Whether the last attempt was not in vain. */
  hasFound = false

  constructor(microseconds: number) {
    this.#microseconds = microseconds
  }

  /** Whether there is something to read by now, or an error to meet. */
  found(fd: number): boolean {
    if (this.#vain >= VAIN_MAX && ++this.#skipped % RETRY_EVERY !== 0) return false
    this.hasFound = native.spin(fd, constants.pollin, this.#microseconds) !== 0
    this.#vain = this.hasFound ? 0 : this.#vain + 1
    return this.hasFound
  }
}
