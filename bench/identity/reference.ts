/**
 * The rows that C gives: the same questions to the kernel, and nothing else. The program is started anew for each
 * round; it takes the time itself, so that starting it is not counted.
 */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { compileC } from '../lib/c.js'
import type { Made } from '../lib/command.js'
import type { Row, Timed } from '../lib/rounds.js'
import { assertSum } from './answer.js'

export class Reference {
  readonly #program: Made = compileC(join(__dirname, 'lookup.c'))

  row(name: string, questions: 'credentials' | 'everything'): Row {
    const program = this.#program
    const timed: Timed = async (count) => {
      const { pid, output } = await outputOf(program, [questions, String(count)])
      const [nanoseconds = Number.NaN, sum = Number.NaN] = output.split(' ').map(Number)
      // A pair is its own peer.
      assertSum(sum, { pid, uid: process.geteuid?.() ?? null, gid: process.getegid?.() ?? null }, count)
      return nanoseconds
    }
    return { name, timed: 'path' in program ? timed : program }
  }

  /** The questions that this kernel does not answer. They cost time all the same. */
  async unanswered(): Promise<string[]> {
    if ('notBuilt' in this.#program) return []
    const { output } = await outputOf(this.#program, ['unanswered'])
    return output.split('\n').filter((line) => line !== '')
  }
}

function outputOf(program: Made, args: string[]): Promise<{ pid: number; output: string }> {
  if ('notBuilt' in program) return Promise.reject(new Error(program.notBuilt))
  return new Promise((resolve, reject) => {
    const child = execFile(program.path, args, (error, output) => {
      if (error === null) resolve({ pid: child.pid ?? -1, output })
      else reject(error)
    })
  })
}
