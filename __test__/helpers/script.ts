// Runs a function of a spec in a process of its own: another user, another umask, another death. The function travels as its
// text, so it sees only what it is given.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type * as Ancillary from '../../index.js'
import { thisRuntime } from './this-runtime.js'

/** What the function gets beside its arguments. */
export interface Kit {
  ancillary: typeof Ancillary
  require: NodeJS.Require
  /** Gives a value (JSON) to the test. */
  tell(value: unknown): Promise<void>
  /** Waits for a value from the test. */
  told(): Promise<unknown>
}

export interface ScriptOptions {
  /** The user and group that it becomes once the package is loaded, which that user may not be allowed to read. */
  uid?: number
  gid?: number
  cwd?: string
  /** A helper that is loaded before that, for the same reason; the function then gets it by `require`. */
  preload?: string
  /** Run by a shell first, such as `umask 077` or `ulimit -n 64`. */
  shell?: string
}

/** A running script. */
export class Script {
  readonly #child: ChildProcess
  readonly #values: unknown[] = []
  readonly #exited: Promise<unknown>
  #wake: () => void = () => {}
  #errors = ''

  constructor(child: ChildProcess) {
    this.#child = child
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text
    })
    child.on('message', (value) => {
      this.#values.push(value)
      this.#wake()
    })
    child.on('disconnect', () => this.#wake())
    this.#exited = once(child, 'close')
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** The next value that it tells; throws with its error output when it has ended without one. */
  async next<T = unknown>(): Promise<T> {
    while (this.#values.length === 0 && this.#child.connected) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#values.length > 0) return this.#values.shift() as T
    await this.#exited
    throw new Error(`The script ended without an answer: ${this.#errors}`)
  }

  tell(value: unknown): void {
    this.#child.send({ value })
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal)
  }

  /** Waits for its end; gives the exit code, or the signal. */
  async end(): Promise<number | NodeJS.Signals | null> {
    await this.#exited
    return this.#child.exitCode ?? this.#child.signalCode
  }
}

/** Starts `body` with `args`, which are passed as JSON. What it returns is told as its last value. */
export function start<A extends unknown[]>(
  body: (kit: Kit, ...args: A) => unknown,
  args: A,
  { shell, uid, gid, cwd, preload }: ScriptOptions = {},
): Script {
  const user = JSON.stringify({ uid, gid, preload })
  const script = [...thisRuntime, join(__dirname, 'script-main.js'), String(body), JSON.stringify(args), user]
  const [command = '', ...rest] = shell === undefined ? script : ['sh', '-c', `${shell} && exec "$@"`, 'sh', ...script]
  return new Script(spawn(command, rest, { cwd, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] }))
}

/** Runs `body` to its end and gives what it returned. */
export async function run<A extends unknown[], R>(
  body: (kit: Kit, ...args: A) => R | Promise<R>,
  args: A,
  options?: ScriptOptions,
): Promise<R> {
  const script = start(body, args, options)
  try {
    return await script.next<R>()
  } finally {
    await script.end()
  }
}

/** Whether other users can be played: only root may. */
export const isRoot = process.getuid?.() === 0

/** A user without any privilege: another one where we may choose, else who we are. */
export const unprivileged: ScriptOptions = isRoot ? { uid: 65_534, gid: 65_534 } : {}
