/**
 * Measures rows in interleaved rounds: every round runs each row once, so that whatever disturbs the machine disturbs
 * them alike. A row is anything that can do a number of operations and say how long they took.
 */
import { type Spread, spreadOf } from './statistics.js'

/** How long `count` operations took, in nanoseconds. */
export type Timed = (count: number) => Promise<number>

export interface Row {
  name: string
  /** How to measure it, or why it is not there. */
  timed: Timed | { notBuilt: string }
  /** Operations in a round; without it, as many as fill the time of a round. */
  count?: number
}

export interface Result {
  name: string
  notBuilt?: string
  /** Why it cannot be measured on this machine. */
  notPossible?: string
  /** What went wrong while it was measured. Its numbers do not count. */
  failed?: string
  /** What one operation costs, one number per round: nanoseconds, where the row has no other unit. */
  samples: number[]
}

export interface Plan {
  rounds: number
  /** What one row may take of a round. */
  milliseconds: number
}

/** For rows that are processes: how long they work before the clock runs. */
export interface TrialPlan extends Plan {
  warm: number
}

export async function measure(rows: readonly Row[], plan: Plan): Promise<Result[]> {
  const runs: Run[] = []
  for (const row of rows) runs.push(await prepare(row, plan.milliseconds))
  return await interleave(runs, plan.rounds)
}

export async function interleave(runs: readonly Run[], rounds: number): Promise<Result[]> {
  for (let round = 0; round < rounds; round++) {
    // There and back again: no row always follows the same one.
    for (const run of round % 2 === 0 ? runs : [...runs].reverse()) await run.once()
  }
  return runs.map(({ result }) => result)
}

export function isMeasured({ failed, samples }: Result): boolean {
  return failed === undefined && samples.length > 0
}

/** `first` by `second` in operations per second, round by round: more than 1 is faster. Null where one is not there. */
export function ratioOf(first: Result, second: Result): Spread | null {
  if (!isMeasured(first) || !isMeasured(second)) return null
  return spreadOf(first.samples.map((sample, round) => (second.samples[round] ?? Number.NaN) / sample))
}

/** A row that measures itself once in each round, and knows what it has found. */
export interface Run {
  result: Result
  once(): Promise<void>
}

async function prepare({ name, timed, count }: Row, milliseconds: number): Promise<Run> {
  if (typeof timed !== 'function') return { result: { name, ...timed, samples: [] }, once: async () => {} }
  const filling = await warmUp(timed, milliseconds)
  const result: Result = { name, samples: [] }
  const operations = count ?? filling
  const once = async (): Promise<void> => {
    result.samples.push((await timed(operations)) / operations)
  }
  return { result, once }
}

/** Runs the row until it is compiled and in the caches; gives the count that fills the time. */
async function warmUp(timed: Timed, milliseconds: number): Promise<number> {
  const whole = milliseconds * 1e6
  for (let count = 1000; ; count *= 3) {
    const nanoseconds = await timed(count)
    if (nanoseconds > whole / 3) return Math.max(1, Math.round((count * whole) / nanoseconds))
  }
}
