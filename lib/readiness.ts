/**
 * The loop "try the system call; where it would wait, wait for readiness and try again": written once, here, for everything.
 * Operations of one direction are served in the order in which they were asked for. It knows no sockets and no messages.
 */
import { check, EAGAIN, systemError } from './errors.js'
import { constants, native } from './native.js'
import { checkWait, startWait, type Wait } from './wait.js'

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

type Waiting = typeof AGAIN | typeof HOLD | Later

/** One operation. `attempt` is called until it returns a value or throws. */
export interface Operation<T> {
  /** Name of the system call, for the error of a deadline. */
  readonly syscall: string
  attempt(): T | Waiting
  /** It has to wait. What it throws rejects this operation alone. */
  queued?(): void
  /** It was given up (abort, deadline, close); returns the error to reject with. */
  cancelled?(error: Error): Error
  /** It has ended, in whatever way; called once, and only if `queued` was. */
  settled?(): void
}

interface Entry {
  readonly operation: Operation<unknown>
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  stopWaiting: () => void
  delay: number
}

/** Work that one queue may do before others have their turn: 32 operations, or 256 KiB, or 1 ms. */
const TURN_BUDGET = 262_144
const OPERATION_COST = 8192
const QUEUE_TURN_MS = 1
/** Time for all queues together before the event loop goes on. */
const TURN_MS = 5
/** Wake-ups that brought nothing, each so soon after the other, before a queue stops trusting the poller. */
const FRUITLESS_MAX = 8
const SPIN_MS = 5
const DISTRUST = new Later(1, 50)

const EVENT_ROWS = 256
const events = new Int32Array(EVENT_ROWS * 3)
const table: (Readiness | undefined)[] = []
const freeIndexes: number[] = []
const finishers = new Map<number, (result: number, data: Buffer) => void>()
const finished = new Int32Array(2)
let started = false
let keptAlive = 0
let nextRow = 0
let nextJob = 0

function startPoller(): void {
  if (started) return
  check(native.startPoller(events, dispatch), 'epoll_create1')
  started = true
}

/** Counts what keeps the event loop alive. */
function keepAlive(change: number): void {
  if (change === 0) return
  const before = keptAlive > 0
  keptAlive += change
  if (keptAlive > 0 !== before) native.keepAlive(keptAlive > 0)
}

/** Called by the native side once per wake-up. Starts where the last turn stopped, so that nobody starves. */
function dispatch(count: number): void {
  const end = performance.now() + TURN_MS
  const first = nextRow % count
  for (let step = 0; step < count; step++) {
    const row = (first + step) % count
    const index = events[row * 3] as number
    if (index === -1) finishJobs()
    else deliver(table[index], events[row * 3 + 1] as number, events[row * 3 + 2] as number)
    if (performance.now() > end) {
      nextRow = row + 1
      return
    }
  }
  nextRow = 0
}

/** An event of a descriptor that was closed in the meantime finds another generation, or nobody. */
function deliver(readiness: Readiness | undefined, generation: number, mask: number): void {
  if (readiness !== undefined && readiness.generation === generation) readiness.ready(mask)
}

function finishJobs(): void {
  for (;;) {
    const data = native.takeFinished(finished)
    if (data === null) return
    const id = finished[0] as number
    const finish = finishers.get(id)
    finishers.delete(id)
    keepAlive(-1)
    finish?.(finished[1] as number, data)
  }
}

/** Runs a job on a thread: `start` gets its number. `finish` gets the result and what was read. */
export function runJob(
  start: (id: number) => number,
  syscall: string,
  finish: (result: number, data: Buffer) => void,
): void {
  startPoller()
  nextJob = (nextJob + 1) & 0x7fffffff
  check(start(nextJob), syscall)
  finishers.set(nextJob, finish)
  keepAlive(1)
}

/** The operations of one direction of one descriptor, first come, first served. */
export class Queue {
  readonly #owner: Readiness
  readonly #eager: boolean
  #entries: Entry[] = []
  #budget = TURN_BUDGET
  #fruitless = 0
  #lastFruitless = 0
  #timer: NodeJS.Timeout | undefined
  #held = false

  /** `eager`: past its budget an operation is done at once all the same, and only its Promise waits for the next turn. */
  constructor(owner: Readiness, eager = false) {
    this.#owner = owner
    this.#eager = eager
  }

  get length(): number {
    return this.#entries.length
  }

  /** Whether the poller is wanted: something waits, and neither a timer nor somebody else will wake it. */
  get wantsEvents(): boolean {
    return this.#entries.length > 0 && this.#timer === undefined && !this.#held
  }

  /** Takes bytes off this turn's budget. */
  spend(bytes: number): void {
    this.#budget -= bytes
  }

  /** Tries at once if nobody is in front; otherwise, or if it must wait, queues. */
  run<T>(operation: Operation<T>, wait?: Wait): Promise<T> {
    let answer: Waiting = AGAIN
    try {
      checkWait(wait)
      this.#owner.assertOpen()
      if (this.#entries.length === 0 && (this.#budget > 0 || this.#eager)) {
        const result = operation.attempt()
        if (!isWaiting(result)) return this.#resolved(result)
        answer = result
      }
      operation.queued?.()
    } catch (error) {
      return Promise.reject(error)
    }
    return new Promise<T>((resolve, reject) => {
      const settlers = { resolve: resolve as (value: unknown) => void, reject }
      this.#push({ operation, ...settlers, stopWaiting: () => {}, delay: 0 }, answer, wait)
    })
  }

  /** A loop of awaits must let the event loop turn now and then, though every operation succeeds at once. */
  #resolved<T>(result: T): Promise<T> {
    const exhausted = this.#budget <= 0
    this.#budget -= OPERATION_COST
    if (!exhausted) return Promise.resolve(result)
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#budget = TURN_BUDGET
        resolve(result)
      })
    })
  }

  #push(entry: Entry, answer: Waiting, wait?: Wait): void {
    entry.stopWaiting = startWait(wait, entry.operation.syscall, (error) => this.#cancel(entry, error))
    this.#entries.push(entry)
    try {
      this.#owner.pending(1)
      if (this.#entries.length === 1) this.#waitFor(entry, answer, false)
      this.#owner.arm()
    } catch (error) {
      this.#cancel(entry, error as Error)
    }
  }

  #cancel(entry: Entry, error: Error): void {
    const at = this.#entries.indexOf(entry)
    if (at < 0) return
    this.#entries.splice(at, 1)
    const reason = entry.operation.cancelled?.(error) ?? error
    this.#end(entry)
    entry.reject(reason)
    if (at === 0) this.#nextHead()
  }

  /** What the old head waited for says nothing about the new one. */
  #nextHead(): void {
    this.#stopTimer()
    this.#held = false
    if (this.#entries.length === 0) return
    this.#serve(false)
    this.#owner.arm()
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
    this.#budget = TURN_BUDGET
    if (this.#timer === undefined) this.#serve(true)
  }

  /** What a HOLD waited for has come. */
  resume(): void {
    this.#held = false
    this.#budget = TURN_BUDGET
    this.#serve(false)
    this.#owner.arm()
  }

  /** Serves from the head until one has to wait or the turn is over. `woken`: the poller said so. */
  #serve(woken: boolean): void {
    const end = performance.now() + QUEUE_TURN_MS
    let fruitful = false
    while (this.#entries.length > 0 && this.#budget > 0 && !this.#held) {
      const entry = this.#entries[0] as Entry
      const outcome = attempt(entry.operation)
      if ('waiting' in outcome) {
        this.#waitFor(entry, outcome.waiting, woken && !fruitful)
        return
      }
      fruitful = true
      this.#fruitless = 0
      this.#budget -= OPERATION_COST
      this.#settle(entry, outcome)
      if (performance.now() > end) return
    }
  }

  #settle(entry: Entry, outcome: { value: unknown } | { error: unknown }): void {
    this.#entries.shift()
    this.#end(entry)
    if ('error' in outcome) entry.reject(outcome.error)
    else entry.resolve(outcome.value)
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
    const now = performance.now()
    this.#fruitless = now - this.#lastFruitless < SPIN_MS ? this.#fruitless + 1 : 1
    this.#lastFruitless = now
    return this.#fruitless > FRUITLESS_MAX
  }

  #startTimer(entry: Entry, { first, longest }: Later): void {
    entry.delay = Math.min(longest, entry.delay === 0 ? first : entry.delay * 2)
    const wake = (): void => {
      this.#timer = undefined
      this.ready()
      this.#owner.arm()
    }
    this.#timer = setTimeout(wake, entry.delay)
    this.#timer.unref()
  }

  /** Rejects everything that waits. */
  fail(reason: () => Error): void {
    this.#stopTimer()
    this.#held = false
    for (const entry of this.#entries.splice(0)) {
      const error = entry.operation.cancelled?.(reason()) ?? reason()
      this.#end(entry)
      entry.reject(error)
    }
  }
}

function isWaiting(result: unknown): result is Waiting {
  return result === AGAIN || result === HOLD || result instanceof Later
}

function attempt(operation: Operation<unknown>): { waiting: Waiting } | { value: unknown } | { error: unknown } {
  try {
    const result = operation.attempt()
    return isWaiting(result) ? { waiting: result } : { value: result }
  } catch (error) {
    return { error }
  }
}

/** One descriptor in the poller: its two queues, and those who wait for the peer to hang up. */
export class Readiness {
  readonly reading = new Queue(this)
  readonly writing = new Queue(this, true)
  readonly hanging = new Queue(this)
  readonly #fd: number
  readonly #index: number
  readonly generation: number
  #mask = 0
  #unpollable = false
  #immediate: NodeJS.Immediate | undefined
  #pending = 0
  #referenced = true
  #closed: (() => Error) | undefined

  constructor(fd: number) {
    this.#fd = fd
    this.#index = freeIndexes.pop() ?? table.length
    this.generation = nextGeneration()
    table[this.#index] = this
  }

  assertOpen(): void {
    if (this.#closed !== undefined) throw this.#closed()
  }

  /** Whether pending operations keep the event loop alive. */
  reference(on: boolean): void {
    if (on === this.#referenced) return
    this.#referenced = on
    keepAlive(on ? this.#pending : -this.#pending)
  }

  /** Counts operations that wait. */
  pending(change: number): void {
    startPoller()
    this.#pending += change
    if (this.#referenced) keepAlive(change)
  }

  /** Watches for what the queues want now. Reading stays armed while it is idle; the first useless event ends that. */
  arm(): void {
    if (this.#closed !== undefined) return
    this.#watch(this.#wanted() | (this.#mask & constants.pollin))
  }

  #wanted(): number {
    return (
      (this.reading.wantsEvents ? constants.pollin : 0) |
      (this.writing.wantsEvents ? constants.pollout : 0) |
      (this.hanging.wantsEvents ? constants.pollrdhup : 0)
    )
  }

  /** A hung-up descriptor reports that for ever, whatever is asked for: with nothing wanted it must leave the poller. */
  #watch(mask: number): void {
    if (this.#unpollable) {
      if (this.#wanted() !== 0) this.#immediate ??= setImmediate(() => this.#alwaysReady())
      return
    }
    if (mask === this.#mask) return
    if (mask === 0) native.unwatch(this.#fd)
    else this.#change(mask)
    if (!this.#unpollable) this.#mask = mask
  }

  #change(mask: number): void {
    const call = this.#mask === 0 ? native.watch : native.rewatch
    const result = call(this.#fd, this.#index, this.generation, mask)
    if (result === 0) return
    // EPERM: a regular file or a directory, which are always ready.
    if (this.#mask !== 0 || systemError(result, 'epoll_ctl').code !== 'EPERM') throw systemError(result, 'epoll_ctl')
    this.#unpollable = true
    this.#watch(mask)
  }

  #alwaysReady(): void {
    this.#immediate = undefined
    this.ready(constants.pollin | constants.pollout)
  }

  /** What the poller reported: an error or a hang-up lets both directions try; the system call will tell. */
  ready(mask: number): void {
    const failed = mask & (constants.pollerr | constants.pollhup)
    const readerWaited = this.reading.wantsEvents
    if (mask & constants.pollin || failed) this.reading.ready()
    if (mask & constants.pollout || failed) this.writing.ready()
    if (mask & constants.pollrdhup || failed) this.hanging.ready()
    if (this.#closed !== undefined) return
    // Level-triggered: what nobody waited for this time must not fire again. Reading that was wanted stays armed.
    const keepReading = !failed && (!(mask & constants.pollin) || readerWaited)
    this.#watch(this.#wanted() | (keepReading ? this.#mask & constants.pollin : 0))
  }

  /** Leaves the poller and rejects what waits; must come before the number is closed. */
  close(reason: () => Error): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    if (this.#mask !== 0) native.unwatch(this.#fd)
    this.#mask = 0
    clearImmediate(this.#immediate)
    table[this.#index] = undefined
    freeIndexes.push(this.#index)
    for (const queue of [this.reading, this.writing, this.hanging]) queue.fail(reason)
  }
}

let generation = 0

function nextGeneration(): number {
  generation = (generation + 1) & 0x7fffffff
  return generation
}

/** Whether some of these poll(2) events hold now. */
export function holdsNow(fd: number, mask: number): boolean {
  const result = native.pollNow(fd, mask)
  if (result === EAGAIN) return false
  return check(result, 'poll') !== 0
}
