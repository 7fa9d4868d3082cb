/**
 * Shows what a bench found, the same way for all of them: the rows, then the ratios with what was aimed at. Keeps the
 * numbers in a file on request. A ratio that misses its target is told, and is no failure.
 */
import { writeFileSync } from 'node:fs'
import { describeMachine, printMachine } from './machine.js'
import type { Options } from './options.js'
import { type Result, ratioOf } from './rounds.js'
import { type Spread, spreadOf } from './statistics.js'
import { type Cells, nanosecondsText, printTable, rateText, spreadText } from './table.js'

/** How many times as fast `first` is as `second`. */
export interface Comparison {
  name: string
  first: Result
  second: Result
  target: number
}

export interface Report {
  title: string
  /** What one operation is called, as in `lookups`. */
  operations: string
  results: readonly Result[]
  comparisons: readonly Comparison[]
  notes: readonly string[]
}

export function printReport(report: Report, { rounds, milliseconds }: Options): void {
  console.log(`\n${report.title}`)
  printMachine(describeMachine())
  console.log(`  ${rounds} interleaved rounds, about ${milliseconds} ms of each row in a round`)
  console.log('  median (first quartile – third quartile)\n')
  printTable(['', `${report.operations}/s`, 'ns each'], report.results.map(resultCells))
  printTable(['times as fast', 'measured', 'target', ''], report.comparisons.map(comparisonCells))
  for (const note of report.notes) console.log(`  ${note}`)
}

export function keepReport({ title, results, comparisons, notes }: Report, options: Options): void {
  const { json: file, ...plan } = options
  if (file === null) return
  const kept = {
    title,
    plan,
    machine: describeMachine(),
    results: results.map((result) => ({ ...result, nanoseconds: spreadOrNull(result.samples) })),
    ratios: comparisons.map(({ name, first, second, target }) => ({ name, target, ratio: ratioOf(first, second) })),
    notes,
  }
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`)
}

function resultCells({ name, notBuilt, samples }: Result): Cells {
  if (notBuilt !== undefined) return [name, `not built: ${notBuilt}`]
  return [name, rateText(samples), nanosecondsText(samples)]
}

function comparisonCells({ name, first, second, target }: Comparison): Cells {
  const ratio = ratioOf(first, second)
  if (ratio === null) return [name, 'not compared: one of the two is not built']
  const verdict = ratio.median >= target ? 'reached' : 'missed'
  return [name, spreadText(ratio, (value) => value.toFixed(2)), target.toFixed(1), verdict]
}

function spreadOrNull(samples: readonly number[]): Spread | null {
  return samples.length === 0 ? null : spreadOf(samples)
}
