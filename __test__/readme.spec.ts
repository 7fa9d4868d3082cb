// The README does what it says: each of its JavaScript examples is run, and what it names exists.
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import test from 'ava'
import { guard } from './helpers/leaks.js'
import { assertRuns, readPage, snippetsOf } from './helpers/snippets.js'

const folder = guard(test)
const root = join(__dirname, '..')
const page = readPage('README.md')
const snippets = snippetsOf('README.md')

test.serial('the README has examples, and each block of code has a language', (t) => {
  t.true(snippets.length > 0)
  const openings = page.split('\n').filter((line) => line.startsWith('```'))
  const wrong = openings.filter((line, index) =>
    index % 2 === 0 ? !/^```(js( root=E\w+)?|ts|sh( run)?)$/.test(line) : line !== '```',
  )
  t.deepEqual(wrong, [])
})

for (const snippet of snippets) {
  test.serial(`the example in line ${snippet.line} of the README prints what it says`, async (t) => {
    await assertRuns(t, snippet, folder)
  })
}

test.serial('the links of the pages at the top lead somewhere', (t) => {
  for (const path of ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md']) {
    const targets = [...readPage(path).matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, target = '']) => target)
    t.deepEqual(
      targets.filter((target) => !existsSync(join(root, dirname(path), target))),
      [],
      path,
    )
  }
})

test.serial('the commands that the README and CONTRIBUTING name exist', (t) => {
  const { scripts } = JSON.parse(readPage('package.json'))
  for (const path of ['README.md', 'CONTRIBUTING.md']) {
    const text = readPage(path)
    const commands = [...text.matchAll(/npm (?:run )?(test|demo|setup|lint|format|build\S*|types\S*)\b/g)]
    t.deepEqual(
      commands.map(([, name = '']) => name.replace(/[`),.]+$/, '')).filter((name) => !(name in scripts)),
      [],
      path,
    )
    const files = [...text.matchAll(/\bscripts\/[\w-]+\.mjs/g)].map(([file]) => file)
    t.deepEqual(
      files.filter((file) => !existsSync(join(root, file))),
      [],
      path,
    )
  }
})

test.serial('the map in CONTRIBUTING names every module of lib', (t) => {
  const map = readPage('CONTRIBUTING.md')
  const modules = readdirSync(join(root, 'lib')).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
  t.deepEqual(
    modules.filter((name) => !map.includes(`\`lib/${name}\``)),
    [],
  )
})
