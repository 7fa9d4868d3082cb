// A descriptor goes from one thread to another by its number, and belongs to the one that adopted it last.
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import test from 'ava'
import { memfd, OwnedFd, pair, UnixSocket } from '../index.js'
import { closeSync, fstatSync, openSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { received } from './helpers/received.js'

guard(test)
const worker = join(__dirname, 'helpers', 'adopting-worker.js')

async function ask(job: string, fd?: number): Promise<unknown> {
  const thread = new Worker(worker, { workerData: { job, fd } })
  const exited = once(thread, 'exit')
  const [answer] = await once(thread, 'message')
  await exited
  return answer
}

test.serial('a worker adopts a descriptor that the main thread gave up, and closes it', async (t) => {
  const file = memfd('it', { data: 'from the main thread' })
  const number = file.detach()
  t.is(await ask('read', number), 'from the main thread')
  t.throws(() => OwnedFd.adopt(number), { code: 'EBADF' })
})

test.serial('a descriptor that a worker gave up is open after its end', async (t) => {
  const number = (await ask('make')) as number
  const file = OwnedFd.adopt(number)
  t.is(String(await file.read(100)), 'from a worker')
  file.close()
})

test.serial('a UnixSocket goes to a worker, which talks on it', async (t) => {
  const [left, right] = pair()
  t.is(await ask('greet', right.detach().detach()), 'greeted')
  t.is(String((await received(left)).data), 'from a worker')
  t.is(await left.recv(), null)
  await left.close()
})

test.serial('a UnixSocket of a worker that has ended goes on in the main thread', async (t) => {
  const [first, second] = (await ask('pair')) as [number, number]
  const [left, right] = [UnixSocket.adopt(first), UnixSocket.adopt(second)]
  await left.send('still open')
  t.is(String((await received(right)).data), 'still open')
  for (const socket of [left, right]) await socket.close()
})

test.serial('what Node has opened in a worker is closed once, not again when the worker ends', async (t) => {
  const thread = new Worker(worker, { workerData: { job: 'opens' } })
  const exited = once(thread, 'exit')
  const [{ numbers, ...rest }] = (await once(thread, 'message')) as [{ numbers: number[] }]
  t.deepEqual(rest as object, { code: 'ENOTSOCK', warnings: 0 })
  // Free again: the next files here get those numbers.
  const files: number[] = []
  while (numbers.some((number) => !files.includes(number))) files.push(openSync('/dev/null', 'r'))
  thread.postMessage('end')
  await exited
  t.notThrows(() => files.map((file) => fstatSync(file)))
  for (const file of files) closeSync(file)
})
