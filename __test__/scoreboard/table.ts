// The table of docs/scoreboard.md, out of what was kept. Measures nothing.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Kept, keptFindings } from './kept.js'
import { peers, type Row, type Side } from './row.js'

const page = join(__dirname, '..', '..', 'docs', 'scoreboard.md')
const [begin, end] = ['<!-- scoreboard:begin -->', '<!-- scoreboard:end -->']

export function writeTable(rows: readonly Row[]): void {
  const text = readFileSync(page, 'utf8')
  const [from, to] = [text.indexOf(begin), text.indexOf(end)]
  if (from < 0 || to < from) throw new Error(`${page} has no ${begin} … ${end}`)
  const found = keptFindings()
  writeFileSync(page, `${text.slice(0, from + begin.length)}\n\n${markdown(rows, found)}\n\n${text.slice(to)}`)
}

function markdown(rows: readonly Row[], found: readonly Kept[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const headings = ['#', 'Row', 'Target', 'ancillary', 'Form', 'usocket', 'node-unix-socket', 'unix-dgram', 'node:net']
  const lines = rows.map((row) => {
    const ours = best(found, row.number, 'ancillary')
    const others = peers.map((peer) => peerCell(row, best(found, row.number, peer), row.reference[peer]))
    return line([String(row.number), row.title, row.target, ourCell(ours), formOf(ours), ...others])
  })
  return [machinesOf(found), [line(headings), line(headings.map(() => '---')), ...lines].join('\n')].join('\n\n')
}

/** The long form where it was run. */
function best(found: readonly Kept[], row: number, side: Side): Kept | undefined {
  const all = found.filter((one) => one.row === row && one.side === side)
  return all.find(({ form }) => form === 'long') ?? all[0]
}

const ourCell = (one: Kept | undefined): string =>
  one === undefined ? 'not run' : `${one.held ? '✓' : '✗'} ${one.figure}`
const formOf = (one: Kept | undefined): string =>
  one === undefined ? '' : one.form === 'long' ? 'long' : 'short; the long form was not run'

/** Measured here, else as in the comparison. */
function peerCell(_row: Row, one: Kept | undefined, reference: string | undefined): string {
  if (one !== undefined && !one.figure.startsWith('not run')) return `${one.figure} (here)`
  return reference === undefined ? '–' : `${reference} (ref.)`
}

function machinesOf(found: readonly Kept[]): string {
  const all = new Set(found.map(({ node, system, day }) => `Node.js ${node}, ${system}, ${day}`))
  return `Measured with ${[...all].sort().join('; ')}.`
}
