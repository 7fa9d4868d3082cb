/**
 * How many identities of peers can be looked up in a second: by ancillary on every kind of source, by the npm package
 * `peercred`, and by C. This file says what the rows are and what is compared; ../README.md says how to read them.
 *
 * The benches import '../../index.js' because they live in the repository; your program imports 'ancillary'.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Made } from '../lib/command.js'
import { parseOptions } from '../lib/options.js'
import { peer } from '../lib/peers.js'
import { keepReport, printReport } from '../lib/report.js'
import { measure, type Result, type Row } from '../lib/rounds.js'
import { perSecond } from '../lib/unit.js'
import { Worker } from '../lib/worker.js'
import { CONNECTIONS } from './connections.js'
import { Reference } from './reference.js'

/** Each round makes this many connections for their first lookup, whatever its time: making them takes longer. */
const FIRST_LOOKUPS = 5 * CONNECTIONS

const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
const workers: Worker[] = []
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1))

main().finally(() => {
  for (const worker of workers) worker.stop()
})

async function main(): Promise<void> {
  const options = parseOptions()
  const peercred = peer('peercred')
  const reference = new Reference()
  const rows = rowsOf(peercred, reference)
  const results = await measure(Object.values(rows), options)
  const found = Object.fromEntries(Object.keys(rows).map((key, at) => [key, results[at]])) as Found
  const notes = notesOn(await reference.unanswered())
  const report = {
    title: 'bench identity',
    unit: perSecond('lookups'),
    results,
    comparisons: comparisonsOf(found),
    notes,
  }
  printReport(report, options)
  keepReport(report, options)
}

type Rows = ReturnType<typeof rowsOf>
type Found = Record<keyof Rows, Result>

function rowsOf(peercred: Made, reference: Reference) {
  const many = start('many')
  const netSocket = start('netSocket', ...('path' in peercred ? [peercred.path] : []))
  const row = (name: string, timed: Row['timed']): Row => ({ name, timed })
  return {
    remembered: row('ancillary, a net.Socket', netSocket.row('ancillary')),
    unixSocket: row('ancillary, a UnixSocket', start('unixSocket').row('ancillary')),
    again: row(`ancillary, ${CONNECTIONS} net.Sockets in turn`, many.row('again')),
    first: { ...row(`ancillary, ${CONNECTIONS} net.Sockets, first time`, many.row('first')), count: FIRST_LOOKUPS },
    number: row('ancillary, a number', start('number').row('ancillary')),
    peercred: row('peercred, a net.Socket', 'path' in peercred ? netSocket.row('peercred') : peercred),
    credentials: reference.row('C, SO_PEERCRED', 'credentials'),
    everything: reference.row('C, everything', 'everything'),
  }
}

function start(kind: string, ...more: string[]): Worker {
  const worker = new Worker(join(__dirname, 'worker.js'), [kind, join(folder, kind), ...more])
  workers.push(worker)
  return worker
}

function comparisonsOf({ remembered, number, peercred, credentials, everything }: Found) {
  return [
    { name: 'ancillary, a net.Socket ÷ peercred', first: remembered, second: peercred, target: 3 },
    { name: 'ancillary, a net.Socket ÷ C, SO_PEERCRED', first: remembered, second: credentials, target: 0.9 },
    { name: 'ancillary, a number ÷ C, everything', first: number, second: everything, target: 0.9 },
  ]
}

function notesOn(unanswered: readonly string[]): string[] {
  const answers = 'Every answer was checked: pid, uid and gid.'
  return unanswered.length === 0 ? [answers] : [answers, `This kernel does not answer ${unanswered.join(', ')}.`]
}
