// The packages as a user gets them: made, packed and installed into an empty folder, where PATH has node, npm and a shell and
// nothing else. And programs of such a user, run there. Knows no bundler.
import { execFile, execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, join } from 'node:path'

const root = join(__dirname, '..', '..')
const tools = createRequire(join(root, 'build', 'packaging', 'package.json'))

/** One of the packages of fixtures/packaging, which are not in the tree of this one. */
export const tool = <T>(name: string): T => tools(name) as T
/** Where a file of one of them is. */
export const toolPath = (name: string): string => tools.resolve(name)
/** The same for a package of ES modules. */
export const toolModule = async <T>(name: string): Promise<T> => (await import(tools.resolve(name))) as T

export interface Installed {
  /** Where node_modules is. */
  readonly folder: string
  /** Where the packages lie before they are packed, by name. */
  readonly packages: string
  /** The archive of the root package. */
  readonly archive: string
}

/** Makes, packs and installs below `folder`. */
export function installPackages(folder: string): Installed {
  const packages = join(folder, 'packages')
  const consumer = join(folder, 'consumer')
  const bin = join(folder, 'bin')
  for (const path of [consumer, bin]) mkdirSync(path)
  symlinkSync(process.execPath, join(bin, 'node'))
  symlinkSync(realpathSync(programOfPath('npm')), join(bin, 'npm'))
  symlinkSync('/bin/sh', join(bin, 'sh'))
  execFileSync(process.execPath, [join(root, 'scripts', 'packages.mjs'), '--partial', '--out', packages])
  const npm = (args: readonly string[], cwd: string): string =>
    execFileSync(join(bin, 'npm'), args, { cwd, env: { HOME: folder, PATH: bin }, encoding: 'utf8', stdio: 'pipe' })
  const archives = readdirSync(packages).map((name) => join(folder, npm(['pack', join(packages, name)], folder).trim()))
  writeFileSync(join(consumer, 'package.json'), '{ "private": true }')
  npm(['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', ...archives], consumer)
  const archive = archives.find((path) => /ancillary-\d/.test(path)) as string
  return { folder: consumer, packages, archive }
}

/** The first of this name in PATH. */
function programOfPath(name: string): string {
  const folders = (process.env.PATH ?? '').split(delimiter)
  const found = folders.find((path) => readdirSafely(path).includes(name))
  if (found === undefined) throw new Error(`No ${name} in PATH`)
  return join(found, name)
}

function readdirSafely(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

export interface Ended {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end: this Node.js, if none is named. Nothing of our own environment reaches it. */
export async function runThere(folder: string, args: readonly string[], program = process.execPath): Promise<Ended> {
  return await new Promise((resolve) => {
    execFile(program, args, { cwd: folder, env: { PATH: '/nonexistent' }, timeout: 60_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
    )
  })
}

/** A program of a user: sends a descriptor and prints what arrived. `prefix` brings `pair` into its scope. */
export function sendsDescriptor(prefix: string): string {
  return `${prefix}
import { open } from 'node:fs/promises'
${body}`
}

/** The same as a CommonJS module. */
export function sendsDescriptorCommonJs(prefix: string): string {
  return `${prefix}
const { open } = require('node:fs/promises')
${body}`
}

const body = `
async function main() {
  const [left, right] = pair('stream', { maxFds: 1 })
  const file = await open('/dev/null')
  await left.send('hello', { fds: [file] })
  await file.close()
  const message = await right.recv()
  if (message === null) throw new Error('the end')
  const [received] = message.takeFds(1)
  console.log(message.data.toString(), received?.kind)
  received?.close()
  left.close()
  right.close()
}

void main()
`
/** What those programs print. */
export const printed = 'hello char-device\n'
