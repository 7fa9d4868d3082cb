/**
 * Runs the programs that make something a bench needs: a compiler, npm. What cannot be made is told in words, because
 * a bench goes on without it.
 */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

/** A file that was made, or the reason why not. */
export type Made = { path: string } | { notBuilt: string }

/** What the benches make lies here, out of the way of the sources. */
export const buildFolder = join(__dirname, '..', '..', 'build', 'bench')

/** Runs a program to its end, with no output of its own. Null, or one line about what went wrong. */
export function problemOf(command: string, args: string[], folder = buildFolder): string | null {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' })
  if (error) return `${command} cannot be run (${(error as NodeJS.ErrnoException).code})`
  return status === 0 ? null : `${command} failed: ${tellingLine(stderr + stdout)}`
}

export function isMissing(command: string): boolean {
  return spawnSync(command, ['--version']).error !== undefined
}

/** Compilers and npm say much. The first line that speaks of an error names the cause. */
function tellingLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const line = lines.find((each) => /\berror:? (?!code|path|command)/i.test(each)) ?? lines.at(-1) ?? 'no word why'
  return line.replace(/^npm (error|ERR!)/, '').trim()
}
