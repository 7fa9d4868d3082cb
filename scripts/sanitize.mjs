// Runs the specs over an addon that was built with AddressSanitizer, LeakSanitizer at the end of each process: `npm run sanitize
// [-- SPEC...]`. Then once more, without both, with MALLOC_PERTURB_, which fills freed memory. Node.js and V8 leak by design,
// and so do the programs that specs start: only what our own code allocated counts.
//   --only asan|perturb   one of both       --reports FOLDER   judges reports that are there
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runOrExit } from './run.mjs'
import { supervise } from './supervise.mjs'

const { values: options, positionals } = parseArgs({
  options: { only: { type: 'string' }, reports: { type: 'string' } },
  allowPositionals: true,
})
const target = 'x86_64-unknown-linux-gnu'
const addon = resolve('build/sanitize/ancillary-asan.node')
const reports = resolve(options.reports ?? 'build/sanitize/reports')
/** What a report of ours names. */
const OURS = 'ancillary-asan.node'
/** Not run, with the reason. */
const excluded = {
  'injection.spec.js': 'strace and LeakSanitizer both want to trace the process',
  'package.spec.js': 'it installs the addon that is in the package',
}
/** Milliseconds without a line. */
const silence = 600_000

if (options.reports !== undefined) process.exit(judge())
runOrExit(process.execPath, ['scripts/setup.mjs'])
let bad = 0
if (options.only !== 'perturb') bad += await underAddressSanitizer()
if (options.only !== 'asan') bad += await perturbed()
console.log(bad === 0 ? 'sanitize: nothing found' : `sanitize: ${bad} findings`)
process.exitCode = bad === 0 ? 0 : 1

async function underAddressSanitizer() {
  build()
  rmSync(reports, { recursive: true, force: true })
  mkdirSync(reports, { recursive: true })
  const problem = await specs({
    NAPI_RS_NATIVE_LIBRARY_PATH: addon,
    LD_PRELOAD: runtime(),
    // exitcode=0: the leaks of others must not look like a spec that failed. What is wrong with memory ends the process all the same.
    ASAN_OPTIONS: `detect_leaks=1:exitcode=0:abort_on_error=0:log_path=${reports}/report:fast_unwind_on_malloc=1:handle_segv=0`,
    LSAN_OPTIONS: 'max_leaks=0:report_objects=0',
  })
  return judge() + (problem === null ? 0 : 1)
}

/** As `npm test` runs them, without our own sanitizer: glibc overwrites what is freed. */
async function perturbed() {
  return (await specs({ MALLOC_PERTURB_: '165' })) === null ? 0 : 1
}

/** The compiler admits to have sanitizers only if it is told to be a nightly one. */
function build() {
  console.log('sanitize: building the addon with AddressSanitizer')
  process.env.RUSTC_BOOTSTRAP ??= '1'
  // With `--target`, so that build scripts and macros, which the compiler loads, are built without. Frame pointers: for whole stacks.
  process.env.RUSTFLAGS = '-Zsanitizer=address -Cforce-frame-pointers=yes -Cdebuginfo=1'
  const what = ['-p', 'ancillary-binding', '--target', target, '--target-dir', 'target/sanitize']
  runOrExit('cargo', ['build', ...what])
  mkdirSync('build/sanitize', { recursive: true })
  copyFileSync(`target/sanitize/${target}/debug/libancillary_binding.so`, addon)
}

/** Node.js is built without: the runtime has to be there before it. */
function runtime() {
  const { stdout } = spawnSync('cc', ['-print-file-name=libasan.so'], { encoding: 'utf8' })
  const linked = readFileSync(stdout.trim(), 'latin1')
  // gcc's own folder has the library, or a linker script that names it.
  return /\/\S+libasan\.so\.\d+/.exec(linked.slice(0, 4096))?.[0] ?? stdout.trim()
}

function specs(environment) {
  const files =
    positionals.length > 0 ? positionals : readdirSync('__test__').filter((name) => name.endsWith('.spec.js'))
  const wanted = files.map((name) => (name.includes('/') ? name : `__test__/${name}`))
  const chosen = wanted.filter((path) => excluded[path.slice('__test__/'.length)] === undefined)
  for (const [name, reason] of Object.entries(excluded)) console.log(`not run: ${name}: ${reason}`)
  return supervise([process.execPath, 'node_modules/ava/entrypoints/cli.mjs', '--timeout=10m', ...chosen], {
    env: { ...process.env, TERM: 'dumb', ANCILLARY_TEST_SHORT: '1', NODE_EXTRA_CA_CERTS: undefined, ...environment },
    silence,
    onLine: (line) => console.log(line),
  })
}

/** How many reports are about us: every error, and leaks of what our code allocated. */
function judge() {
  const found = new Map()
  for (const name of readdirSync(reports)) {
    for (const part of readFileSync(join(reports, name), 'utf8').split(/\n\n+/)) {
      const isLeak = /^(Direct|Indirect) leak/.test(part.trim())
      const isError = /ERROR: AddressSanitizer/.test(part)
      if (isError || (isLeak && isByUs(part))) {
        const key = frames(part)
          .map((frame) => frame.replace(/^\s*#\d+ 0x\w+ /, ''))
          .join('\n')
        if (!found.has(key)) found.set(key, part)
      }
    }
  }
  for (const part of found.values()) console.log(`${part}\n`)
  console.log(`sanitize: ${readdirSync(reports).length} reports, ${found.size} of ours`)
  return found.size
}

/** The allocator and Node-API may stand before us; what lies behind those was allocated by somebody whom we only called. */
function isByUs(part) {
  return frames(part)
    .slice(0, 4)
    .some((frame) => frame.includes(OURS))
}

function frames(part) {
  return part.split('\n').filter((line) => /^\s*#\d+ /.test(line))
}
