// Runs a scenario in a process of its own: with few descriptors, with nothing else that keeps it alive, or to be collected.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { withGc } from './this-runtime.js'

export interface Outcome {
  /** What the scenario returned; undefined when it printed nothing, such as when its process ended early. */
  readonly answer: unknown
  readonly code: number | null
  readonly stderr: string
}

export interface ChildOptions {
  /** The most descriptors that the process may have (RLIMIT_NOFILE, soft and hard). */
  descriptors?: number
  env?: Record<string, string>
  /** A program in front of it, with its arguments, such as `unshare --user`. */
  wrapper?: string
  /** Its standard input: nothing, a stream socket, or a pipe that nobody else holds. Neither has O_NONBLOCK. */
  input?: 'none' | 'socket' | 'pipe'
}

/** Runs scenario `name` of a module beside this one, with `gc()` at hand. */
export async function runScenario(module: string, name: string, options: ChildOptions = {}): Promise<Outcome> {
  const limit = options.descriptors === undefined ? '' : `ulimit -n ${options.descriptors}; `
  const script = `${options.input === 'pipe' ? ': | ' : ''}${limit}exec ${options.wrapper ?? ''} "$0" "$@"`
  const child = spawn('/bin/sh', ['-c', script, ...withGc, join(__dirname, `${module}.js`), name], {
    env: { ...process.env, ...options.env },
    stdio: [options.input === 'socket' ? 'pipe' : 'ignore', 'pipe', 'pipe'],
    // One that never ends is killed, and has no exit code.
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  const [stdout, stderr, code] = await Promise.all([
    textOf(child.stdout),
    textOf(child.stderr),
    new Promise<number | null>((resolve) => child.once('close', resolve)),
  ])
  return { answer: stdout === '' ? undefined : JSON.parse(stdout), code, stderr }
}

async function textOf(stream: NodeJS.ReadableStream | null): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream ?? []) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks).toString()
}

/** In such a module: does what the command line names and prints what it returns. */
export async function serveScenarios(scenarios: Record<string, () => unknown>): Promise<void> {
  const scenario = scenarios[process.argv[2] ?? '']
  if (scenario === undefined) throw new Error(`No scenario ${process.argv[2]}`)
  const answer = await scenario()
  process.stdout.write(JSON.stringify(answer ?? null))
}
