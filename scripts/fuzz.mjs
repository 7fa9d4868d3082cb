// Runs the fuzz targets of crates/unix-socket/fuzz one after the other: `npm run fuzz -- --seconds N|--runs N [--target NAME] [--fast]`. New
// inputs go to build/fuzz, beside the corpus that is committed. `--fast` is without AddressSanitizer.
import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { run } from './run.mjs'

const folder = 'crates/unix-socket/fuzz'
const { values: options } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    runs: { type: 'string' },
    target: { type: 'string' },
    fast: { type: 'boolean', default: false },
  },
})

if (spawnSync('cargo', ['fuzz', '--version']).status !== 0) {
  console.error('There is no cargo-fuzz: cargo install cargo-fuzz --locked')
  process.exit(1)
}
// The sanitizers are options that only a nightly compiler admits to have.
process.env.RUSTC_BOOTSTRAP ??= '1'
const targets = options.target === undefined ? ['control', 'address', 'credentials'] : [options.target]
process.exitCode = targets.every((target) => fuzz(target) === 0) ? 0 : 1

function fuzz(target) {
  const grown = `build/fuzz/${target}`
  mkdirSync(grown, { recursive: true })
  const building = ['--fuzz-dir', folder, '--target-dir', 'target/fuzz', ...(options.fast ? ['-s', 'none'] : [])]
  const end = options.runs === undefined ? `-max_total_time=${options.seconds}` : `-runs=${options.runs}`
  const running = ['-max_len=2048', end]
  return run('cargo', ['fuzz', 'run', ...building, target, grown, `${folder}/corpus/${target}`, '--', ...running])
}
