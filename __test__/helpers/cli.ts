// Runs the command `ancillary` as a user does: in a process of its own, with pipes, with descriptors, or in a terminal. Knows how
// to wait for the socket that it makes.
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { inspectAll } from '../../index.js'
import { writtenBy } from './program.js'
import { thisRuntime } from './this-runtime.js'

const main = join(__dirname, '..', '..', 'cli', 'main.js')
const deadline = 60_000

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
}

export interface Surroundings {
  /** From descriptor 3 on. */
  fds?: readonly number[]
  env?: NodeJS.ProcessEnv
}

function started(program: string, args: readonly string[], { fds = [], env = {} }: Surroundings): Started {
  const { NO_COLOR, FORCE_COLOR, ...inherited } = process.env
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe', ...fds],
    env: { ...inherited, ...env },
    timeout: deadline,
    killSignal: 'SIGKILL',
  })
  const written = writtenBy(child)
  const ended = new Promise<Ended>((resolve) => {
    child.once('close', (code) => resolve({ code, ...written }))
  })
  return { child, ended }
}

/** Begins `ancillary ARGS`. */
export function start(args: readonly string[], surroundings: Surroundings = {}): Started {
  const [program = '', ...words] = thisRuntime
  return started(program, [...words, main, ...args], surroundings)
}

/** Runs `ancillary ARGS` to its end. */
export async function ancillary(args: readonly string[], surroundings?: Surroundings): Promise<Ended> {
  return await start(args, surroundings).ended
}

/** The same with a terminal, that of script(1), for all of its standard streams: what it shows is in `stdout`. */
export async function inTerminal(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  const words = [...thisRuntime, main, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`)
  const command = ['-qec', words.join(' '), '/dev/null']
  return await started('script', command, { env: { TERM: 'xterm', ...env } }).ended
}

/** Until the kernel knows a socket of this name: listening, or of datagrams. */
export async function appeared(name: string): Promise<void> {
  const there = (): boolean =>
    inspectAll().some(
      ({ localAddress, state, type }) => localAddress === name && (state === 'listening' || type === 'dgram'),
    )
  while (!there()) await setImmediate()
}
