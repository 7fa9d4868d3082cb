/**
 * Installs the npm packages that the benches compare with, in the versions of bench/peers/NAME/package-lock.json. They lie
 * in build/, one folder for each version of Node's binary interface, because some are compiled for it; each on its own,
 * so that one that cannot be built does not keep the others away.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { buildFolder, isMissing, type Made, problemOf } from './command.js'

const MANIFESTS = ['package.json', 'package-lock.json']
const COMPILED_WITH = ['python3', 'make', 'c++']

const found = new Map<string, Made>()

/** The main file of a package that loads, or why there is none. */
export function peer(name: string): Made {
  const made = found.get(name) ?? find(name)
  found.set(name, made)
  return made
}

function find(name: string): Made {
  const source = join(__dirname, '..', 'peers', name)
  const folder = join(buildFolder, `peers-${process.versions.modules}`, name)
  if (!isCurrent(source, folder) || 'notBuilt' in load(name, folder)) {
    const problem = install(name, source, folder)
    if (problem !== null) return { notBuilt: problem }
  }
  return load(name, folder)
}

function isCurrent(source: string, folder: string): boolean {
  const copied = (file: string): string => join(folder, file)
  const isCopy = (file: string): boolean => readFileSync(copied(file)).equals(readFileSync(join(source, file)))
  return MANIFESTS.every((file) => existsSync(copied(file)) && isCopy(file))
}

function install(name: string, source: string, folder: string): string | null {
  console.log(`bench: installing ${name} to compare with`)
  mkdirSync(folder, { recursive: true })
  for (const file of MANIFESTS) copyFileSync(join(source, file), join(folder, file))
  // Not `npm ci`: it refuses a lock file without the packages of systems that a registry does not have.
  const options = [
    '--no-save',
    '--loglevel=error',
    '--no-fund',
    '--no-audit',
    '--ignore-scripts=false',
    '--fetch-retries=0',
  ]
  const problem = problemOf('npm', ['install', ...options], folder)
  const missing = COMPILED_WITH.filter(isMissing)
  return problem !== null && missing.length > 0 ? `compiling it needs ${missing.join(', ')}` : problem
}

function load(name: string, folder: string): Made {
  const require = createRequire(join(folder, 'package.json'))
  try {
    require(name)
    return { path: require.resolve(name) }
  } catch (error) {
    return { notBuilt: (error as Error).message.split('\n')[0] ?? '' }
  }
}
