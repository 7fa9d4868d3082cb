// Runs the rounds of __test__/hostile.spec.ts for as long as one likes: `npm run fuzz:hostile -- --rounds N [--seed N]`. Without a
// seed it takes one by chance and says which. A round that failed names its own seed: run it again with `--seed N --rounds 1`.
import { parseArgs } from 'node:util'
import { bin, run, runOrExit } from './run.mjs'

const { values: options } = parseArgs({
  options: { rounds: { type: 'string', default: '10000' }, seed: { type: 'string' } },
})
const seed = options.seed ?? String(Math.floor(Math.random() * 0x7fffffff))

runOrExit(process.execPath, ['scripts/setup.mjs'])
console.log(`seed ${seed}`)
process.env.ANCILLARY_HOSTILE_SEED = seed
process.env.ANCILLARY_HOSTILE_ROUNDS = options.rounds
process.exitCode = run(bin('ava'), ['--timeout', '24h', '__test__/hostile.spec.js'])
