// Runs a case in a process of its own and says what became of it: what it found, how it ended instead, or that it hung. Knows the
// command line of run-row.ts, and no row.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { peer } from '../../bench/lib/peers.js'
import { writtenBy } from '../helpers/program.js'
import type { Finding, Side } from './row.js'

/** Seconds after which a case hangs. */
const PATIENCE = { short: 300, long: 6 * 3600 }
export type Form = keyof typeof PATIENCE

/** null: that side cannot be had here; why is told. */
export interface Outcome extends Finding {
  readonly notRun?: string
}

export async function startCase(row: number, side: Side, form: Form, extra: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const place = placeOf(side)
  if ('notRun' in place) return { held: false, figure: `not run: ${place.notRun}`, ...place }
  const env = { ...process.env, ...extra, ANCILLARY_PEER: place.path }
  const args = ['--expose-gc', '--enable-source-maps', join(__dirname, 'run-row.js'), String(row), side, form]
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  const written = writtenBy(child)
  let hung = false
  const timer = setTimeout(() => {
    hung = true
    process.kill(-(child.pid as number), 'SIGKILL')
  }, PATIENCE[form] * 1000)
  const end = await new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  clearTimeout(timer)
  if (hung) return { held: false, figure: `hung for ${PATIENCE[form]} s` }
  return end === 'exit code 0'
    ? lastLine(written.stdout)
    : { held: false, figure: `✗ ${end}${causeOf(written.stderr)}` }
}

/** Nothing to load for us and for Node's own. */
function placeOf(side: Side): { path: string } | { notRun: string } {
  if (side === 'ancillary' || side === 'node:net') return { path: '' }
  const made = peer(side)
  return 'path' in made ? made : { notRun: made.notBuilt }
}

function lastLine(text: string): Finding {
  return JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as Finding
}

/** The line that names the error, else the first. */
function causeOf(stderr: string): string {
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  const line =
    lines.find((each) => /^\S*(Error|Assertion|panicked)\b/.test(each)) ??
    lines.find((each) => /Assertion/.test(each)) ??
    lines[0]
  return line === undefined ? '' : `: ${line.trim().slice(0, 160)}`
}
