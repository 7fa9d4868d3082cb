// Receiving: messages in order to whoever asked first, one by one, in batches and in loops, and none lost by stopping.
import test from 'ava'
import { type Batch, type BorrowedMessage, type Message, pair, type UnixSocket } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { drain, fill, readAll } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { openCount } from './helpers/marked.js'
import { stateOf, turns } from './helpers/turns.js'

guard(test)

async function sendNumbers(socket: UnixSocket, from: number, to: number, fds: number[] = []): Promise<void> {
  for (let number = from; number <= to; number++) await socket.send(String(number), { fds })
}

const texts = (messages: readonly Message[]): string[] => messages.map(({ data }) => data.toString())
const numbers = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => String(from + at))

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`${type}: concurrent receives are served in the order of the calls`, async (t) => {
    const [left, right] = pair(type)
    const order: number[] = []
    const received = Array.from({ length: 100 }, async (_, index) => {
      const message = (await right.recv({ maxBytes: 3 })) as Message
      order.push(index)
      return message.data.toString()
    })
    await sendNumbers(left, 100, 199)
    t.deepEqual(await Promise.all(received), numbers(100, 199))
    t.deepEqual(
      order,
      order.map((_, index) => index),
    )
    dispose(left, right)
  })
}

test.serial('each kind of receive waits for its turn behind the others', async (t) => {
  const [left, right] = pair('seqpacket')
  const first = right.recv()
  left.trySend('1')
  const many = right.recvMany({ max: 2 })
  const loop = right[Symbol.asyncIterator]().next()
  t.is(right.tryRecv(), 'again', 'somebody waits already')
  await left.sendMany(numbers(2, 4).map((data) => ({ data })))
  t.is((await first)?.data.toString(), '1')
  t.deepEqual(texts((await many) as Message[]), ['2', '3'])
  t.is((await loop).value.data.toString(), '4')
  dispose(left, right)
})

test.serial('a chunk of a stream is at most maxBytes long and knows its place', async (t) => {
  const [left, right] = pair('stream')
  await left.send('abcdefgh')
  const first = (await right.recv({ maxBytes: 3 })) as Message
  const second = right.tryRecv({ maxBytes: 2 }) as Message
  const third = (await right.recv()) as Message
  t.deepEqual(texts([first, second, third]), ['abc', 'de', 'fgh'])
  t.deepEqual([first.offset, second.offset, third.offset], [0, 3, 5])
  dispose(left, right)
})

test.serial('descriptors come with the chunk of their first byte when a chunk is read in parts', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  await left.send('aaaa')
  await left.send('bbbb', { fds: [left.fd] })
  const chunks: [string, number][] = []
  for (let taken = 0; taken < 8; taken++) {
    const message = (await right.recv({ maxBytes: 1 })) as Message
    chunks.push([message.data.toString(), message.fds.length])
    message.close()
  }
  t.deepEqual(
    chunks.filter(([, fds]) => fds > 0),
    [['b', 1]],
  )
  t.is(chunks[4]?.[1], 1, 'with the first of them')
  dispose(left, right)
})

test.serial('a loop that is broken loses nothing: the rest is received, or taken', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 1 })
  const before = openCount()
  await sendNumbers(left, 1, 10, [left.fd])
  const seen: string[] = []
  for await (const message of right) {
    seen.push(...texts([message]))
    message.close()
    if (seen.length === 3) break
  }
  const fourth = (await right.recv()) as Message
  const held = right.takeUnread()
  const unread = (await right.recvMany({ timeout: 0 }).catch(() => [])) as Message[]
  t.deepEqual([...seen, ...texts([fourth, ...held, ...unread])], numbers(1, 10))
  t.true(held.length > 0, 'a loop reads ahead')
  t.deepEqual(right.takeUnread(), [])
  for (const message of [fourth, ...held, ...unread]) message.close()
  t.is(openCount(), before)
  dispose(left, right)
})

test.serial('what was read ahead and never delivered is closed with its socket', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 2 })
  await sendNumbers(left, 1, 5, [left.fd, left.fd])
  const before = openCount()
  for await (const message of right) {
    message.close()
    break
  }
  t.is(openCount(), before + 8, 'four messages wait with their descriptors')
  await right.close()
  t.is(openCount(), before - 1)
  dispose(left)
})

test.serial('nothing is read ahead unless a loop waits for it', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 1 })
  const before = openCount()
  await sendNumbers(left, 1, 5, [left.fd])
  const first = right.recv()
  await turns()
  ;((await first) as Message).close()
  t.is(openCount(), before, 'the others are still with the kernel')
  t.deepEqual(right.takeUnread(), [])
  dispose(left, right)
})

test.serial('recvMany takes what there is, at most max, and waits for the first', async (t) => {
  const [left, right] = pair('seqpacket')
  const waiting = right.recvMany()
  t.is(await stateOf(waiting), 'pending')
  await left.send('1')
  t.deepEqual(texts((await waiting) as Message[]), ['1'])
  await sendNumbers(left, 2, 50)
  t.deepEqual(texts((await right.recvMany({ max: 5 })) as Message[]), numbers(2, 6))
  t.deepEqual(texts((await right.recvMany()) as Message[]), numbers(7, 38))
  t.deepEqual(texts((await right.recvMany()) as Message[]), numbers(39, 50))
  dispose(left, right)
})

test.serial('a batch is delivered as a whole and closed when the next one is asked for', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 1 })
  const before = openCount()
  await sendNumbers(left, 1, 6, [left.fd])
  left.shutdown('write')
  const sizes: number[] = []
  for await (const batch of right.batches({ max: 4 })) {
    sizes.push(batch.length)
    t.is([...batch].length, batch.length)
    t.is(openCount(), before + batch.length, 'those of the batch before are closed')
  }
  t.deepEqual(sizes, [4, 2])
  t.is(openCount(), before)
  dispose(left, right)
})

test.serial('breaking a loop of batches closes the last one and loses no other message', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 1 })
  const before = openCount()
  await sendNumbers(left, 1, 6, [left.fd])
  for await (const batch of right.batches({ max: 2 })) {
    t.deepEqual(texts([...batch]), ['1', '2'])
    break
  }
  t.is(openCount(), before)
  const rest = (await right.recvMany()) as Message[]
  t.deepEqual(texts(rest), numbers(3, 6))
  for (const message of rest) message.close()
  dispose(left, right)
})

test.serial('borrowed bytes are there until their batch is closed, copies for ever', async (t) => {
  const [left, right] = pair('seqpacket')
  await sendNumbers(left, 1, 2)
  left.shutdown('write')
  const kept: { batch: Batch<BorrowedMessage>; message: BorrowedMessage; copy: Buffer }[] = []
  for await (const batch of right.batches({ max: 1, borrow: true })) {
    const [message] = [...batch] as [BorrowedMessage]
    kept.push({ batch, message, copy: message.copy() })
    t.deepEqual(message.view, message.copy())
  }
  t.deepEqual(
    kept.map(({ copy }) => copy.toString()),
    ['1', '2'],
  )
  for (const { message } of kept) {
    t.throws(() => message.view, { code: 'ERR_SOCKET_CLOSED' })
    t.throws(() => message.copy(), { code: 'ERR_SOCKET_CLOSED' })
  }
  dispose(left, right)
})

test.serial('a loop ends when its socket is closed, and waiting receives are rejected', async (t) => {
  const [left, right] = pair('seqpacket')
  const loop = readAll(right)
  const receives = [right.recv(), right.recvMany(), right.readable()].map((one) =>
    t.throwsAsync<Error>(one as Promise<unknown>, { code: 'ERR_SOCKET_CLOSED' }),
  )
  await turns()
  await right.close()
  t.deepEqual(await loop, [])
  await Promise.all(receives)
  t.deepEqual(await readAll(right), [], 'and so does one that begins afterwards')
  dispose(left)
})

test.serial('readable resolves for a message, for one that was read ahead, and for the end', async (t) => {
  const [left, right] = pair('seqpacket')
  const waiting = right.readable()
  t.is(await stateOf(waiting), 'pending')
  await sendNumbers(left, 1, 2)
  await waiting
  for await (const _ of right) break
  await right.readable()
  t.is((await right.recv())?.data.toString(), '2')
  left.shutdown('write')
  await right.readable()
  t.is(await right.recv(), null)
  dispose(left, right)
})

test.serial('hangup resolves when the peer has shut down, while its data is unread', async (t) => {
  const [left, right] = pair('stream')
  const hangup = right.hangup()
  await left.send('last')
  t.is(await stateOf(hangup), 'pending')
  left.shutdown('write')
  await hangup
  t.is((await right.recv())?.data.toString(), 'last')
  const [datagrams, other] = pair('dgram')
  await t.throwsAsync(datagrams.hangup(), { code: 'ENOTSUP' })
  dispose(left, right, datagrams, other)
})

test.serial('detach is refused while messages are held or sends are queued', async (t) => {
  const [left, right] = pair('seqpacket')
  await sendNumbers(left, 1, 3)
  for await (const _ of right) break
  t.throws(() => right.detach(), { code: 'ERR_MESSAGES_HELD' })
  t.deepEqual(texts(right.takeUnread()), ['2', '3'])
  fill(left)
  const sent = left.send('queued')
  t.throws(() => left.detach(), { code: 'ERR_MESSAGES_HELD' })
  drain(right)
  await sent
  for (const socket of [left, right]) socket.detach().close()
  t.true(left.closed && right.closed)
})

test.serial(
  'what was read ahead is given, though the turn has no budget left and the kernel nothing more',
  async (t) => {
    const [left, right] = pair('seqpacket')
    await left.sendMany(Array.from({ length: 32 }, (_, index) => ({ data: `${index}` })))
    const seen: string[] = []
    for await (const message of right) {
      seen.push(`${message.data}`)
      break
    }
    while (seen.length < 32) seen.push(`${((await right.recv()) as Message).data}`)
    t.deepEqual(
      seen,
      Array.from({ length: 32 }, (_, index) => `${index}`),
    )
    dispose(left, right)
  },
)
