/**
 * The parts of the benches that only compute: which is the best, what is reached, what is drawn and written. Nothing is measured.
 */
import test from 'ava'
import { comparisonsOf } from '../bench/lib/comparisons.js'
import { markdownOf, picturesOf, withGenerated } from '../bench/lib/found.js'
import { lineChart } from '../bench/lib/plot/lines.js'
import { keptOf, verdictOn } from '../bench/lib/report.js'
import type { Result } from '../bench/lib/rounds.js'
import { perSecond, plain } from '../bench/lib/unit.js'
import type { Side, Variant, Workload } from '../bench/lib/workload.js'
import { workloadsNamed } from '../bench/workloads/catalogue.js'
import { guard } from './helpers/leaks.js'

guard(test)

const OURS = 'ancillary, a way'

function variant(name: string, side: Side): Variant {
  return { name, side, server: { source: 'none.c' }, clients: [] }
}

function workload(more: Partial<Workload> = {}): Workload {
  const variants = [variant(OURS, 'ancillary'), variant('slow', 'peer'), variant('fast', 'peer'), variant('C, a', 'C')]
  return {
    name: 'one',
    title: 'one workload',
    unit: perSecond('things'),
    placement: 'same',
    settings: { type: 'stream', size: 1, fds: 0, connections: 1 },
    variants,
    targets: [
      { of: OURS, times: 2 },
      { of: OURS, to: 'C', times: 0.5 },
    ],
    ...more,
  }
}

function results(costs: Record<string, number>): Result[] {
  return Object.entries(costs).map(([name, cost]) => ({ name, samples: [cost, cost, cost] }))
}

const found = results({ [OURS]: 100, slow: 400, fast: 191, 'C, a': 40 })

function reportOn(each: Workload) {
  const comparisons = comparisonsOf(each, found)
  return { title: each.title, unit: each.unit, results: found, comparisons, notes: [] }
}

test.serial('a target without a name is for the best peer, and 0.95 of it is enough', (t) => {
  const [best, c] = comparisonsOf(workload(), found)
  t.is(best?.name, `${OURS} ÷ fast`)
  t.is(best && verdictOn(best), 'reached')
  t.is(c && verdictOn(c), 'missed')
})

test.serial('a peer that failed is not the best, however fast it was', (t) => {
  const failed = found.map((each) => (each.name === 'fast' ? { ...each, failed: 'it lost a message' } : each))
  t.is(comparisonsOf(workload(), failed)[0]?.name, `${OURS} ÷ slow`)
})

test.serial('what shall be small is reached when it is below the target, or low enough in itself', (t) => {
  const verdict = (times: number, orBelow?: number) => {
    const target = { of: OURS, to: 'fast', times, atMost: true as const, ...(orBelow ? { orBelow } : {}) }
    const [first] = comparisonsOf(workload({ targets: [target], unit: plain('ms', 1) }), found)
    return first && verdictOn(first)
  }
  t.is(verdict(0.6), 'reached')
  t.is(verdict(0.4), 'missed')
  t.is(verdict(0.4, 100), 'reached')
})

test.serial('the JSON has every round and every ratio', (t) => {
  const { results: kept, ratios } = keptOf(reportOn(workload()))
  t.deepEqual(kept[0]?.samples, [100, 100, 100])
  t.deepEqual(
    ratios.map(({ ratio, verdict }) => [ratio?.median, verdict]),
    [
      [1.91, 'reached'],
      [0.4, 'missed'],
    ],
  )
})

test.serial('the page keeps what stands around the generated part', (t) => {
  const page = 'before\n<!-- bench:begin -->\nold\n<!-- bench:end -->\nafter\n'
  const written = withGenerated(page, 'new')
  t.is(written, 'before\n<!-- bench:begin -->\n\nnew\n\n<!-- bench:end -->\nafter\n')
  t.is(withGenerated(written, 'new'), written)
  t.throws(() => withGenerated('no marks', 'new'))
})

test.serial('targets and rows are in the Markdown, and a failure with its reason', (t) => {
  const failed = reportOn(workload())
  failed.results = [...found, { name: 'lost', samples: [], failed: 'a record is missing' }]
  const machine = { node: 'v0', system: 'any', cpu: 'any', cpus: 2, pinning: 'held' }
  const written = markdownOf([{ workload: workload(), report: failed }], machine, 'once')
  t.true(written.includes(`| one workload | ${OURS} ÷ fast | 1.91 (1.91 – 1.91) | 2.0 | reached |`))
  t.true(written.includes('| lost | failed: a record is missing |  |'))
})

test.serial('curves have a point for each workload of them, bars are for the others', (t) => {
  const at = (x: number) => ({
    workload: workload({ curve: { name: 'size', at: x }, targets: [] }),
    report: reportOn(workload()),
  })
  const pictures = picturesOf([at(64), at(4096), { workload: workload(), report: reportOn(workload()) }])
  t.deepEqual(Object.keys(pictures).sort(), ['ratios-c', 'ratios-peers', 'size'])
  t.is(pictures.size?.match(/<circle/g)?.length, 8)
})

test.serial('names in a picture are escaped', (t) => {
  const picture = lineChart({ title: 'a < b & c', x: 'x', y: 'y' }, [{ name: '<one>', points: [point(1), point(2)] }])
  t.true(picture.includes('a &lt; b &amp; c'))
  t.false(picture.includes('<one>'))
})

function point(x: number) {
  return { x, median: 2, q1: 1, q3: 3 }
}

test.serial('a whole name means that workload alone, a beginning all that begin so', (t) => {
  t.deepEqual(
    workloadsNamed(['seqpacket-64']).map(({ name }) => name),
    ['seqpacket-64'],
  )
  t.true(workloadsNamed(['seqpacket']).length > 2)
  t.throws(() => workloadsNamed(['none']), { message: /There is no workload none/ })
})

test.serial('each target is for a row that there is', (t) => {
  for (const { name, variants, targets } of workloadsNamed([])) {
    const names = new Set([...variants.map((each) => each.name), 'C'])
    for (const { of, to } of targets)
      t.true(names.has(of) && (to === undefined || names.has(to)), `${name}: ${of} ÷ ${to}`)
  }
})
