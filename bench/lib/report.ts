/**
 * Shows what a bench found, the same way for all of them: the rows, then the ratios with what was aimed at. Keeps the
 * numbers in a file on request. A ratio that misses its target is told, and is no failure.
 */
import { writeFileSync } from 'node:fs'
import { describeMachine, printMachine } from './machine.js'
import type { Options } from './options.js'
import { type Result, ratioOf } from './rounds.js'
import { type Spread, spreadOf } from './statistics.js'
import { type Cells, nanosecondsText, printTable, spreadText } from './table.js'
import type { Unit } from './unit.js'

/** How many times as fast `first` is as `second`. */
export interface Comparison {
  name: string
  first: Result
  second: Result
  /** Null: it is only shown. */
  target: number | null
  /** A cost of `first` that is good enough, whatever the ratio. */
  orBelow?: number
  /** The part of the target that is enough. Default 1: all of it. */
  enough?: number
  /** How many times as much `first` needs as `second`: the target is the most that it may be. */
  atMost?: true
}

export interface Report {
  title: string
  unit: Unit
  results: readonly Result[]
  comparisons: readonly Comparison[]
  notes: readonly string[]
}

export function printHeading(title: string, { rounds, milliseconds }: Options, pinning?: string): void {
  console.log(`\n${title}`)
  printMachine(describeMachine(pinning))
  console.log(`  ${rounds} interleaved rounds, about ${milliseconds} ms of each row in a round`)
  console.log('  median (first quartile – third quartile)\n')
}

export function printFindings({ unit, results, comparisons, notes }: Report): void {
  const headings = unit.isTime ? ['', unit.heading, 'ns each'] : ['', unit.heading]
  printTable(
    headings,
    results.map((result) => resultCells(result, unit)),
  )
  printTable(['times as fast', 'measured', 'target', ''], comparisons.map(comparisonCells))
  for (const note of notes) console.log(`  ${note}`)
}

export function printReport(report: Report, options: Options): void {
  printHeading(report.title, options)
  printFindings(report)
}

export function keepReport(report: Report, options: Options): void {
  const { json, ...plan } = options
  if (json !== null) writeJson(json, { plan, machine: describeMachine(), ...keptOf(report) })
}

/** What is kept of a report: every round, the spreads, the ratios. */
export function keptOf({ title, unit, results, comparisons, notes }: Report) {
  const spread = ({ samples }: Result): Spread | null => (samples.length === 0 ? null : spreadOf(samples))
  const cost = unit.isTime ? 'nanoseconds' : unit.heading
  return {
    title,
    results: results.map((result) => ({ ...result, [cost]: spread(result) })),
    ratios: comparisons.map((each) => ({
      name: each.name,
      target: each.target,
      ratio: measuredOf(each),
      verdict: verdictOn(each),
    })),
    notes,
  }
}

export function writeJson(file: string, kept: object): void {
  writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`)
}

/** Null where one of the two is not there. */
export function measuredOf({ first, second, atMost }: Comparison): Spread | null {
  return atMost ? ratioOf(second, first) : ratioOf(first, second)
}

export function verdictOn(comparison: Comparison): 'reached' | 'missed' | '' {
  const { first, target, enough = 1, atMost, orBelow } = comparison
  const ratio = measuredOf(comparison)
  if (ratio === null || target === null) return ''
  if (orBelow !== undefined && spreadOf(first.samples).median <= orBelow) return 'reached'
  const isReached = atMost ? ratio.median <= target / enough : ratio.median >= target * enough
  return isReached ? 'reached' : 'missed'
}

export function resultCells({ name, notBuilt, notPossible, failed, samples }: Result, unit: Unit): Cells {
  if (notBuilt !== undefined) return [name, `not built: ${notBuilt}`]
  if (notPossible !== undefined) return [name, `not possible: ${notPossible}`]
  if (failed !== undefined) return [name, `failed: ${failed}`]
  const shown = spreadText(spreadOf(samples.map(unit.amountOf)), unit.text)
  return unit.isTime ? [name, shown, nanosecondsText(samples.map((cost) => cost / unit.each))] : [name, shown]
}

export function comparisonCells(comparison: Comparison): Cells {
  const { name, target, atMost } = comparison
  const ratio = measuredOf(comparison)
  if (ratio === null) return [name, 'not compared: one of the two is not there']
  const measured = spreadText(ratio, (value) => value.toFixed(2))
  const aim = target === null ? '' : `${atMost ? '≤ ' : ''}${target.toFixed(Number.isInteger(target * 10) ? 1 : 2)}`
  return [name, measured, aim, verdictOn(comparison)]
}
