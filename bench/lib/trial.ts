/**
 * One trial: a server and a client, each a process on its CPU, that talk over one path. One of them measures and tells what
 * it found. It knows how they are started and ended, and nothing about what they do.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { environmentOf, type TrialSettings } from './settings.js'

export interface Trial {
  /** Commands, with where they run. */
  server: readonly string[]
  /** As many as there are; none where the server has its other half itself. */
  clients: readonly (readonly string[])[]
  /** The server serves until it is told to end; else it ends by itself. */
  serverWaits: boolean
  settings: TrialSettings
}

/** What the programs told, by name. */
export type Told = Record<string, number>

/** Beyond the time of the trial: for starting, connecting and ending. */
const PATIENCE = 20_000

export async function runTrial({ server, clients, serverWaits, settings }: Trial): Promise<Told[]> {
  const environment = { ...process.env, ...environmentOf(settings) }
  const patience = settings.warm + settings.timed + PATIENCE
  const programs = [new Program('server', server, environment, patience)]
  try {
    await programs[0]?.isReady
    for (const client of clients) programs.push(new Program('client', client, environment, patience))
    return await outcomeOf(programs, serverWaits)
  } finally {
    for (const program of programs) program.kill()
    rmSync(settings.path, { force: true })
  }
}

/** The server has the word on what went wrong: a client often only sees that it is gone. */
async function outcomeOf(programs: readonly Program[], serverWaits: boolean): Promise<Told[]> {
  const [server, ...clients] = programs
  const ended = await Promise.allSettled(clients.map((client) => client.ended))
  const isRight = ended.every(({ status }) => status === 'fulfilled')
  if (serverWaits && isRight) server?.end()
  const first = await settled(server?.ended, isRight ? undefined : 500)
  for (const each of [first, ...ended]) if (each?.status === 'rejected') throw each.reason
  return programs.flatMap((program) => program.told)
}

async function settled(ended: Promise<void> | undefined, milliseconds?: number) {
  const all = Promise.allSettled([ended]).then(([result]) => result)
  if (milliseconds === undefined) return all
  const patience = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), milliseconds).unref()
  })
  return Promise.race([all, patience])
}

/** In groups of their own, so that all they start ends with them; a bench that is interrupted must end them itself. */
const running = new Set<Program>()
process.once('exit', () => {
  for (const program of running) program.kill()
})

class Program {
  readonly told: Told[] = []
  readonly isReady: Promise<void>
  readonly ended: Promise<void>
  readonly #child: ChildProcess
  #complaint = ''

  constructor(role: string, command: readonly string[], env: NodeJS.ProcessEnv, patience: number) {
    const [file = '', ...args] = command
    this.#child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
    running.add(this)
    this.#child.stderr?.on('data', (text) => {
      this.#complaint += text
    })
    const { promise, resolve } = gate()
    this.#readLines(resolve)
    this.ended = this.#ending(role, patience)
    this.isReady = Promise.race([promise, this.ended])
    for (const each of [this.isReady, this.ended]) each.catch(() => {})
  }

  /** Asks a server to end that would wait for more. */
  end(): void {
    if (this.#isAlive()) this.#child.kill('SIGTERM')
  }

  /** With all that it has started. */
  kill(): void {
    if (!this.#isAlive() || this.#child.pid === undefined) return
    process.kill(-this.#child.pid, 'SIGKILL')
  }

  #isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  #readLines(ready: () => void): void {
    let rest = ''
    this.#child.stdout?.on('data', (text) => {
      const lines = (rest + text).split('\n')
      rest = lines.pop() ?? ''
      for (const line of lines) {
        if (line === 'ready') ready()
        else this.told.push(JSON.parse(line))
      }
    })
  }

  #ending(role: string, patience: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const hung = (): void => reject(new Error(`${role}: hung for ${Math.round(patience / 1000)} s`))
      const timer = setTimeout(hung, patience)
      this.#child.once('error', reject)
      this.#child.once('close', (code, signal) => {
        clearTimeout(timer)
        running.delete(this)
        if (code === 0) resolve()
        else reject(new Error(`${role}: ${reasonOf(this.#complaint, code, signal)}`))
      })
    })
  }
}

function gate(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => {}
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

/** The line that names the cause: of a stack, the error. */
function reasonOf(complaint: string, code: number | null, signal: string | null): string {
  const lines = complaint.split('\n').filter((line) => line.trim() !== '')
  const line = (lines.find((each) => /^\s*\S*Error\b.*: /.test(each)) ?? lines[0])?.trim()
  if (signal !== null) return `ended by ${signal}: ${line ?? 'without a word'}`
  return line ?? `exit code ${code}, without a word`
}
