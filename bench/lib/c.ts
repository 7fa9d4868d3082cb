/**
 * Compiles a C reference with the system's compiler. The program is made anew each time: that takes less than a
 * second, and it never is older than its source.
 */
import { mkdirSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { buildFolder, type Made, problemOf } from './command.js'

export function compileC(source: string): Made {
  mkdirSync(buildFolder, { recursive: true })
  const path = join(buildFolder, `${basename(dirname(source))}-${basename(source, '.c')}`)
  const problem = problemOf('cc', ['-O2', '-Wall', '-Wextra', '-o', path, source])
  return problem === null ? { path } : { notBuilt: problem }
}
