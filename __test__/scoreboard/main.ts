/**
 * The scoreboard: `npm run scoreboard -- [--long] [--row N] [--peers] [--write-docs]`. Each case is a process of its own; one line tells
 * what it found. A row of ours that does not hold is a failure, a peer's is not.
 */
import { parseArgs } from 'node:util'
import { keep } from './kept.js'
import { type Side, sides } from './row.js'
import { rows } from './rows.js'
import { startCase } from './started.js'
import { writeTable } from './table.js'

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      long: { type: 'boolean', default: false },
      row: { type: 'string', multiple: true },
      peers: { type: 'boolean', default: false },
      'write-docs': { type: 'boolean', default: false },
    },
  })
  const asked = values.row?.map(Number)
  const chosen = rows.filter(({ number }) => asked === undefined || asked.includes(number))
  if (asked !== undefined && chosen.length !== asked.length) throw new Error('--row takes a number from 1 to 28')
  for (const row of chosen) {
    for (const side of values.peers ? sides : (['ancillary'] as const)) {
      if (row.cases[side] === undefined) continue
      await runCase(row.number, row.title, side, values.long ? 'long' : 'short')
    }
  }
  if (values['write-docs']) writeTable(rows)
}

async function runCase(number: number, title: string, side: Side, form: 'short' | 'long'): Promise<void> {
  const started = performance.now()
  const outcome = await startCase(number, side, form)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  keep(number, side, form, outcome)
  const isOurs = side === 'ancillary'
  const word = isOurs ? (outcome.held ? 'PASS' : 'FAIL') : `    ${side}:`
  console.log(`${word} row ${number}, ${title}: ${outcome.figure} (${seconds} s)`)
  if (isOurs && !outcome.held) process.exitCode = 1
}

void main()
