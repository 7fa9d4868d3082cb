/**
 * The loop "try the system call; where it would wait, wait for readiness and try again": written once, here, for everything.
 * Operations of one direction are served in the order in which they were asked for. It knows no descriptors, sockets or messages.
 */
import { checkWait, NOTHING_TO_STOP, startWait, type Wait } from './wait.js'

/** Returned by an attempt: nothing now, the poller will tell when. */
export const AGAIN = Symbol('again')
/** Returned by an attempt: nothing now, and somebody will call `resume`. */
export const HOLD = Symbol('hold')

/** Returned by an attempt: nothing now, and no poller can tell when. Try again later, at growing distances (milliseconds). */
export class Later {
  constructor(
    readonly first: number,
    readonly longest: number,
  ) {}
}

/** What an attempt says when it cannot end yet. */
export type Waiting = typeof AGAIN | typeof HOLD | Later

/** One operation. `attempt` is called until it returns a value or throws. */
export interface Operation<T> {
  /** Name of the system call, for the error of a deadline. */
  readonly syscall: string
  attempt(): T | Waiting
  /**
   * Its attempt asks nothing of the kernel: what it wants was read ahead, or it has been done along with another. It must not wait
   * for a turn, because the poller may have nothing more to tell.
   */
  readonly atHand?: boolean
  /** It waits without sleeping first, and is always tried. */
  readonly spins?: boolean
  /** It has to wait. What it throws rejects this operation alone. */
  queued?(): void
  /** It was given up (abort, deadline, close); returns the error to reject with. */
  cancelled?(error: Error): Error
  /** It has failed: what to resolve with all the same, for those to whom that is an end; undefined: nothing. */
  answered?(error: unknown): T | undefined
  /** It has ended, in whatever way; called once, and only if `queued` was. */
  settled?(): void
}

/** One who waits. */
class Entry {
  readonly operation: Operation<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  stopWaiting: () => void = NOTHING_TO_STOP
  delay = 0

  constructor(operation: Operation<unknown>, resolve: (value: unknown) => void, reject: (error: unknown) => void) {
    this.operation = operation
    this.resolve = resolve
    this.reject = reject
  }
}

/** Work that one queue may do before others have their turn: 32 operations, or 256 KiB, or 1 ms. */
export const TURN_BYTES = 262_144
const OPERATION_COST = TURN_BYTES / 32
const QUEUE_TURN_MS = 1
/** The same for all queues of a thread together, beyond what the poller asked for: hundreds of floods must not make one long turn. */
const SHARED_BYTES = 8 * TURN_BYTES
let shared = SHARED_BYTES

/** Takes it off the work of this turn; when that is used up, the next turn begins anew. */
function spendShared(cost: number): void {
  const had = shared
  shared -= cost
  if (had <= 0 || shared > 0) return
  setImmediate(() => {
    shared = SHARED_BYTES
  })
}

/** Wake-ups that brought nothing, each so soon after the other, before a queue stops trusting the poller. */
const FRUITLESS_MAX = 8
const SPIN_MS = 5
const DISTRUST = new Later(1, 50)
const MISSES_MAX = 4
const RETRY_EVERY = 16

/** What a queue needs of the descriptor that it serves. */
export interface Watcher {
  /** Throws when it is closed. */
  assertOpen(): void
  /** Watches for what its queues want now. */
  arm(): void
  /** Counts operations that wait. */
  pending(change: number): void
}

/** The operations of one direction of one descriptor, first come, first served. */
export class Queue {
  readonly #owner: Watcher
  readonly #eager: boolean
  /** Who is served next, and those behind. Apart, because mostly one waits, and there may be thousands of queues. */
  #head: Entry | undefined
  #behind: Entry[] | undefined
  #budget = TURN_BYTES
  #fruitless = 0
  /** In whole milliseconds: a fraction would be an object of its own, in each of thousands of queues. */
  #lastFruitless = -SPIN_MS
  #timer: NodeJS.Timeout | undefined
  #held = false
  /** Tries in a row that found nothing, and those that were therefore left out. */
  #misses = 0
  #skipped = 0

  /** `eager`: past its budget an operation is done at once all the same, and only its Promise waits for the next turn. */
  constructor(owner: Watcher, eager = false) {
    this.#owner = owner
    this.#eager = eager
  }

  get length(): number {
    return this.#head === undefined ? 0 : 1 + (this.#behind?.length ?? 0)
  }

  /** Whether the poller is wanted: something waits, and neither a timer nor somebody else will wake it. */
  get wantsEvents(): boolean {
    return this.#head !== undefined && this.#timer === undefined && !this.#held
  }

  /** Takes off this turn's budget what an operation has moved, and what it has done beyond one operation. */
  spend(bytes: number, more = 0): void {
    this.#use(bytes + more * OPERATION_COST)
  }

  #use(cost: number): void {
    this.#budget -= cost
    spendShared(cost)
  }

  /** Tries at once if nobody is in front; otherwise, or if it must wait, queues. */
  run<T>(operation: Operation<T>, wait?: Wait): Promise<T> {
    let answer: T | Waiting
    try {
      checkWait(wait)
      answer = this.#begin(operation, wait)
    } catch (error) {
      const result = operation.answered?.(error)
      return result === undefined ? Promise.reject(error) : Promise.resolve(result)
    }
    return isWaiting(answer) ? this.#wait(operation, answer, wait) : this.#resolved(answer)
  }

  /** The same without a Promise, for who asks again and again: one of the two is called, at once or later. */
  runFor<T>(operation: Operation<T>, resolve: (value: T) => void, reject: (error: unknown) => void): void {
    let answer: T | Waiting
    try {
      answer = this.#begin(operation)
    } catch (error) {
      reject(error)
      return
    }
    if (isWaiting(answer)) this.#push(new Entry(operation, resolve as (value: unknown) => void, reject), answer)
    else if (this.#payOne()) this.#nextTurn(resolve, answer)
    else resolve(answer)
  }

  #begin<T>(operation: Operation<T>, wait?: Wait): T | Waiting {
    this.#owner.assertOpen()
    let answer: T | Waiting = AGAIN
    if (this.#head === undefined && this.#mayTry(operation, wait)) {
      answer = operation.attempt()
      this.#learn(answer === AGAIN)
    }
    if (isWaiting(answer)) operation.queued?.()
    return answer
  }

  /** As `run` of something that is always tried, for who need not wait where it is done at once: undefined then. */
  start(operation: Operation<undefined>): Promise<undefined> | undefined {
    this.#owner.assertOpen()
    const answer = this.#head === undefined ? operation.attempt() : AGAIN
    if (isWaiting(answer)) {
      operation.queued?.()
      return this.#wait(operation, answer)
    }
    this.#use(OPERATION_COST)
    return undefined
  }

  #wait<T>(operation: Operation<T>, answer: Waiting, wait?: Wait): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#push(new Entry(operation, resolve as (value: unknown) => void, reject), answer, wait)
    })
  }

  /**
   * In a conversation each answer comes later: to ask for it at once would cost a system call and bring nothing. After a few such
   * misses the poller is trusted to tell, until now and then a try finds something. Who does not want to wait is always tried.
   */
  #mayTry(operation: Operation<unknown>, wait: Wait | undefined): boolean {
    if (this.#eager || operation.atHand || wait?.timeout !== undefined) return true
    if (this.#budget <= 0 || shared <= 0) return false
    if (this.#misses < MISSES_MAX || operation.spins) return true
    return ++this.#skipped % RETRY_EVERY === 0
  }

  /** One find among many misses says little. */
  #learn(missed: boolean): void {
    this.#misses = missed ? Math.min(MISSES_MAX, this.#misses + 1) : Math.max(0, this.#misses - 2)
  }

  #resolved<T>(result: T): Promise<T> {
    return this.#payOne() ? new Promise((resolve) => this.#nextTurn(resolve, result)) : Promise.resolve(result)
  }

  /** Takes one operation off this turn's budget, and tells whether that was used up before. */
  #payOne(): boolean {
    const exhausted = this.#budget <= 0
    this.#use(OPERATION_COST)
    return exhausted
  }

  /** A loop of awaits must let the event loop turn now and then, though every operation succeeds at once. */
  #nextTurn<T>(resolve: (value: T) => void, result: T): void {
    setImmediate(() => {
      this.#budget = TURN_BYTES
      resolve(result)
    })
  }

  #push(entry: Entry, answer: Waiting, wait?: Wait): void {
    if (wait !== undefined) {
      entry.stopWaiting = startWait(wait, entry.operation.syscall, (error) => this.#cancel(entry, error))
    }
    if (this.#head === undefined) this.#head = entry
    else if (this.#behind === undefined) this.#behind = [entry]
    else this.#behind.push(entry)
    try {
      this.#owner.pending(1)
      if (this.#head === entry) this.#waitFor(entry, answer, false)
      this.#owner.arm()
    } catch (error) {
      this.#cancel(entry, error as Error)
    }
  }

  #cancel(entry: Entry, error: Error): void {
    const wasHead = entry === this.#head
    if (!this.#remove(entry)) return
    const reason = entry.operation.cancelled?.(error) ?? error
    this.#end(entry)
    reject(entry, reason)
    if (wasHead) this.#nextHead()
  }

  /** Whether it was there. */
  #remove(entry: Entry): boolean {
    if (entry === this.#head) {
      this.#head = this.#behind?.shift()
      return true
    }
    const at = this.#behind?.indexOf(entry) ?? -1
    if (at >= 0) this.#behind?.splice(at, 1)
    return at >= 0
  }

  /** What the old head waited for says nothing about the new one. */
  #nextHead(): void {
    this.#stopTimer()
    this.#held = false
    if (this.#head === undefined) return
    this.#serve(false)
    this.#arm()
  }

  /** Outside of `run` nobody could catch it: whom the poller refuses is told by his Promise, and the next one tries. */
  #arm(): void {
    try {
      this.#owner.arm()
    } catch (error) {
      this.refuse(error as Error)
    }
  }

  /** The poller refuses to watch for us: an error of the operation that waits for it. */
  refuse(error: Error): void {
    if (this.#head !== undefined && this.wantsEvents) this.#cancel(this.#head, error)
  }

  #end(entry: Entry): void {
    entry.stopWaiting()
    entry.operation.settled?.()
    this.#owner.pending(-1)
  }

  #stopTimer(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
  }

  /** The poller says that something may be possible: a new turn. */
  ready(): void {
    this.#budget = TURN_BYTES
    if (this.#timer === undefined) this.#serve(true)
  }

  /** What a HOLD waited for has come. */
  resume(): void {
    this.#held = false
    this.#budget = TURN_BYTES
    this.#serve(false)
    this.#arm()
  }

  /** Serves from the head until one has to wait or the turn is over. `woken`: the poller said so. */
  #serve(woken: boolean): void {
    let end = 0
    while (this.#head !== undefined && !this.#held) {
      const entry = this.#head
      if (!entry.operation.atHand && (this.#budget <= 0 || (end > 0 && performance.now() > end))) return
      const answer = this.#attempt(entry)
      if (answer !== undefined) {
        this.#waitFor(entry, answer, woken && end === 0)
        return
      }
      this.#fruitless = 0
      this.#use(OPERATION_COST)
      // Most wake-ups serve one: no clock is asked for that.
      if (end === 0 && this.#head !== undefined) end = performance.now() + QUEUE_TURN_MS
    }
  }

  /** Settles the head, or says what it waits for. */
  #attempt(entry: Entry): Waiting | undefined {
    let result: unknown
    try {
      result = entry.operation.attempt()
    } catch (error) {
      this.#remove(entry)
      this.#end(entry)
      reject(entry, error)
      return undefined
    }
    if (isWaiting(result)) return result
    this.#remove(entry)
    this.#end(entry)
    entry.resolve(result)
    return undefined
  }

  #waitFor(entry: Entry, answer: Waiting, fruitless: boolean): void {
    this.#held = answer === HOLD
    if (answer instanceof Later) {
      this.#startTimer(entry, answer)
    } else if (answer === AGAIN && fruitless && this.#isSpinning()) {
      // The poller keeps saying "ready" and the kernel keeps saying "not yet": do not spin.
      this.#startTimer(entry, DISTRUST)
    }
  }

  /** Useless wake-ups now and then are the price of sharing a socket; many at once are not. */
  #isSpinning(): boolean {
    const now = Math.floor(performance.now()) | 0
    this.#fruitless = now - this.#lastFruitless < SPIN_MS ? this.#fruitless + 1 : 1
    this.#lastFruitless = now
    return this.#fruitless > FRUITLESS_MAX
  }

  #startTimer(entry: Entry, { first, longest }: Later): void {
    entry.delay = Math.min(longest, entry.delay === 0 ? first : entry.delay * 2)
    const wake = (): void => {
      this.#timer = undefined
      this.ready()
      this.#arm()
    }
    this.#timer = setTimeout(wake, entry.delay)
    this.#timer.unref()
  }

  /** Rejects everything that waits. */
  fail(reason: () => Error): void {
    this.#held = false
    if (this.#head === undefined) return
    this.#stopTimer()
    const entries = [this.#head, ...(this.#behind ?? [])]
    this.#head = undefined
    this.#behind = undefined
    for (const entry of entries) {
      const error = entry.operation.cancelled?.(reason()) ?? reason()
      this.#end(entry)
      reject(entry, error)
    }
  }
}

function reject({ operation, resolve, reject }: Entry, error: unknown): void {
  const result = operation.answered?.(error)
  if (result === undefined) reject(error)
  else resolve(result)
}

function isWaiting(result: unknown): result is Waiting {
  return result === AGAIN || result === HOLD || result instanceof Later
}
