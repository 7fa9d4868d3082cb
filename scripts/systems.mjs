// Both crates and their tests, compiled for other systems by clippy with warnings as errors: it needs their Rust targets
// (`rustup target add`, which `--add` does), but neither a linker nor their C library. Nothing is run. Without arguments all of
// them: `npm run systems -- aarch64-apple-darwin`.
import { spawnSync } from 'node:child_process'
import { run, runOrExit } from './run.mjs'

const targets = [
  'aarch64-apple-darwin',
  'x86_64-apple-darwin',
  'x86_64-unknown-freebsd',
  'x86_64-unknown-netbsd',
  'x86_64-unknown-illumos',
  'x86_64-unknown-linux-musl',
  'aarch64-unknown-linux-gnu',
  'aarch64-unknown-linux-musl',
  'armv7-unknown-linux-gnueabihf',
  's390x-unknown-linux-gnu',
]
const given = process.argv.slice(2)
const named = given.filter((argument) => argument !== '--add')
for (const name of named) {
  if (!targets.includes(name)) throw new Error(`usage: npm run systems -- [--add] [${targets.join('|')}]`)
}
const wanted = named.length > 0 ? named : targets
if (given.includes('--add')) runOrExit('rustup', ['target', 'add', ...wanted])

const installed = spawnSync('rustup', ['target', 'list', '--installed'], { encoding: 'utf8' }).stdout.split('\n')
const missing = wanted.filter((target) => !installed.includes(target))
const failed = wanted.filter((target) => !missing.includes(target) && !compiles(target))
if (missing.length > 0) console.error(`systems: no Rust for ${missing.join(', ')}: npm run systems -- --add`)
console.log(failed.length === 0 ? 'systems: all good' : `systems: failed: ${failed.join(', ')}`)
process.exitCode = failed.length + missing.length === 0 ? 0 : 1

// A cache of its own, so that neither this nor any other build starts anew. The binding has no tests of its own.
function compiles(target) {
  console.log(`systems: ${target}`)
  const where = ['--quiet', '--target', target, '--target-dir', 'target/systems', '--', '-D', 'warnings']
  // Without this a target of musl makes programs only.
  if (target.endsWith('-musl')) process.env.RUSTFLAGS = '-C target-feature=-crt-static'
  else delete process.env.RUSTFLAGS
  const parts = [['unix-socket', '--all-targets'], ['ancillary-binding']]
  return parts.every((part) => run('cargo', ['clippy', '--package', ...part, ...where]) === 0)
}
