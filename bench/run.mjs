// Runs one of the benches from a fresh clone if need be: setup first, then the compiled bench, held on one CPU where
// the system has taskset. It knows nothing about what is measured; arguments are handed on.
//   node bench/run.mjs BENCH [ARGS]
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { run, runOrExit } from '../scripts/run.mjs'

/** These hold each of their processes themselves. */
const holdThemselves = ['workloads']

const [bench, ...args] = process.argv.slice(2)
const source = `bench/${bench}/main.ts`
if (!existsSync(source)) throw new Error(`There is no ${source}; the folders of bench/ that have a main.ts are benches`)

runOrExit(process.execPath, ['scripts/setup.mjs'])
const whole = [process.execPath, source.replace(/ts$/, 'js'), ...args]
const [command, ...rest] = holdThemselves.includes(bench) ? whole : onOneCpu(whole)
process.exitCode = run(command, rest)

/** What a pinned process starts is pinned with it: the workers and the C program as well. */
function onOneCpu(command) {
  const cpu = lastCpu()
  const missing = spawnSync('taskset', ['--version']).error
  return missing || cpu === undefined ? command : ['taskset', '-c', cpu, ...command]
}

/** The first CPU of a machine often serves its interrupts. */
function lastCpu() {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : ''
  return /^Cpus_allowed_list:.*?(\d+)$/m.exec(status)?.[1]
}
