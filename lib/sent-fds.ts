/**
 * Descriptors that have been sent and that nobody has answered for. macOS may lose one that its sender closes while it is on its way,
 * so a duplicate of each stays open until an answer comes, and for some seconds when the socket is closed before that. Knows numbers
 * and times, no sockets and no messages.
 */
import { native } from './native.js'
import { closeNumbers } from './received-fds.js'

/** How much is kept, and for how long. */
export interface Keeping {
  /** For one socket. */
  readonly most: number
  /** For all sockets of this thread. */
  readonly mostOfAll: number
  /** After the close of the socket, because the peer may not have read yet (milliseconds). */
  readonly graceMs: number
}

const MOST = 512
const GRACE_MS = 5000
/** Of the descriptors that the process may have open, one of so many. */
const SHARE = 4

let usual: Keeping | undefined

function usualKeeping(): Keeping {
  if (usual !== undefined) return usual
  const [, limit] = native.descriptorUsage() as [number, number]
  usual = { most: MOST, mostOfAll: Math.floor(limit / SHARE), graceMs: GRACE_MS }
  return usual
}

/** Those whose sockets are closed, the oldest first. */
const lingering = new Set<SentFds>()
/** Kept by all of this thread. */
let total = 0

/** What one socket has sent. */
export class SentFds {
  readonly #keeping: Keeping
  /** The oldest first. */
  readonly #numbers: number[] = []
  /** How many of the last ones went with a message that has not gone whole: nobody can have answered that. */
  #begun = 0
  #timer: NodeJS.Timeout | undefined

  constructor(keeping = usualKeeping()) {
    this.#keeping = keeping
  }

  get length(): number {
    return this.#numbers.length
  }

  /** Keeps duplicates of what has just been sent. Where none can be made it does without: they have gone, and that is no error. */
  keep(fds: readonly number[]): void {
    this.take(fds.map((fd) => native.duplicate(fd)).filter((copy) => copy >= 0))
  }

  /** The same with duplicates that are there already: they are ours from now on. */
  take(copies: readonly number[]): void {
    this.#begun = copies.length
    this.#numbers.push(...copies)
    total += copies.length
    this.#drop(this.length - this.#keeping.most)
    for (const one of lingering) {
      if (total <= this.#keeping.mostOfAll) return
      one.drop()
    }
    this.#drop(total - this.#keeping.mostOfAll)
  }

  /** The message of what was kept last has gone whole. */
  completed(): void {
    this.#begun = 0
  }

  /** Something has come: the peer has all that had gone whole before. */
  answered(): void {
    this.#drop(this.length - this.#begun)
  }

  /** The socket is closed: nothing can come. */
  linger(): void {
    if (this.length === 0) return
    lingering.add(this)
    this.#timer = setTimeout(() => this.drop(), this.#keeping.graceMs)
    this.#timer.unref()
  }

  /** Keeps nothing any more. */
  drop(): void {
    clearTimeout(this.#timer)
    lingering.delete(this)
    this.#drop(this.length)
  }

  /** Closes the oldest: on a thread, because by now ours may be the last. */
  #drop(count: number): void {
    if (count <= 0) return
    const oldest = this.#numbers.splice(0, count)
    total -= oldest.length
    closeNumbers(oldest)
  }
}
