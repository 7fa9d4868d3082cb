// The guide does what it says: each of its JavaScript examples is run, its links lead somewhere, and no error code and
// no promise is without its paragraph.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { guard } from './helpers/leaks.js'
import { assertRuns, readPage, snippetsOf } from './helpers/snippets.js'

const folder = guard(test)
const guide = 'docs/guide'
const pages = readdirSync(join(__dirname, '..', guide), { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.md'),
)

test.serial('the table of contents names every page', (t) => {
  const index = readPage(`${guide}/index.md`)
  t.deepEqual(
    pages.filter((name) => name !== 'index.md' && !index.includes(`(${name})`)),
    [],
  )
})

test.serial('every error code of our own has a paragraph', (t) => {
  const [, list = ''] = /type ErrorCode =(.*?)\n\n/s.exec(readPage('lib/errors.ts')) ?? []
  const codes = [...list.matchAll(/'(\w+)'/g)].map(([, code]) => code)
  const headings = readPage(`${guide}/errors.md`).split('\n')
  t.true(codes.length > 0)
  t.deepEqual(
    codes.filter((code) => !headings.includes(`### ${code}`)),
    [],
  )
})

test.serial('the twelve promises have a paragraph each, in order', (t) => {
  const headings = readPage(`${guide}/promises.md`).match(/^## \d+\./gm)
  t.deepEqual(
    headings,
    Array.from({ length: 12 }, (_, index) => `## ${index + 1}.`),
  )
})

for (const name of pages) {
  const path = `${guide}/${name}`

  test.serial(`the links of ${name} lead somewhere`, (t) => {
    const links = [...readPage(path).matchAll(/\]\((?!https?:)([^)#]*)#?([^)]*)\)/g)]
    t.deepEqual(
      links
        .filter(([, file, anchor]) => !leadsSomewhere(file ? join(dirname(name), file) : name, anchor ?? ''))
        .map(([link]) => link),
      [],
    )
  })

  for (const snippet of snippetsOf(path)) {
    test.serial(`the example in line ${snippet.line} of ${name} prints what it says`, async (t) => {
      await assertRuns(t, snippet, folder)
    })
  }
}

/** A file beside the pages, and in it a heading with that anchor. */
function leadsSomewhere(file: string, anchor: string): boolean {
  const path = join(guide, file)
  if (!existsSync(join(__dirname, '..', path))) return false
  return anchor === '' || anchorsOf(path).includes(anchor)
}

/** As GitHub makes them of headings: lower case, no punctuation, a hyphen for each space. */
function anchorsOf(path: string): string[] {
  const headings = [...readPage(path).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => text)
  return headings.map((text) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replace(/ /g, '-'),
  )
}
