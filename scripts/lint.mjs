// Everything that judges the source without running the tests: formatting and lint of both languages, types, the
// public contract, the layers and the workflow. All checks run; the last line names those that failed.
import { bin, run, runOrExit } from './run.mjs'

const node = process.execPath
// Their credentials cannot run here, but our own alias chooses their files; “other” is a system that we do not know.
const foreign = ['freebsd', 'dragonfly', 'netbsd', 'openbsd', 'macos', 'nto', 'illumos', 'other']
const checks = {
  biome: [bin('biome'), ['check', '--error-on-warnings']],
  tsc: [bin('tsc'), ['--noEmit']],
  contract: [node, ['scripts/check-contract.mjs']],
  layering: [bin('ava'), ['__test__/layering.spec.js']],
  platforms: [node, ['scripts/platforms.mjs', '--check']],
  workflows: [node, ['scripts/check-workflows.mjs']],
  rustfmt: ['cargo', ['fmt', '--all', '--check']],
  clippy: ['cargo', ['clippy', '--workspace', '--quiet', '--', '-D', 'warnings']],
  // The binding has no tests of its own, and without Node its functions would count as unused.
  'clippy of the tests': ['cargo', ['clippy', '-p', 'unix-socket', '--all-targets', '--quiet', '--', '-D', 'warnings']],
  ...Object.fromEntries(foreign.map((os) => [`clippy for ${os}`, ['env', clippyFor(os)]])),
}

// A cache of its own: the alias would throw away the one of every other build.
function clippyFor(os) {
  const settings = [`ANCILLARY_OS=${os}`, 'CARGO_TARGET_DIR=target/foreign']
  return [...settings, 'cargo', 'clippy', '-p', 'unix-socket', '--quiet', '--', '-D', 'warnings']
}

runOrExit(node, ['scripts/setup.mjs'])
const failed = Object.keys(checks).filter((name) => {
  console.log(`lint: ${name}`)
  return run(...checks[name]) !== 0
})
console.log(failed.length === 0 ? 'lint: all good' : `lint: failed: ${failed.join(', ')}`)
process.exitCode = failed.length === 0 ? 0 : 1
