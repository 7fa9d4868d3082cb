/**
 * One descriptor in the poller: what it is watched for, and the queues of operations that wait for it.
 * It knows events, not system calls: those are the business of the operations.
 */
import { check, EAGAIN, systemError } from './errors.js'
import { constants, native } from './native.js'
import { freePlace, keepAlive, nextGeneration, startPoller, takePlace, type Watched } from './poller.js'
import { Queue, type Watcher } from './queue.js'

/** Somebody else closed the number: nothing watches it any more. */
const GONE: ReadonlySet<string> = new Set(['ENOENT', 'EBADF'])

/** One descriptor in the poller: its two queues, and those who wait for the peer to hang up. */
export class Readiness implements Watcher, Watched {
  readonly reading = new Queue(this)
  #writing: Queue | undefined
  #hanging: Queue | undefined
  readonly #fd: number
  readonly #index: number
  readonly generation = nextGeneration()
  #mask = 0
  #unpollable = false
  #immediate: NodeJS.Immediate | undefined
  #pending = 0
  #referenced = true
  #closed: (() => Error) | undefined

  constructor(fd: number) {
    this.#fd = fd
    this.#index = takePlace(this)
  }

  /** Made at first use: who is idle waits to read, and there may be thousands of us. */
  get writing(): Queue {
    this.#writing ??= new Queue(this, true)
    return this.#writing
  }

  /** Those who wait for the peer to hang up: few do. */
  get hanging(): Queue {
    this.#hanging ??= new Queue(this)
    return this.#hanging
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
      (this.#writing?.wantsEvents ? constants.pollout : 0) |
      (this.#hanging?.wantsEvents ? constants.pollrdhup : 0)
    )
  }

  /** A hung-up descriptor reports that for ever, whatever is asked for: with nothing wanted it must leave the poller. */
  #watch(mask: number): void {
    if (this.#unpollable) {
      if (this.#wanted() !== 0) this.#immediate ??= setImmediate(() => this.#alwaysReady())
      return
    }
    if (mask === this.#mask) return
    const result = this.#change(mask)
    if (result === 0) this.#mask = mask
    else this.#refused(mask, result)
  }

  #change(mask: number): number {
    if (mask === 0) return native.unwatch(this.#fd)
    const call = this.#mask === 0 ? native.watch : native.rewatch
    return call(this.#fd, this.#index, this.generation, mask)
  }

  #refused(mask: number, result: number): void {
    const error = systemError(result, 'epoll_ctl')
    if (mask === 0 && GONE.has(error.code as string)) this.#mask = 0
    // To be watched for more than is wanted costs a wake-up, at which this is tried again.
    if ((mask & ~this.#mask) === 0) return
    // EPERM: a regular file or a directory, which are always ready.
    if (this.#mask !== 0 || error.code !== 'EPERM') throw error
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
    if (mask & constants.pollout || failed) this.#writing?.ready()
    if (mask & constants.pollrdhup || failed) this.#hanging?.ready()
    if (this.#closed !== undefined) return
    // Level-triggered: what nobody waited for this time must not fire again. Reading that was wanted stays armed.
    const keepReading = !failed && (!(mask & constants.pollin) || readerWaited)
    try {
      this.#watch(this.#wanted() | (keepReading ? this.#mask & constants.pollin : 0))
    } catch (error) {
      for (const queue of [this.reading, this.#writing, this.#hanging]) queue?.refuse(error as Error)
    }
  }

  /** Leaves the poller and rejects what waits; must come before the number is closed. */
  close(reason: () => Error): void {
    if (this.#closed !== undefined) return
    this.#closed = reason
    if (this.#mask !== 0) native.unwatch(this.#fd)
    this.#mask = 0
    clearImmediate(this.#immediate)
    freePlace(this.#index)
    this.reading.fail(reason)
    this.#writing?.fail(reason)
    this.#hanging?.fail(reason)
  }
}

/** Whether some of these poll(2) events hold now. */
export function holdsNow(fd: number, mask: number): boolean {
  const result = native.pollNow(fd, mask)
  if (result === EAGAIN) return false
  return check(result, 'poll') !== 0
}
