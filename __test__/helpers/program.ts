// Runs a program of this Node.js to its end, with a deadline that also ends what the program has started: a child that is left
// over would hold the pipes, and the test file would never end. Knows no program.
import { type ChildProcess, spawn } from 'node:child_process'
import { thisRuntime } from './this-runtime.js'

export interface ProgramOptions {
  /** Added to ours; undefined removes a variable. */
  env: NodeJS.ProcessEnv
  /** Milliseconds until it is killed with all its children. */
  timeout: number
}

/** What a program has written so far: it grows until the program ends. */
export function writtenBy(child: ChildProcess): { stdout: string; stderr: string } {
  const written = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      written[name] += text
    })
  }
  return written
}

/** What it wrote; rejects with all of that when it does not end with 0. */
export async function runProgram(
  args: readonly string[],
  { env, timeout }: ProgramOptions,
): Promise<{ stdout: string; stderr: string }> {
  const [program = '', ...words] = thisRuntime
  const child = spawn(program, [...words, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  })
  const written = writtenBy(child)
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => resolve(signal ?? `code ${code}`))
  })
  const timer = setTimeout(() => process.kill(-(child.pid as number), 'SIGKILL'), timeout)
  const end = await ended
  clearTimeout(timer)
  if (end === 'code 0') return written
  throw new Error(`${args.join(' ')} ended with ${end}\n${written.stdout}${written.stderr}`)
}
