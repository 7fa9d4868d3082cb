// The hand-written pages of the site: which there are, under which heading of the list of pages, and a copy of each with what
// TypeDoc wants at its top. It does not know how TypeDoc is run.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import '../run.mjs'

/** The headings of the list, in order. */
const headings = {
  Guide: ['docs/guide/index.md', ...chapters().filter((path) => !path.includes('use-cases'))],
  'Use cases': chapters().filter((path) => path.includes('use-cases')),
  'How well it works': [
    'docs/features.md',
    'docs/platforms.md',
    'docs/performance.md',
    'docs/scoreboard.md',
    'bench/README.md',
  ],
  'The project': ['CHANGELOG.md', 'SECURITY.md', 'CONTRIBUTING.md', 'docs/releasing.md'],
}

export const groups = Object.keys(headings)
export const documents = Object.values(headings).flat()

/** What the pages link to; links that lead out of this would be broken. */
const copied = [
  ...['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', 'LICENSE', 'index.d.ts'],
  ...['docs', 'bench', 'examples', 'interop', '__test__'],
]

/** Copies the pages into `folder`, as TypeDoc wants them. */
export function copyPages(folder) {
  const written = readdirSync('docs', { recursive: true, encoding: 'utf8' }).map((name) => join('docs', name))
  const forgotten = written.filter((path) => path.endsWith('.md') && !documents.includes(path))
  if (forgotten.length > 0) throw new Error(`under no heading of the site: ${forgotten.join(', ')}`)
  rmSync(folder, { recursive: true, force: true })
  for (const path of copied) copy(path, join(folder, path))
  // The site's own heading says it already.
  writeFileSync(join(folder, 'README.md'), plainCode(readFileSync('README.md', 'utf8').replace(/^# .*\n/, '')))
  for (const [group, paths] of Object.entries(headings)) {
    for (const path of paths) writeFileSync(join(folder, path), withFrontMatter(group, readFileSync(path, 'utf8')))
  }
}

/** In the order of the guide's own table of contents. */
function chapters() {
  const index = 'docs/guide/index.md'
  const links = [...readFileSync(index, 'utf8').matchAll(/\]\((?!https?:|\.\.)([\w/-]+\.md)\)/g)]
  return [...new Set(links.map(([, name]) => join(dirname(index), name)))]
}

function copy(path, to) {
  mkdirSync(dirname(to), { recursive: true })
  cpSync(path, to, { recursive: true, filter: (source) => !/\.js$|node_modules/.test(source) })
}

/** The heading is the title in the list of pages as well. */
function withFrontMatter(group, text) {
  const [, title] = /^# (.*)\n/m.exec(text)
  const plain = title.replaceAll('`', '')
  return `---\ntitle: ${JSON.stringify(plain)}\ngroup: ${JSON.stringify(group)}\n---\n${plainCode(text)}`
}

/** Code for a shell that is run is code for a shell. */
function plainCode(text) {
  return text.replace(/^```(js|sh) .*$/gm, '```$1')
}
