// What a user of the package gets: one module in both worlds, and an archive that holds what it needs and no more.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import * as commonjs from '../index.js'

const root = join(__dirname, '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

test('an ES module gets the same names and the same objects as a CommonJS module', async (t) => {
  const esm = await import('../index.mjs')
  t.deepEqual({ ...esm }, { ...commonjs })
  t.true(Object.keys(commonjs).length > 0)
})

test('every file named in exports exists', (t) => {
  const files = (entry: unknown): string[] =>
    typeof entry === 'string' ? [entry] : Object.values(entry as object).flatMap(files)
  t.deepEqual(
    files(manifest.exports).filter((file) => !existsSync(join(root, file))),
    [],
  )
})

test('the archive holds the compiled modules and no source, test or script', (t) => {
  const pack = execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: root, encoding: 'utf8', stdio: 'pipe' })
  const [archive] = JSON.parse(pack)
  const paths: string[] = archive.files.map((file: { path: string }) => file.path)
  const expected =
    /^((index|entries\/[\w-]+)\.(js|mjs|d\.ts|d\.mts)|lib\/[\w/-]+\.js|cli\/[\w-]+\.js|package\.json|README\.md|CHANGELOG\.md|LICENSE)$/
  t.deepEqual(
    paths.filter((path) => !expected.test(path)),
    [],
  )
  for (const needed of ['index.js', 'index.mjs', 'index.d.ts', 'index.d.mts', 'lib/native/binding.js', 'LICENSE']) {
    t.true(paths.includes(needed), needed)
  }
})

test('installing runs no script', (t) => {
  const hooks = ['preinstall', 'install', 'postinstall', 'prepare']
  t.deepEqual(
    hooks.filter((hook) => hook in manifest.scripts),
    [],
  )
})
