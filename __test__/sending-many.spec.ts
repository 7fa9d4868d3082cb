// Several messages in one call, and everything that one message can carry at once.

import test from 'ava'
import { hasCode, pair, type SocketError } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { drain, fill, readAll } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'

guard(test)

const words = (count: number): { data: string }[] =>
  Array.from({ length: count }, (_, index) => ({ data: `#${index}` }))

test.serial('nothing of another call comes between the messages of one sendMany', async (t) => {
  const [left, right] = pair('seqpacket')
  const taken = fill(left)
  const sent = [left.sendMany(words(500)), left.send('between?'), left.sendMany(words(3))].map(async (one) => one)
  const ended = Promise.all(sent).then(() => left.close())
  const arrived = (await readAll(right)).slice(taken).map(({ data }) => data.toString())
  await ended
  const expected = [...words(500), { data: 'between?' }, ...words(3)]
  t.deepEqual(
    arrived,
    expected.map(({ data }) => data),
  )
  dispose(right)
})

test.serial('an error of sendMany tells how many messages went before it', async (t) => {
  const [left, right] = pair('seqpacket')
  const messages = [...words(3), { data: Buffer.alloc(8 << 20) }, { data: 'behind' }]
  const error = (await t.throwsAsync(left.sendMany(messages))) as SocketError
  t.is(error.code, 'EMSGSIZE')
  t.is(error.sent, 3)
  t.deepEqual(drain(right).map(String), ['#0', '#1', '#2'])
  dispose(left, right)
})

test.serial('an aborted sendMany tells how many messages went, and none goes afterwards', async (t) => {
  const [left, right] = pair('seqpacket')
  const abort = new AbortController()
  const sent = left.sendMany(words(5000), { signal: abort.signal })
  abort.abort()
  const error = (await t.throwsAsync(sent)) as SocketError
  t.is(error.code, 'ABORT_ERR')
  t.true((error.sent as number) > 0 && (error.sent as number) < 5000)
  const arrived = drain(right)
  t.is(arrived.length, error.sent as number)
  await left.send('next')
  t.deepEqual(drain(right).map(String), ['next'])
  dispose(left, right)
})

test.serial('one wrong message of many rejects all of them before anything is sent', async (t) => {
  const [left, right] = pair('stream')
  const wrong = [{ data: 'fine' }, { data: 'x', fds: [-1] }]
  await t.throwsAsync(left.sendMany(wrong), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => left.trySendMany(wrong), { code: 'ERR_OUT_OF_RANGE' })
  t.is(right.tryRecv(), 'again')
  dispose(left, right)
})

test.serial('trySendMany says how many records the kernel took, and queues none', async (t) => {
  const [left, right] = pair('seqpacket')
  const count = left.trySendMany(words(5000))
  t.true(count > 0 && count < 5000)
  t.is(left.trySendMany(words(1)), 0)
  t.deepEqual(
    drain(right).map(String),
    words(count).map(({ data }) => data),
  )
  t.is(left.trySendMany([]), 0)
  dispose(left, right)
})

test.serial('on a stream, the message that trySendMany took in part counts as taken and follows whole', async (t) => {
  const [left, right] = pair('stream')
  const messages = Array.from({ length: 40 }, (_, index) => ({ data: Buffer.alloc(100_000, index) }))
  const count = left.trySendMany(messages)
  t.true(count > 0 && count < 40)
  const rest = left.writable().then(() => left.shutdown('write'))
  const arrived = Buffer.concat((await readAll(right)).map(({ data }) => data))
  await rest
  t.true(arrived.equals(Buffer.concat(messages.slice(0, count).map(({ data }) => data))))
  dispose(left, right)
})

test.serial('no messages at all are sent at once', async (t) => {
  const [left, right] = pair('stream')
  await left.sendMany([])
  t.is(right.tryRecv(), 'again')
  dispose(left, right)
})

test.serial('messages may come from any iterable, whose own error is passed on', async (t) => {
  const [left, right] = pair('seqpacket')
  function* endless(): Generator<{ data: string }> {
    yield { data: 'one' }
    throw new TypeError('of the generator')
  }
  const error = await t.throwsAsync(left.sendMany(endless()), { message: 'of the generator' })
  t.false(hasCode(error, 'ERR_SOCKET_CLOSED'))
  t.is(right.tryRecv(), 'again')
  dispose(left, right)
})
