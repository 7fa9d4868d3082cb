// Writes docs/platforms.md from what was recorded (docs/platforms/*.json, made by test-runtimes.mjs --record): a row for each
// feature, a column for each runtime and system. A cell says passed, refused with the reason, or not yet run; nothing is
// written there by hand. The same in short goes into the README, between two comments. With --check it only says whether both are those
// of the records.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import './run.mjs'
import { differences } from './runtimes/differences.mjs'
import { features } from './runtimes/features.mjs'

const PAGE = 'docs/platforms.md'
const README = 'README.md'
/** Systems of which there may be records: a column each, though nobody has run them. */
const EXPECTED = ['macos-arm64', 'macos-x64', 'freebsd-x64', 'linux-arm64', 'linux-x64-musl']
const records = readdirSync('docs/platforms')
  .filter((name) => name.endsWith('.json'))
  .sort()
const columns = records.map((file) => ({ ...JSON.parse(readFileSync(`docs/platforms/${file}`, 'utf8')), file }))
const notes = []

const pages = { [PAGE]: `${head()}${table()}\n${remarks()}`, [README]: readmeWith(summary()) }
for (const [path, page] of Object.entries(pages)) {
  if (!process.argv.includes('--check')) writeFileSync(path, page)
  else if (readFileSync(path, 'utf8') !== page) {
    console.error(`${path} is stale: node scripts/platforms.mjs writes it`)
    process.exitCode = 1
  }
}

function readmeWith(text) {
  const [begin, end] = ['<!-- platforms -->', '<!-- /platforms -->']
  const readme = readFileSync(README, 'utf8')
  return `${readme.slice(0, readme.indexOf(begin) + begin.length)}\n${text}${readme.slice(readme.indexOf(end))}`
}

/** A row for each record: how many tests of all features passed, and how many are not possible there. */
function summary() {
  const rows = columns.map((column) => {
    const results = resultsOf(column, Object.values(features).flat())
    const count = (wanted) => results.filter(({ result }) => result === wanted).length
    return `| ${brief(column.runtime)}, ${column.system} | ${count('passed')} | ${count('refused')} | ${count('failed')} |`
  })
  return [
    '| tests of the features | passed | not possible there | failed |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n')
}

function head() {
  return `# What works where

Made by \`node scripts/platforms.mjs\` from records of runs in \`docs/platforms/\`; do not edit. Each row stands for the spec files that
show it; a number is how many of their tests passed. “refused” means that some of it is not possible there, and why is told below the
table; where that is a call of this package, it throws [\`ERR_UNSUPPORTED_PLATFORM\`](guide/errors.md#err_unsupported_platform).

${columns.map(({ runtime, system, date }) => `- ${brief(runtime)}, ${system}, ${date}`).join('\n')}

`
}

function table() {
  const names = [
    ...columns.map(({ runtime }) => brief(runtime)),
    ...EXPECTED.filter((name) => !columns.some((one) => one.system === name)),
  ]
  const rows = Object.entries(features).map(([feature, specs]) => {
    const cells = names.map((_, at) => (at < columns.length ? cell(columns[at], specs) : 'not yet run'))
    return `| ${[feature, ...cells].join(' | ')} |`
  })
  return [`| ${['', ...names].join(' | ')} |`, `|${' --- |'.repeat(names.length + 1)}`, ...rows, ''].join('\n')
}

/** Without what a runtime says of its build. */
function brief(runtime) {
  return runtime.replace(/ \([^)]*\)/, '')
}

function resultsOf({ specs: run, name }, specs) {
  return specs.flatMap((spec) => Object.entries(run[spec] ?? {}).map(([title, one]) => judged(name, spec, title, one)))
}

function cell(column, specs) {
  const { specs: run, runtime } = column
  if (specs.some((spec) => run[spec] === undefined)) return 'not yet run'
  const results = resultsOf(column, specs)
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
