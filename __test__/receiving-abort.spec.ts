// Aborts and deadlines: whenever they come, the message stays at the head of the queue, whole and with its descriptors.
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { hasCode, pair } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { guard } from './helpers/leaks.js'
import { raceBytes, raceRecords } from './helpers/races.js'

const folder = guard(test)
const rounds = 10_000

for (const [type, way] of [
  ['seqpacket', 'recv'],
  ['dgram', 'recvMany'],
  ['seqpacket', 'a loop'],
] as const) {
  test.serial(`${type}: ${rounds} aborts of ${way} around the arrival lose and repeat nothing`, async (t) => {
    const { seen, aborted } = await raceRecords(type, way, rounds)
    t.is(seen.length, rounds)
    t.true(seen.every((number, index) => number === index))
    t.true(aborted > rounds / 10 && aborted < rounds, 'some won, some lost')
  })
}

test.serial(`a stream's bytes and descriptors survive ${rounds} aborts, each once and in order`, async (t) => {
  t.deepEqual(await raceBytes(folder, rounds), { whole: true, ordered: true, leaked: 0 })
})

test.serial('a deadline rejects with ETIMEDOUT and leaves the message where it is', async (t) => {
  const [left, right] = pair('seqpacket')
  const error = await t.throwsAsync(right.recv({ timeout: 1 }), { code: 'ETIMEDOUT', message: 'recvmsg ETIMEDOUT' })
  t.true(hasCode(error, 'ETIMEDOUT'))
  await left.send('late')
  t.is((await right.recv({ timeout: 0 }))?.data.toString(), 'late', 'what need not wait has no deadline')
  await t.throwsAsync(right.recvMany({ timeout: 0 }), { code: 'ETIMEDOUT' })
  await t.throwsAsync(right.readable({ timeout: 0 }), { code: 'ETIMEDOUT' })
  await t.throwsAsync(right.hangup({ timeout: 0 }), { code: 'ETIMEDOUT' })
  dispose(left, right)
})

test.serial('deadlines race with arrivals and nothing is lost', async (t) => {
  const [left, right] = pair('seqpacket')
  const seen: string[] = []
  for (let index = 0; index < 300; index++) {
    const received = right.recv({ timeout: index % 3 }).then(
      (message) => seen.push(String(message?.data)),
      (error: unknown) => hasCode(error, 'ETIMEDOUT') || t.fail(String(error)),
    )
    if (index % 2 === 0) await received
    await left.send(String(index))
    await received
  }
  for (let message = right.tryRecv(); message !== 'again'; message = right.tryRecv()) seen.push(String(message?.data))
  t.deepEqual(
    seen,
    Array.from({ length: 300 }, (_, index) => String(index)),
  )
  dispose(left, right)
})

test.serial(
  'a deadline of for ever is none, and an aborted signal rejects at once though there is a message',
  async (t) => {
    const [left, right] = pair('seqpacket')
    const waiting = right.recv({ timeout: Number.POSITIVE_INFINITY })
    await setImmediate()
    await left.send('1')
    t.is((await waiting)?.data.toString(), '1')
    await left.send('2')
    const reason = new Error('reason')
    const error = await t.throwsAsync(right.recv({ signal: AbortSignal.abort(reason) }), { code: 'ABORT_ERR' })
    t.is(error?.cause, reason)
    t.is(error?.name, 'AbortError')
    t.is((await right.recv())?.data.toString(), '2')
    dispose(left, right)
  },
)

test.serial('an operation that has ended keeps nothing of its signal', async (t) => {
  const [left, right] = pair('seqpacket')
  const { signal } = new AbortController()
  const calls: string[] = []
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  signal.addEventListener = (...values: Parameters<typeof add>) => {
    calls.push('add')
    add(...values)
  }
  signal.removeEventListener = (...values: Parameters<typeof remove>) => {
    calls.push('remove')
    remove(...values)
  }
  const waiting = right.recv({ signal })
  await left.send('x', { signal })
  await waiting
  t.deepEqual(calls, ['add', 'remove'])
  dispose(left, right)
})
