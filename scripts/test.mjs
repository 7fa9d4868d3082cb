// Runs every test from a fresh clone if need be: setup, the Rust tests, the ava specs, the rows of the scoreboard, then
// the programs of other languages and projects, then the core specs on Bun, Deno and Node.js with the other waker. The last line is
// the sum, `N passed, N failed`.
//   --only cargo|ava|scoreboard|interop|runtimes   one part       --node PATH   the specs on another Node.js
//   --strict                   what could not run has failed       -- ARGS   handed to ava
//   --short                    the longest specs with less, and none of the sources themselves: for a second run on another Node.js
import { existsSync } from 'node:fs'
import { parseArgs, stripVTControlCharacters } from 'node:util'
import { runOrExit } from './run.mjs'
import { supervise } from './supervise.mjs'

const { values: options, positionals: avaArguments } = parseArgs({
  options: {
    only: { type: 'string' },
    node: { type: 'string' },
    strict: { type: 'boolean', default: false },
    short: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const node = process.execPath
const environment = {
  ...process.env,
  // ava marks its tests otherwise on a bare console.
  TERM: 'dumb',
  ANCILLARY_TEST_SHORT: options.short ? '1' : '',
  // Node 24 reads these files on a thread while it starts: a descriptor that comes and goes while the specs count theirs.
  NODE_EXTRA_CA_CERTS: undefined,
  NODE_USE_SYSTEM_CA: undefined,
}
/** Milliseconds without a line: longer than the compiler takes, and than ava waits for a test. */
const silence = 600_000
/** Specs of the sources and of what is packed say the same on every Node.js. */
const ofSources = ['layering', 'contract', 'features', 'package', 'packages', 'packages-platforms', 'bench-found']
const others = ['__test__/**/*.spec.js', ...ofSources.map((name) => `!__test__/${name}.spec.js`)]
const specs = options.short && avaArguments.length === 0 ? others : avaArguments
/** Linux counts the descriptors on their way for each user, against the limit of the sender: a spec with a low one must be alone. */
const alone = process.platform === 'linux' && process.getuid() !== 0 ? ['--concurrency=1'] : []
const sum = { passed: 0, failed: 0, skipped: 0 }
const parts = {
  cargo: { command: ['cargo', 'test', '--workspace'], count: countCargo },
  ava: {
    command: [options.node ?? node, 'node_modules/ava/entrypoints/cli.mjs', ...alone, ...specs],
    count: countAva,
  },
  scoreboard: {
    command: [options.node ?? node, '--enable-source-maps', '__test__/scoreboard/main.js'],
    count: countLines,
  },
  interop: { command: [node, 'interop/run.mjs'], count: countLines },
  runtimes: { command: [node, 'scripts/test-runtimes.mjs', '--runtime', 'all', '--quick'], count: countRuntimes },
}
if (options.short) delete parts.runtimes
if (!existsSync('interop/run.mjs')) delete parts.interop
if (options.only && !parts[options.only]) throw new Error(`--only takes one of ${Object.keys(parts).join(', ')}`)

runOrExit(node, ['scripts/setup.mjs'])
for (const name of options.only ? [options.only] : Object.keys(parts)) await runPart(name, parts[name])
const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : ''
console.log(`${sum.passed} passed, ${sum.failed} failed${skipped}`)
process.exitCode = sum.failed > 0 ? 1 : 0

/** Shows the part's output as it comes and adds up what its lines report; a bad end counts even if no line told of it. */
async function runPart(name, { command, count }) {
  const failedBefore = sum.failed
  const problem = await supervise(command, {
    env: environment,
    silence,
    onLine(line) {
      console.log(line)
      count(stripVTControlCharacters(line))
    },
  })
  if (problem === null || sum.failed > failedBefore) return
  console.log(`${name} ended with ${problem}`)
  sum.failed++
}

function countCargo(line) {
  const result = /^test result: \w+\. (\d+) passed; (\d+) failed; (\d+) ignored/.exec(line)
  if (!result) return
  sum.passed += Number(result[1])
  sum.failed += Number(result[2])
  sum.skipped += Number(result[3])
}

function countAva(line) {
  if (/^ +✔ /.test(line)) sum.passed++
  else if (/^ +[✘◌] /.test(line)) sum.failed++
  else if (/^ +- \[(skip|todo)\] /.test(line)) sum.skipped++
}

/** What a runtime cannot do is marked otherwise, and counts as neither. */
function countRuntimes(line) {
  if (/^ +✔ /.test(line)) sum.passed++
  else if (/^ +✘ /.test(line)) sum.failed++
}

function countLines(line) {
  if (line.startsWith('PASS ')) sum.passed++
  else if (line.startsWith('FAIL ')) sum.failed++
  else if (line.startsWith('not run: ')) sum[options.strict ? 'failed' : 'skipped']++
}
