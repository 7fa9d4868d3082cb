/**
 * The bench of all workloads: each as two processes on their CPUs, ancillary beside its peers and C. This file says in
 * which order things happen; ../README.md says how to read what it prints.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { comparisonsOf } from '../lib/comparisons.js'
import { type Found, markdownOf, picturesOf, withGenerated } from '../lib/found.js'
import { describeMachine } from '../lib/machine.js'
import { parseWorkloadOptions, type WorkloadOptions } from '../lib/options.js'
import { keptOf, printFindings, printHeading, type Report, writeJson } from '../lib/report.js'
import { measureWorkload } from '../lib/trials.js'
import type { Workload } from '../lib/workload.js'
import { workloadsNamed } from './catalogue.js'

const PINNING = 'each of the two processes is held on one CPU: “same core” or “across cores”'
const PAGE = 'docs/performance.md'
const PLACES = { same: 'same core', across: 'across cores' }

const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

main()

async function main(): Promise<void> {
  const options = parseWorkloadOptions()
  const workloads = workloadsNamed(options.only)
  printHeading('bench', options, PINNING)
  const found: Found[] = []
  for (const workload of workloads) {
    const report = await reportOn(workload, options)
    console.log(`  ${report.title}  [${workload.name}]\n`)
    printFindings(report)
    found.push({ workload, report })
  }
  keep(found, options)
  if (found.some(({ workload, report }) => isWrong(workload, report))) process.exitCode = 1
}

async function reportOn(workload: Workload, options: WorkloadOptions): Promise<Report> {
  const rounds = workload.targets.length > 0 ? options.rounds : options.otherRounds
  const results = await measureWorkload(workload, { ...options, rounds }, folder)
  const title = `${workload.title}, ${PLACES[workload.placement]}`
  return { title, unit: workload.unit, results, comparisons: comparisonsOf(workload, results), notes: [] }
}

/** A peer may fail, and is told as such. We and the reference may not. */
function isWrong({ variants }: Workload, { results }: Report): boolean {
  return results.some(({ failed }, at) => failed !== undefined && variants[at]?.side !== 'peer')
}

/** The pictures always, the numbers and the page on request. */
function keep(found: readonly Found[], { json, rounds, milliseconds, writeDocs }: WorkloadOptions): void {
  const machine = describeMachine(PINNING)
  const workloads = found.map(({ workload: { name, curve }, report }) => ({ name, curve, ...keptOf(report) }))
  if (json !== null) writeJson(json, { plan: { rounds, milliseconds }, machine, workloads })
  const plots = writeDocs ? 'docs/performance' : 'build/bench/plots'
  mkdirSync(plots, { recursive: true })
  for (const [name, picture] of Object.entries(picturesOf(found))) writeFileSync(`${plots}/${name}.svg`, picture)
  console.log(`  Plots: ${plots}/*.svg`)
  if (!writeDocs) return
  const how = `${rounds} interleaved rounds of about ${milliseconds} ms for each program; ${PINNING}`
  writeFileSync(PAGE, withGenerated(readFileSync(PAGE, 'utf8'), markdownOf(found, machine, how)))
}
