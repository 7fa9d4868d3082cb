/**
 * What a measured program says to the bench: that it is ready, what it found, or what is wrong. It is written at once,
 * so that nothing is lost when the program ends right after.
 */
import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { readSettings, type TrialSettings } from './settings.js'

/** What a program has found: how long so many operations took, or another number, as the rows of its workload mean it. */
export type Finding =
  | { nanoseconds: number; operations: number; connected?: number }
  | { value: number }
  | { accepted: number }

export const settings: TrialSettings = readSettings()

/** The way in which to do it, where a program knows several. */
export const method: string = process.argv[2] ?? ''

/** The package that is measured. */
export function loadPeer<T>(): T {
  return createRequire(__filename)(settings.peer) as T
}

/** The other program may come. */
export function ready(): void {
  writeSync(1, 'ready\n')
}

export function tell(finding: Finding): void {
  writeSync(1, `${JSON.stringify(finding)}\n`)
}

/** Ends the program with what it found. */
export function finish(finding: Finding): never {
  tell(finding)
  process.exit(0)
}

/** Ends the program: something is wrong. */
export function fail(reason: string): never {
  writeSync(2, `${reason}\n`)
  process.exit(1)
}

/** Told to end by the bench, when the other program has. */
export function onStop(last: () => void = () => {}): void {
  process.once('SIGTERM', () => {
    last()
    process.exit(0)
  })
}

export function nowNanoseconds(): number {
  return Number(process.hrtime.bigint())
}
