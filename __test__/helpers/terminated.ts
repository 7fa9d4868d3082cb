// Workers that are terminated in the middle of what they do (worker.ts), and what they leave in the process. Knows no spec.
import { once } from 'node:events'
import { readdirSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'

const worker = join(__dirname, 'worker.js')

export type Job = 'echo' | 'import' | 'waits' | 'accepts' | 'reads' | 'sends' | 'leaves'

export interface Begun {
  thread: Worker
  said: unknown
  exited: Promise<unknown>
}

/** Starts a worker that says when it is in the middle of its job. */
export async function begin(job: Job, address: string): Promise<Begun> {
  const thread = new Worker(worker, { workerData: { job, address } })
  const exited = once(thread, 'exit')
  const [said] = await once(thread, 'message')
  return { thread, said, exited }
}

/** What each descriptor of this process refers to, sorted. */
export function openDescriptors(): string[] {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return ''
    }
  })
  return targets.filter((target) => target !== '').sort()
}

/** Waits for the threads of a worker to let go of what they hold. */
export async function eventually(done: () => boolean): Promise<boolean> {
  const deadline = Date.now() + 10_000
  while (!done() && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve))
  return done()
}

/** One after the other, five at a time; their addresses are `path-0` to `path-4`. */
export async function terminateMany(job: Job, rounds: number, path: string): Promise<void> {
  const atOnce = 5
  for (let round = 0; round < rounds; round += atOnce) {
    const begun = await Promise.all(Array.from({ length: atOnce }, (_, index) => begin(job, `${path}-${index}`)))
    await Promise.all(begun.map(({ thread }) => thread.terminate()))
  }
}
