/**
 * A process of its own for rows that must not share their compiled code with others: what V8 learns from one kind of
 * argument slows it down on another. The parent asks for rows by name, the worker answers with nanoseconds.
 */
import { type ChildProcess, fork } from 'node:child_process'
import type { Timed } from './rounds.js'

type Question = { row: string; count: number }
type Reply = { nanoseconds: number } | { error: string }

/** In the parent. */
export class Worker {
  readonly #name: string
  readonly #child: ChildProcess

  constructor(file: string, args: string[]) {
    this.#name = args[0] ?? file
    this.#child = fork(file, args, { execArgv: ['--expose-gc', '--enable-source-maps'] })
  }

  row(row: string): Timed {
    return async (count) => {
      const reply = this.#reply()
      this.#child.send({ row, count } satisfies Question)
      return await reply
    }
  }

  stop(): void {
    if (this.#child.connected) this.#child.disconnect()
  }

  #reply(): Promise<number> {
    return new Promise((resolve, reject) => {
      const ended = (): void => reject(new Error(`${this.#name}: the worker ended`))
      this.#child.once('exit', ended)
      this.#child.once('message', (reply: Reply) => {
        this.#child.off('exit', ended)
        if ('error' in reply) reject(new Error(`${this.#name}: ${reply.error}`))
        else resolve(reply.nanoseconds)
      })
    })
  }
}

/** In the worker: answers until the parent goes. If the rows cannot be made, every answer says why. */
export function serveRows(rows: Promise<Readonly<Record<string, Timed>>>): void {
  // Told to the parent when it asks.
  rows.catch(() => {})
  process.once('disconnect', () => process.exit())
  process.on('message', async (question: Question) => process.send?.(await answer(rows, question)))
}

async function answer(rows: Promise<Readonly<Record<string, Timed>>>, { row, count }: Question): Promise<Reply> {
  try {
    const timed = (await rows)[row]
    return timed === undefined ? { error: `no row ${row}` } : { nanoseconds: await timed(count) }
  } catch (error) {
    return { error: (error as Error).stack ?? String(error) }
  }
}

/** How long `work` takes, after what others left behind has been collected. */
export function time<T>(work: () => T): { nanoseconds: number; value: T } {
  globalThis.gc?.()
  const start = process.hrtime.bigint()
  const value = work()
  return { nanoseconds: Number(process.hrtime.bigint() - start), value }
}
