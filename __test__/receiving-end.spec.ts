// The end is never ambiguous: null at the end and only then; an empty record is a message; a peer that has gone has its
// data read first, then its error, once.
import { join } from 'node:path'
import test from 'ava'
import { bind, type Message, type OwnedFd, pair, type Received, type SocketError, UnixSocket } from '../index.js'
import { native } from '../lib/native.js'
import { dispose } from './helpers/dispose.js'
import { readAll } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openMarked } from './helpers/marked.js'
import { stateOf } from './helpers/turns.js'

const folder = guard(test)

/** One receive in words: the text of a message, `end`, `again`, or the code of the error. */
async function outcome(receive: () => unknown): Promise<string> {
  try {
    const result = await receive()
    if (result === null) return 'end'
    if (typeof result === 'string') return result
    const messages = Array.isArray(result) ? (result as Message[]) : [result as Message]
    return messages.map(({ data }) => `"${data}"`).join()
  } catch (error) {
    return (error as SocketError).code ?? String(error)
  }
}

async function outcomes(count: number, receive: () => unknown): Promise<string[]> {
  const found: string[] = []
  for (let at = 0; at < count; at++) found.push(await outcome(receive))
  return found
}

const ways: Record<string, (socket: UnixSocket) => () => unknown> = {
  recv: (socket) => () => socket.recv(),
  tryRecv: (socket) => () => socket.tryRecv() as Received<'stream'>,
  recvMany: (socket) => () => socket.recvMany({ max: 1 }),
  messages: (socket) => {
    const loop = socket.messages()[Symbol.asyncIterator]()
    return () => loop.next().then(({ done, value }) => (done ? null : value))
  },
  batches: (socket) => {
    const loop = socket.batches({ max: 1 })[Symbol.asyncIterator]()
    return () => loop.next().then(({ done, value }) => (done ? null : [...value]))
  },
}

for (const [name, way] of Object.entries(ways)) {
  test.serial(
    `${name}: empty records are messages, before, between and after others; then the end, for ever`,
    async (t) => {
      const [left, right] = pair('seqpacket')
      for (const word of ['', 'a', '', '', 'b', '']) await left.send(word)
      left.shutdown('write')
      t.deepEqual(await outcomes(8, way(right)), ['""', '"a"', '""', '""', '"b"', '""', 'end', 'end'])
      dispose(left, right)
    },
  )

  test.serial(`${name}: a stream ends once it is read, and stays at its end`, async (t) => {
    const [left, right] = pair('stream')
    await left.send('')
    await left.send('a')
    await left.close()
    t.deepEqual(await outcomes(3, way(right)), ['"a"', 'end', 'end'])
    dispose(right)
  })
}

test.serial('records that are all empty fill a batch to its end', async (t) => {
  const [left, right] = pair('seqpacket')
  for (let count = 0; count < 20; count++) await left.send('')
  await left.close()
  t.is((await right.recvMany())?.length, 20)
  t.is(await right.recvMany(), null)
  dispose(right)
})

test.serial('an empty record that was sent before the socket was adopted is a message', async (t) => {
  const [left, right] = pair('seqpacket')
  const bare = right.detach()
  await left.send('')
  const adopted = UnixSocket.adopt(bare)
  t.deepEqual(await outcomes(1, () => adopted.recv()), ['""'])
  await left.close()
  t.deepEqual(await outcomes(1, () => adopted.recv()), ['end'])
  dispose(adopted)
})

test.serial(
  'a datagram socket has no end: an empty datagram is a message, and a peer that has gone is none',
  async (t) => {
    const [left, right] = pair('dgram')
    await left.send('')
    t.deepEqual(await outcomes(2, () => right.tryRecv()), ['""', 'again'])
    const waiting = right.recv()
    await left.close()
    t.is(await stateOf(waiting), 'pending')
    await right.close()
    await t.throwsAsync(waiting, { code: 'ERR_SOCKET_CLOSED' })
  },
)

for (const [name, way] of Object.entries(ways)) {
  for (const type of ['stream', 'seqpacket'] as const) {
    test.serial(
      `${name}: a ${type} peer that closed with data unread: its data, one error, then the end`,
      async (t) => {
        const [left, right] = pair(type)
        for (const word of type === 'stream' ? ['ab'] : ['a', 'b']) await left.send(word)
        await right.send('never read')
        await left.close()
        const data = type === 'stream' ? ['"ab"'] : ['"a"', '"b"']
        const expected = [...data, 'ECONNRESET', 'end', 'end']
        t.deepEqual(await outcomes(expected.length, way(right)), expected)
        dispose(right)
      },
    )
  }
}

test.serial('a datagram peer that closed with data unread: its data, and nothing more', async (t) => {
  const [left, right] = pair('dgram')
  for (const word of ['a', 'b']) await left.send(word)
  await right.send('never read')
  await left.close()
  t.deepEqual(await outcomes(4, () => right.tryRecv()), ['"a"', '"b"', 'again', 'again'])
  dispose(right)
})

/** Linux: a datagram peer that connects to another while our message is unread is an error that comes before its data. */
async function lostDatagramPeer(): Promise<[UnixSocket<'dgram'>, UnixSocket[]]> {
  const [left, right] = pair('dgram')
  const path = join(folder, 'other')
  const other = bind(path)
  for (const word of ['a', 'b']) await left.send(word)
  await right.send('never read')
  native.connect(left.fd, Buffer.from(path))
  return [right, [left, right, other]]
}

for (const name of ['recv', 'tryRecv', 'recvMany', 'messages', 'batches']) {
  test.serial(`${name}: a datagram peer that left with data unread: its data, then one error`, async (t) => {
    const [socket, all] = await lostDatagramPeer()
    t.deepEqual(await outcomes(3, (ways[name] as (socket: UnixSocket) => () => unknown)(socket)), [
      '"a"',
      '"b"',
      'ECONNRESET',
    ])
    t.is(socket.tryRecv(), 'again')
    dispose(...all)
  })
}

test.serial('all of it in one batch, then the error', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 1 })
  const fds = openMarked(folder, 2)
  for (const fd of fds) await left.send('x', { fds: [fd] })
  await right.send('never read')
  await left.close()
  const messages = (await right.recvMany()) as Message[]
  t.deepEqual(inodesOf(messages.flatMap((message) => message.fds)), inodesOf(fds))
  for (const message of messages) message.close()
  t.deepEqual(await outcomes(2, () => right.recvMany()), ['ECONNRESET', 'end'])
  closeAll(fds)
  dispose(right)
})

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`${type}: a receive that waits when its peer goes with data unread meets the error`, async (t) => {
    const [left, right] = pair(type)
    await right.send('never read')
    const waiting = outcome(() => right.recv())
    await left.close()
    t.is(await waiting, 'ECONNRESET')
    dispose(right)
  })
}

test.serial('readable resolves while an error is still to be told', async (t) => {
  const [socket, all] = await lostDatagramPeer()
  t.deepEqual(await outcomes(2, () => socket.recv()), ['"a"', '"b"'])
  await socket.readable({ timeout: 0 })
  t.is(await outcome(() => socket.recv()), 'ECONNRESET')
  await t.throwsAsync(socket.readable({ timeout: 0 }), { code: 'ETIMEDOUT' })
  dispose(...all)
})

test.serial('after its own reading half was shut down, a socket reads what is there and then the end', async (t) => {
  const [left, right] = pair('stream')
  await left.send('a')
  right.shutdown('read')
  t.deepEqual(
    (await readAll(right)).map(({ data }) => data.toString()),
    ['a'],
  )
  await t.throwsAsync(left.send('b'), { code: 'EPIPE' })
  dispose(left, right)
})

test.serial('OwnedFd.read: an empty record or datagram is an empty Buffer, the end is null', async (t) => {
  for (const type of ['seqpacket', 'dgram', 'stream'] as const) {
    const [left, right] = pair(type)
    const reader: OwnedFd = right.detach()
    for (const word of ['', 'a', '']) await left.send(word)
    const words = [await reader.read(10)]
    if (type !== 'stream') words.push(await reader.read(10), await reader.read(10))
    t.deepEqual(words.map(String), type === 'stream' ? ['a'] : ['', 'a', ''])
    await left.close()
    if (type !== 'dgram') t.deepEqual([await reader.read(10), await reader.read(10)], [null, null])
    else await t.throwsAsync(reader.read(10, { timeout: 0 }), { code: 'ETIMEDOUT' })
    reader.close()
  }
})
