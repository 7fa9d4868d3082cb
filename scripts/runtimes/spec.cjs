// Runs one compiled spec file on the runtime that this is, with scripts/runtimes/ava.cjs in the place of ava, and prints a line of
// JSON for each test: { title, result: 'passed' | 'failed' | 'skipped', error }. Its own end says whether all went well.
const { writeSync } = require('node:fs')
const { resolve } = require('node:path')
const shim = require('./ava.cjs')

const [file, only] = process.argv.slice(2)
const PATIENCE_MS = 60_000

globalThis.gc ??= () => globalThis.Bun?.gc(true)
const ava = require.resolve('ava')
require.cache[ava] = { id: ava, filename: ava, loaded: true, exports: shim.test, children: [], paths: [] }

const unhandled = []
process.on('uncaughtException', (error) => unhandled.push(error))
process.on('unhandledRejection', (error) => unhandled.push(error))
let current = 'before'
process.on('exit', (code) => {
  if (current !== null) report(current, new Error(`the process ended with ${code} in the middle of it`))
})
require(resolve(file))
main()

async function main() {
  let failed = 0
  const all = [
    ...shim.hooks.before.map((hook) => ({ ...hook, quiet: true })),
    ...shim.tests.filter(({ title }) => only === undefined || title.includes(only)),
    ...shim.hooks.after.map((hook) => ({ ...hook, quiet: hook.title === 'after' })),
  ]
  for (const one of all) {
    current = one.title
    const error = one.skipped ? undefined : await run(one)
    if (one.skipped) writeSync(1, `${JSON.stringify({ title: one.title, result: 'skipped' })}\n`)
    else if (error !== undefined || !one.quiet) report(one.title, error)
    failed += Number(error !== undefined)
  }
  current = null
  process.exit(failed > 0 ? 1 : 0)
}

async function run({ implementation }) {
  const notes = { assertions: 0, log: [], passed: true }
  const teardowns = []
  const t = shim.context(notes, teardowns)
  const isHook = !shim.tests.some((one) => one.implementation === implementation)
  let error
  try {
    if (!isHook) for (const hook of shim.hooks.beforeEach) await hook.implementation(t)
    await within(implementation(t))
    if (!isHook && notes.assertions === 0) throw new Error('it asserts nothing')
  } catch (thrown) {
    error = thrown
    notes.passed = false
  }
  for (const hook of isHook ? [] : shim.hooks.afterEach)
    await within(hook.implementation(t)).catch((thrown) => (error ??= thrown))
  for (const teardown of teardowns) await teardown()
  return error ?? unhandled.splice(0)[0]
}

/** Also keeps the process alive, as ava does: what waits for nothing must be found out. */
async function within(promise) {
  let timer
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end within ${PATIENCE_MS / 1000} s`)), PATIENCE_MS)
  })
  try {
    await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

function report(title, error) {
  const result = error === undefined ? 'passed' : 'failed'
  const text = error === undefined ? undefined : String(error?.stack ?? error)
  writeSync(1, `${JSON.stringify({ title, result, error: text })}\n`)
}
