// What the other scripts share: the root of the checkout, and running a program there. Every path the scripts
// use is relative to that root, so each of them works from any folder.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)

/** Where a development dependency keeps its command. */
export const bin = (name) => `node_modules/.bin/${name}`

/** Runs a program with its output shown as it comes; the exit code, 1 when a signal or a missing program ended it. */
export function run(command, args) {
  const { status, error } = spawnSync(command, args, { stdio: 'inherit' })
  if (error) console.error(`${command}: ${error.message}`)
  return status ?? 1
}

/** Runs a program that must succeed: otherwise this process ends with the same exit code. */
export function runOrExit(command, args) {
  const status = run(command, args)
  if (status !== 0) process.exit(status)
}
