/**
 * How many messages or connections a loop asks for at a time. In a conversation one comes at a time, and to ask for more costs as much
 * as that one; in a flood all that there is room for should come at once. Which of the two it is, the last times tell. Knows only counts.
 */

/** Receives in a row that must come back full before more is asked for, at most. */
const PATIENCE_MAX = 64
const GROWTH = 4

/** What one socket has learned. */
export class ReadAhead {
  readonly #most: number
  #want: number
  #full = 0
  /** How many full ones are asked for: more after each growth that brought nothing. */
  #patience = 1

  constructor(most: number) {
    this.#most = most
    this.#want = most
  }

  /** How many to ask for. */
  get want(): number {
    return this.#want
  }

  /** So many came, when `want` was asked for. */
  learn(count: number): void {
    if (count > 1) this.#patience = 1
    if (count >= this.#want) {
      if (++this.#full < this.#patience) return
      this.#want = Math.min(this.#most, this.#want * GROWTH)
    } else if (count > 1) {
      this.#want = Math.min(this.#most, count * 2)
    } else {
      this.#want = 1
      this.#patience = Math.min(PATIENCE_MAX, this.#patience * 2)
    }
    this.#full = 0
  }
}
