/**
 * How late a timer is while the process is busy: a timer of 10 ms, again and again. The 99th percentile is what it is about,
 * in milliseconds.
 */
import { finish, settings } from './program.js'

const PERIOD = 10

/** Ends the program when the time is over. */
export function measureDelays(): void {
  const delays: number[] = []
  const end = performance.now() + settings.timed
  const wait = (): void => {
    const due = performance.now() + PERIOD
    setTimeout(() => {
      const now = performance.now()
      delays.push(Math.max(0, now - due))
      if (now < end) wait()
      else finish({ value: percentile(delays, 0.99) })
    }, PERIOD)
  }
  wait()
}

function percentile(values: number[], part: number): number {
  const sorted = values.sort((a, b) => a - b)
  return sorted[Math.ceil(part * sorted.length) - 1] ?? Number.NaN
}
