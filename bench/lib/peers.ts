/**
 * Installs the npm packages that the benches compare with, in the versions of bench/peers/package-lock.json. They lie in
 * build/, one folder for each version of Node's binary interface, because some are compiled for it.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buildFolder, isMissing, type Made, problemOf } from './command.js'

const MANIFESTS = ['package.json', 'package-lock.json']
const COMPILED_WITH = ['python3', 'make', 'c++']

const source = join(__dirname, '..', 'peers')
const folder = join(buildFolder, `peers-${process.versions.modules}`)

/** The main file of a package that loads, or why there is none. */
export function peer(name: string): Made {
  if (!isCurrent() || 'notBuilt' in load(name)) {
    const problem = install()
    if (problem !== null) return { notBuilt: problem }
  }
  return load(name)
}

function isCurrent(): boolean {
  const copied = (file: string): string => join(folder, file)
  const isCopy = (file: string): boolean => readFileSync(copied(file)).equals(readFileSync(join(source, file)))
  return MANIFESTS.every((file) => existsSync(copied(file)) && isCopy(file))
}

function install(): string | null {
  console.log('bench: installing the packages to compare with')
  mkdirSync(folder, { recursive: true })
  for (const file of MANIFESTS) copyFileSync(join(source, file), join(folder, file))
  const options = ['--loglevel=error', '--no-fund', '--no-audit', '--ignore-scripts=false', '--fetch-retries=0']
  const problem = problemOf('npm', ['ci', ...options], folder)
  const missing = COMPILED_WITH.filter(isMissing)
  return problem !== null && missing.length > 0 ? `compiling it needs ${missing.join(', ')}` : problem
}

function load(name: string): Made {
  const require = createRequire(join(folder, 'package.json'))
  try {
    require(name)
    return { path: require.resolve(name) }
  } catch (error) {
    return { notBuilt: (error as Error).message.split('\n')[0] ?? '' }
  }
}
