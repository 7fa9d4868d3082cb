// The table of features says nothing that nobody has shown: every yes has the spec that shows it, and everything else its reason.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { readPage } from './helpers/snippets.js'

const page = 'docs/features.md'
const text = readPage(page)
const rows = [...text.matchAll(/^\| (.+?) \| (\w+) \| (.+) \|$/gm)].map(([, feature = '', answer = '', why = '']) => ({
  feature,
  answer,
  specs: [...why.matchAll(/\]\(\.\.\/(__test__\/[\w-]+\.spec\.ts)\)/g)].map(([, file = '']) => file),
  words: why.replace(/\[[^\]]*\]\([^)]*\)/g, '').trim(),
}))

test('every row of the tables is a feature with an answer', (t) => {
  const lines = text.split('\n').filter((line) => line.startsWith('|') && !/^\| (Feature|---)/.test(line))
  t.is(rows.length, lines.length)
  t.deepEqual(
    rows.filter(({ answer }) => !['yes', 'part', 'no'].includes(answer)),
    [],
  )
})

test('the ten features that are asked for most are all there', (t) => {
  const numbered = rows.map(({ feature }) => Number(/^(\d+)\. /.exec(feature)?.[1])).filter((number) => number > 0)
  t.deepEqual(numbered, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('every yes has a spec, and each spec exists', (t) => {
  t.deepEqual(
    rows.filter(({ answer, specs }) => answer !== 'no' && specs.length === 0).map(({ feature }) => feature),
    [],
  )
  t.deepEqual(
    rows.flatMap(({ specs }) => specs).filter((file) => !existsSync(join(__dirname, '..', file))),
    [],
  )
})

test('everything that is not a plain yes has a reason in words', (t) => {
  t.deepEqual(
    rows.filter(({ answer, words }) => answer !== 'yes' && words.length < 15).map(({ feature }) => feature),
    [],
  )
})

test('every other link leads somewhere', (t) => {
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, file = '']) => file)
  t.deepEqual(
    links.filter((file) => !existsSync(join(__dirname, '..', 'docs', file))),
    [],
  )
})
