// The process of one row on one side: `run-row.js NUMBER SIDE short|long`. It prints what the case found as its last line; a case
// that ends the process, or never ends, is judged by who started it (main.ts).
import { writeSync } from 'node:fs'
import { createRequire } from 'node:module'
import { startPoller } from '../helpers/leaks.js'
import { makeFolder, removeFolder } from '../helpers/tmp.js'
import type { Kit, Side } from './row.js'
import { rows } from './rows.js'

async function main([number, side, form]: string[]): Promise<void> {
  const found = rows.find((row) => row.number === Number(number))
  const run = found?.cases[side as Side]
  if (run === undefined) throw new Error(`No case for row ${number}, ${side}`)
  const folder = makeFolder()
  process.once('exit', () => removeFolder(folder))
  await startPoller()
  const finding = await run(kitFor(folder, form === 'long'))
  writeSync(1, `\n${JSON.stringify(finding)}\n`)
  process.exit()
}

function kitFor(folder: string, long: boolean): Kit {
  return {
    long,
    folder,
    pick: (short, many) => (long ? many : short),
    load: <T>() => createRequire(__filename)(process.env.ANCILLARY_PEER ?? '') as T,
  }
}

process.on('unhandledRejection', (error) => {
  throw error
})
void main(process.argv.slice(2))
