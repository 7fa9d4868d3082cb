// Promise 11: main thread and workers use sockets at once, each on its own, and may be terminated in the middle of anything.
import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { connect } from '../index.js'
import { guard } from './helpers/leaks.js'
import { begin, eventually, type Job, openDescriptors, terminateMany } from './helpers/terminated.js'

const dir = guard(test)
const path = join(dir, 'sock')
/** How many are terminated amid each kind of operation. */
const many = Number(process.env.ANCILLARY_TEST_WORKERS ?? (process.env.ANCILLARY_TEST_SHORT ? 15 : 50))

test.serial('a worker imports the package and has its own working copy', async (t) => {
  const { said, exited } = await begin('import', path)
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
  test.serial(`${many} workers terminated amid ${what} leave no descriptor and no file`, async (t) => {
    await terminateMany(job as Job, 5, path)
    const before = openDescriptors().length
    await terminateMany(job as Job, many, path)
    t.true(await eventually(() => openDescriptors().length <= before), openDescriptors().join('\n'))
    t.deepEqual(readdirSync(dir), [])
  })
}

test.serial(`${many} workers terminated amid reads on threads leave no descriptor`, async (t) => {
  const addresses = [0, 1, 2, 3, 4].map((index) => `${path}-${index}`)
  execFileSync('mkfifo', addresses)
  await terminateMany('reads', 5, path)
  const before = openDescriptors().length
  await terminateMany('reads', many, path)
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
