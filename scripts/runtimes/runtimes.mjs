// The runtimes that the specs run on, and how to get them: their own npm packages carry the binaries and are installed into build/.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { resolve } from 'node:path'

/** Linux with glibc, macOS: where both have packages. */
function installed(version, name, path) {
  const folder = `build/runtime-${name.replace(/\W+/g, '-')}`
  const binary = resolve(folder, 'node_modules', name, path)
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true })
    const options = ['--no-save', '--no-package-lock', '--loglevel=error']
    const args = ['install', '--prefix', folder, ...options, `${name}@${version}`]
    execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  }
  return binary
}

const { platform, arch } = process
const bunArch = arch === 'arm64' ? 'aarch64' : arch
const denoSystem = platform === 'linux' ? `linux-${arch}-glibc` : `${platform}-${arch}`
const version = ([program]) => execFileSync(program, ['--version'], { encoding: 'utf8' }).split('\n')[0].trim()

const nodeVersion = (command) => `Node.js ${version(command).replace('v', '')}`

export const runtimes = {
  node: { command: (node) => [node, '--expose-gc', '--enable-source-maps'], env: {}, version: nodeVersion },
  'node-thread': {
    command: (node) => [node, '--expose-gc', '--enable-source-maps'],
    env: { ANCILLARY_WAKER: 'thread' },
    version: (command) => `${nodeVersion(command)}, ANCILLARY_WAKER=thread`,
  },
  bun: {
    command: () => [installed('~1.4.5', `@oven/bun-${platform}-${bunArch}`, 'bin/bun'), '--expose-gc'],
    env: {},
    version: (command) => `Bun ${version(command)}`,
  },
  deno: {
    command: () => [installed('~2.9.6', `@deno/${denoSystem}`, 'deno'), 'run', '-A', '--v8-flags=--expose-gc'],
    env: { DENO_NO_UPDATE_CHECK: '1' },
    version: (command) => version(command).replace(/^deno/, 'Deno'),
  },
}
