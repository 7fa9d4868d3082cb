/**
 * The poller of this environment, seen from JavaScript: who is watched, whose turn it is when it wakes us, what keeps the event
 * loop alive, and the jobs that run on threads. It knows descriptors only by their place in its table.
 */
import { check } from './errors.js'
import { native } from './native.js'
import { wakesByThread } from './runtime.js'

/** Somebody who is told of events. */
export interface Watched {
  /** Tells late events of a predecessor in the same place from our own. */
  readonly generation: number
  ready(mask: number): void
}

/** What runs on a thread. */
export interface Job {
  readonly finish: (result: number, data: Buffer) => void
  /** Whether it keeps the event loop alive. */
  keeps: boolean
}

/** Time for all descriptors together before the event loop goes on (milliseconds). */
const TURN_MS = 5
const EVENT_ROWS = 256
/** The index of a row that says: a thread has something to tell, such as the end of a job. */
const JOB_ROW = -1

const events = new Int32Array(EVENT_ROWS * 3 + 2)
/** 1 while the native side waits for us to return, microtasks included; then it looks at the next one. */
const INSIDE = EVENT_ROWS * 3
const WANTED = INSIDE + 1
const table: (Watched | undefined)[] = []
const freeIndexes: number[] = []
const jobs = new Map<number, Job>()
const finished = new Int32Array(2)
const woken: (() => void)[] = []
let started = false
let keptAlive = 0
let nextRow = 0
let nextJob = 0
let generation = 0

/** Starts the poller at first use. */
export function startPoller(): void {
  if (started) return
  check(native.startPoller(events, dispatch, wakesByThread()), 'epoll_create1')
  started = true
}

/** Takes a place in the table. */
export function takePlace(watched: Watched): number {
  const index = freeIndexes.pop() ?? table.length
  table[index] = watched
  return index
}

/** Gives the place to others. */
export function freePlace(index: number): void {
  table[index] = undefined
  freeIndexes.push(index)
}

/** A number that no earlier user of the same place has. */
export function nextGeneration(): number {
  generation = (generation + 1) & 0x7fffffff
  return generation
}

/** Counts what keeps the event loop alive. */
export function keepAlive(change: number): void {
  if (change === 0) return
  const before = keptAlive > 0
  keptAlive += change
  const wanted = keptAlive > 0
  if (wanted === before) return
  events[WANTED] = Number(wanted)
  if (events[INSIDE] === 0) native.keepAlive(wanted)
}

/** Called by the native side once per wake-up. Starts where the last turn stopped, so that nobody starves. */
function dispatch(count: number): void {
  // Most wake-ups are for one descriptor: no clock is asked for that.
  const end = count > 1 ? performance.now() + TURN_MS : Number.POSITIVE_INFINITY
  const first = nextRow % count
  nextRow = 0
  finishJobs(count)
  for (let step = 0; step < count; step++) {
    const row = (first + step) % count
    const watched = table[events[row * 3] as number]
    // An event of a descriptor that was closed in the meantime finds another generation, or nobody.
    if (watched?.generation === events[row * 3 + 1]) watched?.ready(events[row * 3 + 2] as number)
    if (count > 1 && performance.now() > end) {
      nextRow = row + 1
      return
    }
  }
}

/** What else is done when a thread has woken us: it has closed a descriptor, perhaps. */
export function onWoken(action: () => void): void {
  woken.push(action)
}

/** Jobs come first: their event is not repeated, as those of descriptors are. */
function finishJobs(count: number): void {
  for (let row = 0; row < count; row++) {
    if (events[row * 3] !== JOB_ROW) continue
    drainJobs()
    for (const action of woken) action()
  }
}

function drainJobs(): void {
  for (;;) {
    const data = native.takeFinished(finished)
    if (data === null) return
    const id = finished[0] as number
    const job = jobs.get(id)
    jobs.delete(id)
    if (job === undefined) continue
    letGo(job)
    job.finish(finished[1] as number, data)
  }
}

/** It goes on, but the event loop need not wait for it. */
export function letGo(job: Job): void {
  if (job.keeps) keepAlive(-1)
  job.keeps = false
}

/** Runs a job on a thread: `start` gets its number. `finish` gets the result and what was read. */
export function runJob(start: (id: number) => number, syscall: string, finish: Job['finish']): Job {
  startPoller()
  nextJob = (nextJob + 1) & 0x7fffffff
  check(start(nextJob), syscall)
  const job = { finish, keeps: true }
  jobs.set(nextJob, job)
  keepAlive(1)
  return job
}
