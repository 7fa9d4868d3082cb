// Promise 11: main thread and workers use sockets at once, each on its own, and may be terminated in the middle of anything.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { connect } from '../index.js'
import { guard } from './helpers/leaks.js'

const dir = guard(test)
const path = join(dir, 'sock')
const worker = join(__dirname, 'helpers', 'worker.js')

type Job = 'echo' | 'import' | 'waits' | 'accepts' | 'reads' | 'sends' | 'leaves'

interface Begun {
  thread: Worker
  said: unknown
  exited: Promise<unknown>
}

/** Starts a worker that says when it is in the middle of its job. */
async function begin(job: Job, address: string = path): Promise<Begun> {
  const thread = new Worker(worker, { workerData: { job, address } })
  const exited = once(thread, 'exit')
  const [said] = await once(thread, 'message')
  return { thread, said, exited }
}

/** What each descriptor of this process refers to, sorted. */
function openDescriptors(): string[] {
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
async function eventually(done: () => boolean): Promise<boolean> {
  const deadline = Date.now() + 10_000
  while (!done() && Date.now() < deadline) await new Promise((resolve) => setImmediate(resolve))
  return done()
}

async function terminateMany(job: Job, rounds: number): Promise<void> {
  const atOnce = 5
  for (let round = 0; round < rounds; round += atOnce) {
    const begun = await Promise.all(Array.from({ length: atOnce }, (_, index) => begin(job, `${path}-${index}`)))
    await Promise.all(begun.map(({ thread }) => thread.terminate()))
  }
}

test.serial('a worker imports the package and has its own working copy', async (t) => {
  const { said, exited } = await begin('import')
  t.deepEqual(said, { data: 'hello', pid: process.pid })
  await exited
})

test.serial('several workers and the main thread talk to each other at once', async (t) => {
  const threads = await Promise.all([1, 2, 3].map((number) => begin('echo', `${path}-${number}`)))
  const words = await Promise.all(
    [1, 2, 3].map(async (number) => {
      const socket = await connect(`${path}-${number}`)
      const answers: string[] = []
      for (let round = 0; round < 50; round++) {
        await socket.send(`${number}.${round}`)
        answers.push(String((await socket.recv())?.data))
      }
      await socket.close()
      return answers
    }),
  )
  const expected = (number: number): string[] => Array.from({ length: 50 }, (_, round) => `${number}.${round}`)
  t.deepEqual(words, [1, 2, 3].map(expected))
  await Promise.all(threads.map(({ exited }) => exited))
  t.deepEqual(readdirSync(dir), [])
})

for (const [job, what] of Object.entries({
  waits: 'receives that wait',
  accepts: 'accepts that wait, on a path that is then gone',
  sends: 'sends that are queued with descriptors',
})) {
  test.serial(`50 workers terminated amid ${what} leave no descriptor and no file`, async (t) => {
    await terminateMany(job as Job, 5)
    const before = openDescriptors().length
    await terminateMany(job as Job, 50)
    t.true(await eventually(() => openDescriptors().length <= before), openDescriptors().join('\n'))
    t.deepEqual(readdirSync(dir), [])
  })
}

test.serial('50 workers terminated amid reads on threads leave no descriptor', async (t) => {
  const addresses = [0, 1, 2, 3, 4].map((index) => `${path}-${index}`)
  execFileSync('mkfifo', addresses)
  await terminateMany('reads', 5)
  const before = openDescriptors().length
  await terminateMany('reads', 50)
  t.true(await eventually(() => openDescriptors().length <= before), openDescriptors().join('\n'))
  for (const address of addresses) unlinkSync(address)
})

test.serial('a worker that ends by itself with sockets open closes them, and its peers see the end', async (t) => {
  const { exited } = await begin('leaves', path)
  const socket = await connect(path)
  t.is(await socket.recv(), null)
  await exited
  t.false(existsSync(path))
  await socket.close()
})
