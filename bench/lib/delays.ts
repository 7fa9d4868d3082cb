/**
 * How late a timer is while the process is busy: a timer of 10 ms, again and again. The 99th percentile is what it is about,
 * in milliseconds.
 */
import { fail, finish, settings } from './program.js'

const PERIOD = 10
const delays: number[] = []

/** Ends the program when the time is over. */
export function measureDelays(): void {
  const end = performance.now() + settings.timed
  const wait = (): void => {
    const due = performance.now() + PERIOD
    setTimeout(() => {
      const now = performance.now()
      delays.push(Math.max(0, now - due))
      if (now < end) wait()
      else tellDelays()
    }, PERIOD)
  }
  wait()
}

/** Ends the program. Also to be called when a flood is over: a process that is slow may not have had all its time. */
export function tellDelays(): never {
  if (delays.length === 0) fail('the floods were over before the timer had come once')
  finish({ value: percentile(delays, 0.99) })
}

function percentile(values: number[], part: number): number {
  const sorted = values.sort((a, b) => a - b)
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN
}
