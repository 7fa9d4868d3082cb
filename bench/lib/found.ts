/**
 * What the bench of all workloads found, as pictures and as Markdown. It measures nothing and writes no file.
 */
import type { Machine } from './machine.js'
import { type Bar, barChart } from './plot/bars.js'
import { type Axes, type Curve, lineChart, type Point } from './plot/lines.js'
import { type Comparison, comparisonCells, measuredOf, type Report, resultCells } from './report.js'
import { isMeasured } from './rounds.js'
import { spreadOf } from './statistics.js'
import type { Workload } from './workload.js'

export interface Found {
  workload: Workload
  report: Report
}

const RATIOS: Record<string, string> = {
  'ratios-peers': 'How many times as fast as peers',
  'ratios-c': 'How many times as fast as C',
}
const CURVES: Record<string, Axes> = {
  size: {
    title: 'seqpacket: cost against the size of a message',
    x: 'bytes of a message',
    y: 'nanoseconds each',
    isBinary: true,
  },
  connections: {
    title: 'Ping-pong of 64 B: cost against the number of active connections',
    x: 'active connections',
    y: 'nanoseconds each',
  },
  memory: { title: 'Memory against the number of idle connections', x: 'idle connections', y: 'bytes of RSS each' },
}

/** File names and their contents. */
export function picturesOf(found: readonly Found[]): Record<string, string> {
  const pictures: Record<string, string> = {}
  for (const [name, title] of Object.entries(RATIOS)) {
    const bars = barsOf(found, name === 'ratios-c')
    if (bars.length > 0) pictures[name] = barChart(title, bars)
  }
  for (const [name, axes] of Object.entries(CURVES)) {
    const curves = curvesOf(found, name)
    if (curves.length > 0) pictures[name] = lineChart(axes, curves)
  }
  return pictures
}

function titleOf(picture: string): string {
  return RATIOS[picture] ?? CURVES[picture]?.title ?? picture
}

function barsOf(found: readonly Found[], isC: boolean): Bar[] {
  return found.flatMap(({ workload, report }) =>
    report.comparisons.flatMap((comparison) => {
      const ratio = measuredOf(comparison)
      const isWanted = comparison.second.name.startsWith('C') === isC && !comparison.atMost
      if (ratio === null || !isWanted || (workload.curve && comparison.target === null)) return []
      return [{ label: `${workload.name}: ${shortOf(comparison)}`, target: comparison.target, ...ratio }]
    }),
  )
}

/** All of them are of ours. */
function shortOf({ name }: Comparison): string {
  return name.replace(/^ancillary, /, '')
}

/** One for each program that is measured at two places or more. */
function curvesOf(found: readonly Found[], curve: string): Curve[] {
  const curves = new Map<string, { name: string; points: Point[] }>()
  for (const { workload, report } of found) {
    if (workload.curve?.name !== curve) continue
    for (const result of report.results.filter(isMeasured)) {
      const points = curves.get(result.name)?.points ?? []
      points.push({ x: workload.curve.at, ...spreadOf(result.samples) })
      curves.set(result.name, { name: result.name, points })
    }
  }
  return [...curves.values()].filter(({ points }) => points.length > 1)
}

export function markdownOf(found: readonly Found[], machine: Machine, how: string): string {
  const where = `Node.js ${machine.node}, ${machine.system}, ${machine.cpus} × ${machine.cpu}; ${how}.`
  const aimed = found.flatMap(({ report }) =>
    report.comparisons.filter(({ target }) => target !== null).map((each) => [report.title, ...comparisonCells(each)]),
  )
  const targets = markdownTable(['Workload', 'Times as fast', 'Measured', 'Target', ''], aimed)
  const pictures = Object.keys(picturesOf(found)).map((name) => `![${titleOf(name)}](performance/${name}.svg)`)
  const rows = found.map(({ report }) => `#### ${capital(report.title)}\n\n${rowsOf(report)}`)
  return [where, ...pictures, '### Targets', targets, '### All rows', ...rows].join('\n\n')
}

function rowsOf({ unit, results, comparisons }: Report): string {
  const headings = unit.isTime ? ['Program', unit.heading, 'ns each'] : ['Program', unit.heading]
  const cells = results.map((result) => resultCells(result, unit))
  const measured = markdownTable(headings, cells)
  return `${measured}\n\n${markdownTable(
    ['Times as fast', 'Measured'],
    comparisons.map((each) => comparisonCells(each).slice(0, 2)),
  )}`
}

function markdownTable(headings: readonly string[], lines: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[]): string =>
    `| ${headings.map((_, at) => (cells[at] ?? '').replace(/\|/g, '\\|')).join(' | ')} |`
  const rule = `| ${headings.map((_, at) => (at === 0 ? '---' : '--:')).join(' | ')} |`
  return [row(headings), rule, ...lines.map(row)].join('\n')
}

function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** `page` with what stands between its marks replaced. */
export function withGenerated(page: string, generated: string): string {
  const [begin, end] = ['<!-- bench:begin -->', '<!-- bench:end -->']
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from < 0 || to < from) throw new Error(`the page has no ${begin} … ${end}`)
  return `${page.slice(0, from + begin.length)}\n\n${generated}\n\n${page.slice(to)}`
}
