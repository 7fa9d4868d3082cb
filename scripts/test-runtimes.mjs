// Runs the compiled specs on a runtime where ava does not run, or with another waker: each file in a process of its own, with
// scripts/runtimes/spec.cjs. What a runtime cannot do is listed, with the reason, in scripts/runtimes/differences.mjs; what is listed
// there and passes all the same has failed, so that the list stays true. The last line is the sum.
//   --runtime bun|deno|node-thread|node|all   which one; all: the first three     --quick    only the core specs
//   --features   the specs of docs/platforms.md     --node PATH   another Node.js
//   --record FILE   writes each result as JSON          -- SPEC…   only these spec files
//   --raw        as if nothing were known: every failure with its error, to see what differences.mjs must say
import { spawn } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { parseArgs } from 'node:util'
import { run, runOrExit } from './run.mjs'
import { differences } from './runtimes/differences.mjs'
import { features } from './runtimes/features.mjs'
import { runtimes } from './runtimes/runtimes.mjs'

const { values: options, positionals } = parseArgs({
  options: {
    runtime: { type: 'string' },
    quick: { type: 'boolean', default: false },
    features: { type: 'boolean', default: false },
    node: { type: 'string', default: process.execPath },
    record: { type: 'string' },
    raw: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
if (options.runtime === 'all') process.exit(runAll())
const runtime = runtimes[options.runtime]
if (runtime === undefined) throw new Error(`--runtime takes one of ${Object.keys(runtimes).join(', ')}`)

/** Enough to see that every kind of call works: seconds, not minutes. */
const QUICK = [
  ...['address', 'connect', 'descriptor', 'lent', 'memory-file', 'message', 'process', 'receiving', 'receiving-end'],
  ...['sending', 'socket', 'systemd-notify'],
]
const SILENCE_MS = 120_000
const AT_A_TIME = 2
const known = options.raw ? {} : (differences[options.runtime] ?? {})
const sum = { passed: 0, failed: 0, refused: 0 }
const record = {}

runOrExit(process.execPath, ['scripts/setup.mjs'])
const command = runtime.command(options.node)
const files = chosen()
await Promise.all(Array.from({ length: AT_A_TIME }, work))
if (options.record) writeRecord()
if (sum.refused > 0) console.log(`${sum.refused} more that ${options.runtime} cannot do`)
console.log(`${sum.passed} passed, ${sum.failed} failed`)
process.exitCode = sum.failed > 0 ? 1 : 0

/** Each in a process of its own, with what else was asked for. */
function runAll() {
  const others = process.argv.slice(2).filter((word, at, all) => word !== '--runtime' && all[at - 1] !== '--runtime')
  const names = Object.keys(runtimes).filter((name) => name !== 'node')
  return (
    names
      .map((name) => run(process.execPath, [process.argv[1], '--runtime', name, ...others]))
      .find((code) => code !== 0) ?? 0
  )
}

function writeRecord() {
  const whole = {
    name: options.runtime,
    runtime: runtime.version(command),
    system: `${process.platform}-${process.arch}`,
    date: today(),
    specs: sorted(record),
  }
  writeFileSync(options.record, `${JSON.stringify(whole, null, 1)}\n`)
}

function today() {
  return new Date().toISOString().slice(0, 10)
}

function sorted(object) {
  return Object.fromEntries(Object.entries(object).sort(([one], [other]) => (one < other ? -1 : 1)))
}

function chosen() {
  if (positionals.length > 0) return positionals.map((file) => basename(file).replace(/\.spec\.[jt]s$/, ''))
  if (options.quick) return [...QUICK]
  if (options.features) return Object.values(features).flat()
  return readdirSync('__test__').flatMap((name) => /^(.*)\.spec\.js$/.exec(name)?.[1] ?? [])
}

async function work() {
  for (let file = files.shift(); file !== undefined; file = files.shift()) await runFile(file)
}

async function runFile(file) {
  record[file] = {}
  const reason = known[file]
  if (typeof reason === 'string') {
    settle(file, '*', 'refused', reason)
    return
  }
  const problem = await runSpec(file, (line) => judge(file, line, reason ?? {}))
  // A file that broke down has told of it already, or it tells now.
  if (
    problem !== null &&
    !Object.values(record[file]).some(({ result }) => result === 'failed' || result === 'refused')
  ) {
    settle(file, 'the file', 'failed', problem)
  }
}

/** Resolves with null, or with what its end was. */
function runSpec(file, onLine) {
  const [program, ...args] = [...command, 'scripts/runtimes/spec.cjs', `__test__/${file}.spec.js`]
  const env = { ...process.env, ANCILLARY_TEST_SHORT: '1', NODE_EXTRA_CA_CERTS: undefined, ...runtime.env }
  const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'], detached: true })
  const kill = () => {
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  }
  const watch = setTimeout(kill, SILENCE_MS)
  let complaints = ''
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaints = (complaints + text).slice(-4000)
  })
  createInterface({ input: child.stdout }).on('line', (line) => {
    watch.refresh()
    if (line.startsWith('{"title"')) onLine(JSON.parse(line))
  })
  return new Promise((resolve) => {
    child.once('close', (code, signal) => {
      clearTimeout(watch)
      kill()
      resolve(code === 0 ? null : `it ended with ${signal ?? code}\n${complaints}`)
    })
  })
}

function judge(file, { title, result, error }, reasons) {
  const reason = reasons[title] ?? reasons[`?${title}`] ?? reasons['*']
  if (reason === undefined || result === 'skipped') settle(file, title, result, error)
  else if (result === 'failed') settle(file, title, 'refused', reason)
  else if (reasons[title] === undefined) settle(file, title, result)
  else settle(file, title, 'failed', `it passes, though differences.mjs says: ${reason}`)
}

function settle(file, title, result, text) {
  record[file][title] = text === undefined ? { result } : { result, reason: text.split('\n')[0] }
  if (result in sum) sum[result]++
  const mark = { passed: '✔', failed: '✘', refused: '-', skipped: '-' }[result]
  console.log(`  ${mark} ${file} › ${title}${result === 'refused' ? ` (${text})` : ''}`)
  if (result === 'failed') console.log(`${text}`.replace(/^/gm, '      '))
}
