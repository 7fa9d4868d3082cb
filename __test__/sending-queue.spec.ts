// Backpressure: a send resolves when the kernel has taken all of it, the queue is bounded and in order, and what is cut
// off in the middle of a stream closes the socket.
import test from 'ava'
import { pair, type SocketError } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { drain, fill, readAll, readBytes } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { nativeCalls } from './helpers/native-calls.js'
import { stateOf } from './helpers/turns.js'

guard(test)

async function errorOf(promise: Promise<unknown>): Promise<SocketError> {
  return promise.then(
    () => Promise.reject(new Error('It succeeded')),
    (error: unknown) => error as SocketError,
  )
}

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`${type}: a send resolves when the kernel has taken it, not before`, async (t) => {
    const [left, right] = pair(type)
    fill(left)
    const sent = left.send('late')
    t.is(await stateOf(sent), 'pending')
    const arrived = drain(right)
    await sent
    arrived.push(...drain(right))
    t.is(arrived.at(-1)?.toString(), 'late')
    dispose(left, right)
  })
}

test.serial('one byte that is still to go keeps a stream send pending', async (t) => {
  const [left, right] = pair('stream')
  const kernel = fill(left) * 4096
  const sent = left.send(Buffer.alloc(kernel + 1))
  t.is(await stateOf(sent), 'pending')
  await readBytes(right, kernel * 2)
  await sent
  await readBytes(right, 1)
  dispose(left, right)
})

test.serial('at most 1 MiB waits; the send that would pass the bound is refused and nothing else', async (t) => {
  const [left, right] = pair('stream')
  const kernel = fill(left) * 4096
  const half = 1 << 19
  const sent = [left.send(Buffer.alloc(half)), left.send(Buffer.alloc(half))]
  const refused = await errorOf(left.send('x'))
  t.is(refused.code, 'ERR_QUEUE_FULL')
  t.regex(refused.message, /^1048576 bytes and 0 descriptors wait .* 1048576 and 1024\. Await/)
  t.false(left.trySend('x'), 'nothing is taken while others wait')
  await readBytes(right, kernel + 2 * half)
  await Promise.all(sent)
  await left.send('there is room again')
  t.is((await right.recv())?.data.toString(), 'there is room again')
  dispose(left, right)
})

test.serial('one message alone may be larger than the bound', async (t) => {
  const [left, right] = pair('stream')
  const size = 3 << 20
  const sent = left.send(Buffer.alloc(size, 'z'))
  t.is((await errorOf(left.send('x'))).code, 'ERR_QUEUE_FULL')
  t.is((await readBytes(right, size)).length, size)
  await sent
  dispose(left, right)
})

test.serial('at most 1,024 descriptors wait', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 253 })
  fill(left)
  const sent = Array.from({ length: 4 }, () => left.send('x', { fds: Array(253).fill(right.fd) }))
  const twelve = left.send('x', { fds: Array(12).fill(right.fd) })
  t.is((await errorOf(left.send('x', { fds: [right.fd] }))).code, 'ERR_QUEUE_FULL')
  const withoutAny = left.send('x')
  drain(right)
  await Promise.all([...sent, twelve, withoutAny])
  drain(right)
  dispose(left, right)
})

test.serial('what has left the queue makes room in it, however it left', async (t) => {
  const [left, right] = pair('stream', { maxFds: 253 })
  fill(left)
  const first = left.send('first')
  const most = Buffer.alloc((1 << 20) - 5)
  const fds = Array(253).fill(right.fd)
  for (let round = 0; round < 6; round++) {
    const abort = new AbortController()
    const given = left.send(most, { signal: abort.signal, fds })
    t.is((await errorOf(left.send('x'))).code, 'ERR_QUEUE_FULL')
    abort.abort()
    t.is((await errorOf(given)).code, 'ABORT_ERR')
    t.is((await errorOf(left.send(most, { timeout: 0, fds }))).code, 'ETIMEDOUT')
  }
  drain(right)
  await first
  dispose(left, right)
})

test.serial('trySend does not overtake those that wait, though the kernel has room again', async (t) => {
  const [left, right] = pair('seqpacket')
  fill(left)
  const sent = left.send('first')
  drain(right)
  t.false(left.trySend('second'))
  t.is(left.trySendMany([{ data: 'second' }]), 0)
  await sent
  t.true(left.trySend('second'))
  t.deepEqual(drain(right).map(String), ['first', 'second'])
  dispose(left, right)
})

test.serial('a stream send that is aborted before its first byte leaves the others in order', async (t) => {
  const [left, right] = pair('stream')
  const kernel = fill(left) * 4096
  const abort = new AbortController()
  const sent = [left.send('1'), left.send('2', { signal: abort.signal }), left.send('3')]
  abort.abort(new Error('why'))
  const error = await errorOf(sent[1] as Promise<void>)
  t.is(error.name, 'AbortError')
  t.is((error.cause as Error).message, 'why')
  t.is(error.bytesWritten, undefined)
  await readBytes(right, kernel)
  t.is((await readBytes(right, 2)).toString(), '13')
  await Promise.all([sent[0], sent[2]])
  t.false(left.closed)
  dispose(left, right)
})

for (const [how, wait, code] of [
  ['an abort', (signal: AbortSignal) => ({ signal }), 'ABORT_ERR'],
  ['a deadline', () => ({ timeout: 0 }), 'ETIMEDOUT'],
] as const) {
  test.serial(`${how} after the first byte of a stream send closes the socket and tells how much went`, async (t) => {
    const [left, right] = pair('stream')
    const abort = new AbortController()
    const cut = errorOf(left.send(Buffer.alloc(1 << 20), wait(abort.signal)))
    const behind = errorOf(left.send('never', {}).catch((error) => Promise.reject(error)))
    abort.abort()
    const error = await cut
    t.is(error.code, code)
    t.true(left.closed)
    t.true(['ERR_SOCKET_CLOSED', 'ERR_QUEUE_FULL'].includes((await behind).code ?? ''))
    const arrived = Buffer.concat((await readAll(right)).map(({ data }) => data))
    t.is(arrived.length, error.bytesWritten as number)
    t.true(arrived.length > 0)
    dispose(left, right)
  })
}

test.serial('a record is sent or not: its abort closes nothing', async (t) => {
  const [left, right] = pair('seqpacket')
  fill(left)
  t.is((await errorOf(left.send('gone', { timeout: 0 }))).code, 'ETIMEDOUT')
  t.false(left.closed)
  const arrived = drain(right)
  await left.send('next')
  t.false([...arrived, ...drain(right)].some((data) => data.toString() === 'gone'))
  dispose(left, right)
})

test.serial('an aborted signal rejects a send before it is tried', async (t) => {
  const [left, right] = pair('stream')
  t.is((await errorOf(left.send('x', { signal: AbortSignal.abort() }))).code, 'ABORT_ERR')
  t.is(right.tryRecv(), 'again')
  dispose(left, right)
})

test.serial('close rejects every queued send', async (t) => {
  const [left, right] = pair('seqpacket')
  fill(left)
  const sent = [left.send('1'), left.sendMany([{ data: '2' }, { data: '3' }])].map(errorOf)
  await left.close()
  t.deepEqual(
    (await Promise.all(sent)).map(({ code }) => code),
    ['ERR_SOCKET_CLOSED', 'ERR_SOCKET_CLOSED'],
  )
  const last = (await readAll(right)).at(-1)
  t.is(last?.data.length, 4096, 'none of them went')
  dispose(right)
})

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`${type}: concurrent sends leave in the order of the calls, whatever their size`, async (t) => {
    const [left, right] = pair(type)
    const sizes = Array.from({ length: 200 }, (_, index) => 1 + ((index * 7919) % 5000))
    const sent = Promise.all(sizes.map((size, index) => left.send(Buffer.alloc(size, index))))
    const ended = sent.then(() => left.close())
    const arrived = Buffer.concat((await readAll(right)).map(({ data }) => data))
    await ended
    t.true(arrived.equals(Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, index)))))
    dispose(right)
  })

  test.serial(`${type}: half a close takes effect behind the sends that are queued`, async (t) => {
    const [left, right] = pair(type)
    fill(left)
    const sent = Promise.all(['a', 'b', 'c'].map((word) => left.send(word)))
    left.shutdown('write')
    const late = errorOf(left.send('late'))
    const arrived = Buffer.concat((await readAll(right)).map(({ data }) => data))
    await sent
    t.is(arrived.subarray(-3).toString(), 'abc')
    t.is((await late).code, 'EPIPE')
    await right.send('the other direction lives')
    t.is((await left.recv())?.data.toString(), 'the other direction lives')
    dispose(left, right)
  })
}

test.serial('a send to a peer that has gone is an error, not a signal', async (t) => {
  const [left, right] = pair('stream')
  await right.close()
  const error = await errorOf(left.send('x'))
  t.is(error.code, 'EPIPE')
  t.is(error.message, 'sendmsg EPIPE')
  dispose(left)
})

test.serial('a queued send meets the end of its peer', async (t) => {
  const [left, right] = pair('stream')
  fill(left)
  const sent = errorOf(left.send('x'))
  await right.close()
  t.true(['EPIPE', 'ECONNRESET'].includes((await sent).code ?? ''))
  dispose(left)
})

test.serial('a part of a stream that trySend took is followed by its rest, as it was', async (t) => {
  const [left, right] = pair('stream')
  const data = Buffer.alloc(1 << 20, 'k')
  t.true(left.trySend(data))
  t.false(left.trySend('no'), 'the rest is queued')
  data.fill('!')
  t.is((await readBytes(right, 1 << 20)).indexOf('!'), -1)
  await left.writable()
  t.true(left.trySend('yes'))
  t.is((await right.recv())?.data.toString(), 'yes')
  dispose(left, right)
})

test.serial('what waits leaves with few system calls, each send with its own outcome', async (t) => {
  const [left, right] = pair('seqpacket')
  const taken = fill(left)
  const aborted = new AbortController()
  const sends = Array.from({ length: 100 }, (_, index) =>
    left.send(`#${index}`, index === 50 ? { signal: aborted.signal } : {}).then(
      () => 'sent',
      (error: SocketError) => error.code,
    ),
  )
  aborted.abort()
  let arrived: Buffer[] = []
  const calls = await nativeCalls(async () => {
    arrived = drain(right)
    await Promise.all(sends)
  })
  arrived.push(...drain(right))
  const numbers = Array.from({ length: 100 }, (_, index) => index)
  t.deepEqual(
    await Promise.all(sends),
    numbers.map((index) => (index === 50 ? 'ABORT_ERR' : 'sent')),
  )
  const expected = numbers.filter((index) => index !== 50).map((index) => `#${index}`)
  t.deepEqual(arrived.slice(taken).map(String), expected)
  t.true(calls.filter((name) => name === 'send' || name === 'sendMany').length < 10, calls.join())
  dispose(left, right)
})
