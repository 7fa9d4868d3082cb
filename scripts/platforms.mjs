// Writes docs/platforms.md from what was recorded (docs/platforms/*.json, made by test-runtimes.mjs --record): a row for each
// feature, a column for each runtime and system. A cell says passed, refused with the reason, or not yet run; nothing is
// written there by hand. With --check it only says whether the page is that of the records.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import './run.mjs'
import { differences } from './runtimes/differences.mjs'
import { features } from './runtimes/features.mjs'

const PAGE = 'docs/platforms.md'
/** Systems of which there may be records: a column each, though nobody has run them. */
const EXPECTED = ['macos-arm64', 'macos-x64', 'freebsd-x64', 'linux-arm64', 'linux-x64-musl']
const records = readdirSync('docs/platforms')
  .filter((name) => name.endsWith('.json'))
  .sort()
const columns = records.map((file) => ({ ...JSON.parse(readFileSync(`docs/platforms/${file}`, 'utf8')), file }))
const notes = []

const page = `${head()}${table()}\n${remarks()}`
if (process.argv.includes('--check')) {
  if (readFileSync(PAGE, 'utf8') !== page) {
    console.error(`${PAGE} is stale: node scripts/platforms.mjs writes it`)
    process.exitCode = 1
  }
} else writeFileSync(PAGE, page)

function head() {
  return `# What works where

Made by \`node scripts/platforms.mjs\` from records of runs in \`docs/platforms/\`; do not edit. Each row stands for the spec files that
show it; a number is how many of their tests passed. “refused” means that some of it is not possible there, and why is told below the
table; where that is a call of this package, it throws [\`ERR_UNSUPPORTED_PLATFORM\`](guide/errors.md#err_unsupported_platform).

${columns.map(({ runtime, system, date }) => `- ${runtime}, ${system}, ${date}`).join('\n')}

`
}

function table() {
  const names = [
    ...columns.map(({ runtime }) => runtime),
    ...EXPECTED.filter((name) => !columns.some((one) => one.system === name)),
  ]
  const rows = Object.entries(features).map(([feature, specs]) => {
    const cells = names.map((_, at) => (at < columns.length ? cell(columns[at], specs) : 'not yet run'))
    return `| ${[feature, ...cells].join(' | ')} |`
  })
  return [`| ${['', ...names].join(' | ')} |`, `|${' --- |'.repeat(names.length + 1)}`, ...rows, ''].join('\n')
}

function cell({ specs: run, runtime, name }, specs) {
  if (specs.some((spec) => run[spec] === undefined)) return 'not yet run'
  const results = specs.flatMap((spec) =>
    Object.entries(run[spec]).map(([title, one]) => judged(name, spec, title, one)),
  )
  const count = (wanted) => results.filter(({ result }) => result === wanted).length
  if (count('failed') > 0) return `**${count('failed')} failed**, ${count('passed')} passed`
  const reasons = new Set(results.filter(({ result }) => result === 'refused').map(({ reason }) => reason))
  if (reasons.size === 0) return `passed (${count('passed')})`
  const marks = [...reasons].map((reason) => `[${noteOf(`${runtime.split(/[ ,]/)[0]}: ${reason}`)}]`).join('')
  return count('passed') > 0 ? `passed (${count('passed')}), else refused ${marks}` : `refused ${marks}`
}

/** What failed for a reason that is known is refused, as test-runtimes.mjs says with the same list. */
function judged(name, spec, title, one) {
  const reasons = differences[name]?.[spec] ?? {}
  const reason = typeof reasons === 'string' ? reasons : (reasons[title] ?? reasons[`?${title}`] ?? reasons['*'])
  return one.result === 'failed' && reason !== undefined ? { result: 'refused', reason } : one
}

function noteOf(text) {
  if (!notes.includes(text)) notes.push(text)
  return notes.indexOf(text) + 1
}

function remarks() {
  return notes.map((text, at) => `${at + 1}. ${text}\n`).join('')
}
