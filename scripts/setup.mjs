// Makes a checkout ready to run: installs the development dependencies, builds the native addon and compiles the
// TypeScript, each only when its output is missing or older than its sources. It needs nothing but Node.js and
// npm to start, and says in one sentence what else is missing.
import { spawnSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import './run.mjs'

const compiledFolders = ['entries', 'lib', 'cli', '__test__', 'examples', 'bench', 'interop']

installPackages()
installJudges()
buildAddon()
compile()

function installPackages() {
  const installed = modified('node_modules/.package-lock.json')
  if (installed >= modified('package-lock.json')) return
  step('installing the development dependencies', 'npm', ['ci', '--loglevel=error'])
}

/** Bundlers and judges of packages: the specs of the packages use them, and nothing else should find them. */
function installJudges() {
  const folder = 'build/packaging'
  const source = '__test__/fixtures/packaging'
  if (modified(`${folder}/node_modules/.package-lock.json`) >= modified(`${source}/package-lock.json`)) return
  mkdirSync(folder, { recursive: true })
  for (const name of ['package.json', 'package-lock.json']) copyFileSync(`${source}/${name}`, `${folder}/${name}`)
  // Not `npm ci`: that refuses a lockfile without the bundler's builds for platforms that a registry may not have.
  step('installing bundlers', 'npm', [
    'install',
    '--prefix',
    folder,
    '--ignore-scripts',
    '--no-audit',
    '--loglevel=error',
  ])
}

function buildAddon() {
  const sources = ['Cargo.toml', 'Cargo.lock', ...filesIn('crates', '.rs'), ...filesIn('crates', 'Cargo.toml')]
  const outputs = ['lib/native/binding.js', 'lib/native/binding.d.ts', ...filesIn('lib/native', '.node')]
  if (filesIn('lib/native', '.node').length > 0 && oldest(outputs) >= newest(sources)) return
  needProgram('cargo', 'The native addon is built from Rust, and there is no cargo: install Rust 1.88 or newer.')
  needProgram('cc', 'The native addon needs a linker, and there is no cc: install gcc or clang.')
  step('building the native addon', 'npm', ['run', '--silent', 'build:native'])
}

function compile() {
  const sources = ['index.ts', ...compiledFolders.flatMap((folder) => filesIn(folder, '.ts'))].filter(isCompiled)
  const outputs = sources.map((source) => source.replace(/\.ts$/, '.js'))
  removeOrphans(new Set(outputs))
  if (oldest(outputs) >= newest([...sources, 'tsconfig.json', 'lib/native/binding.d.ts'])) return
  step('compiling the TypeScript', 'npm', ['run', '--silent', 'build:ts'])
}

function isCompiled(file) {
  return !file.endsWith('.d.ts')
}

/** A compiled spec whose source was renamed or deleted would still be run. */
function removeOrphans(outputs) {
  const compiled = compiledFolders.flatMap((folder) => filesIn(folder, '.js'))
  const orphans = compiled.filter((file) => !file.startsWith('lib/native/') && !outputs.has(file))
  for (const orphan of orphans) rmSync(orphan)
}

function step(title, command, args) {
  console.log(`setup: ${title}`)
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28 })
  if (status === 0) return
  console.error(stdout + stderr + (error?.message ?? ''))
  console.error(`setup: ${title} failed`)
  process.exit(1)
}

function needProgram(name, complaint) {
  if (!spawnSync(name, ['--version']).error) return
  console.error(`setup: ${complaint}`)
  process.exit(1)
}

function filesIn(folder, ending) {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith(ending))
  return names.map((name) => join(folder, name))
}

function modified(file) {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

function newest(files) {
  return Math.max(...files.map(modified))
}

function oldest(files) {
  return Math.min(...files.map(modified))
}
