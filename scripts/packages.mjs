// Makes the packages that a release publishes: one folder for each platform with its native part, and `ancillary`, which
// depends on all of them, optionally: the package manager takes the one that fits. No package has an install script.
//   --out DIR     where, npm by default; it is emptied first
//   --built DIR   where the native parts lie, lib/native by default
//   --partial     a platform whose native part is not there is left out (its version stays named), instead of an error

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parseArgs } from 'node:util'
import { bin } from './run.mjs'

const { values: options } = parseArgs({
  options: {
    out: { type: 'string', default: 'npm' },
    built: { type: 'string', default: 'lib/native' },
    partial: { type: 'boolean', default: false },
  },
})
/** What only a checkout needs. */
const ofTheCheckout = ['scripts', 'devDependencies', 'overrides', 'ava', 'napi']
const { out, built } = options
const root = readJson('package.json')
// Provenance names the repository that built a package, and npm compares it with this field.
const { GITHUB_REPOSITORY: repository } = process.env
const origin = repository ? { repository: { type: 'git', url: `git+https://github.com/${repository}.git` } } : {}

rmSync(out, { recursive: true, force: true })
makeFolders()
const platforms = readdirSync(out)
for (const platform of platforms) makePlatform(platform)
makeRoot(join(out, root.name))

/** napi makes them within the project only. */
function makeFolders() {
  mkdirSync('build', { recursive: true })
  const folder = mkdtempSync('build/npm-')
  execFileSync(bin('napi'), ['create-npm-dirs', '--npm-dir', folder], { stdio: 'pipe' })
  cpSync(folder, out, { recursive: true })
  rmSync(folder, { recursive: true })
}

function makePlatform(platform) {
  const folder = join(out, platform)
  const file = join(folder, 'package.json')
  const manifest = readJson(file)
  const binary = join(built, manifest.main)
  if (!existsSync(binary) && options.partial) return rmSync(folder, { recursive: true })
  cpSync(binary, join(folder, manifest.main))
  cpSync('LICENSE', join(folder, 'LICENSE'))
  writeJson(file, { ...manifest, type: 'commonjs', ...libcOf(platform), ...origin })
}

/** Without it both packages of a processor would be installed. */
function libcOf(platform) {
  if (!platform.startsWith('linux-')) return {}
  return { libc: [platform.includes('musl') ? 'musl' : 'glibc'] }
}

function makeRoot(folder) {
  const kept = Object.fromEntries(Object.entries(root).filter(([key]) => !ofTheCheckout.includes(key)))
  const names = platforms.map((platform) => [`${root.name}-${platform}`, root.version])
  for (const path of filesOfTheArchive()) copyFile(path, join(folder, path))
  writeJson(join(folder, 'package.json'), { ...kept, ...origin, optionalDependencies: Object.fromEntries(names) })
}

function filesOfTheArchive() {
  const pack = ['pack', '--dry-run', '--json', '--ignore-scripts']
  const [archive] = JSON.parse(execFileSync('npm', pack, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }))
  return archive.files.map(({ path }) => path)
}

/** A source map points at the TypeScript, which is not in the package. */
function copyFile(from, to) {
  mkdirSync(dirname(to), { recursive: true })
  if (!from.endsWith('.js')) return cpSync(from, to)
  writeFileSync(to, readFileSync(from, 'utf8').replace(/^\/\/# sourceMappingURL=.*\n?/m, ''))
}

function readJson(path) {
  return JSON.parse(readFileSync(path, 'utf8'))
}

function writeJson(path, value) {
  writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
}
