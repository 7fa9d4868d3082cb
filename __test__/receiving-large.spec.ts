// Large chunks of a stream are received into memory of their own, where nothing is copied: they are the receiver's for ever, hold no
// more memory than twice their length, and what comes with them or after them is as with small ones.
import test, { type ExecutionContext } from 'ava'
import { type Message, pair, type SocketError, type UnixSocket } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openMarked } from './helpers/marked.js'
import { nativeCalls } from './helpers/native-calls.js'

const folder = guard(test)
const CHUNK = 65_536
/** Small ones share memory: ours, or that of Node, whose size differs from version to version. */
const POOL = Math.max(16_384, Buffer.from(Buffer.alloc(1)).buffer.byteLength)

/** Receives until so many bytes have come. */
type Reader = (socket: UnixSocket<'stream'>, bytes: number) => Promise<Message[]>

async function repeat(bytes: number, receive: () => Promise<Message[] | null>): Promise<Message[]> {
  const found: Message[] = []
  for (let left = bytes; left > 0; ) {
    const messages = (await receive()) ?? []
    for (const { data } of messages) left -= data.length
    if (messages.length === 0) break
    found.push(...messages)
  }
  return found
}

const readers: Record<string, Reader> = {
  recv: (socket, bytes) => repeat(bytes, async () => socket.recv().then((message) => message && [message])),
  recvMany: (socket, bytes) => repeat(bytes, () => socket.recvMany()),
  messages: async (socket, bytes) => {
    const loop = socket.messages()[Symbol.asyncIterator]()
    return repeat(bytes, async () => loop.next().then(({ value }) => value && [value]))
  },
}

/** Sends blocks of which each has a byte of its own, as the reader makes room. */
async function transfer(
  sizes: readonly number[],
  read: Reader,
  [left, right]: [UnixSocket<'stream'>, UnixSocket<'stream'>],
): Promise<Message[]> {
  const total = sizes.reduce((sum, size) => sum + size, 0)
  const [messages] = await Promise.all([
    read(right, total),
    left.sendMany(sizes.map((size, index) => ({ data: Buffer.alloc(size, index + 1) }))),
  ])
  return messages
}

function assertWhole(t: ExecutionContext, messages: readonly Message[], sizes: readonly number[]): void {
  const expected = Buffer.concat(sizes.map((size, index) => Buffer.alloc(size, index + 1)))
  t.true(Buffer.concat(messages.map(({ data }) => data)).equals(expected))
  let offset = 0
  for (const message of messages) {
    t.is(message.offset, offset)
    offset += message.data.length
  }
}

for (const [name, read] of Object.entries(readers)) {
  test.serial(`${name}: chunks stay as they came, while more of them come`, async (t) => {
    const sizes = new Array(40).fill(CHUNK)
    const sockets = pair()
    const messages = await transfer(sizes, read, sockets)
    assertWhole(t, messages, sizes)
    const large = messages.filter(({ data }) => data.length > CHUNK / 2)
    t.true(large.length > 20)
    for (const { data } of large) t.true(data.buffer.byteLength <= 2 * data.length)
    t.is(new Set(large.map(({ data }) => data.buffer)).size, large.length)
    dispose(...sockets)
  })

  test.serial(`${name}: small ones after large ones are small, and large ones are large again`, async (t) => {
    const sockets = pair()
    for (const sizes of [[CHUNK, CHUNK], [5], [3], [CHUNK, CHUNK, 7], [1], [CHUNK]]) {
      const messages = await transfer(sizes, read, sockets)
      assertWhole(
        t,
        messages.map((message) => ({ ...message, data: message.data, offset: at(message, messages) })),
        sizes,
      )
      const waste = messages.filter(({ data }) => data.buffer.byteLength > Math.max(2 * data.length, POOL))
      t.deepEqual(waste, [])
    }
    dispose(...sockets)
  })

  test.serial(`${name}: a peer that closed with data unread: all of its data, one error, the end`, async (t) => {
    const [left, right] = pair()
    await transfer([CHUNK, CHUNK], read, [left, right])
    await left.send(Buffer.alloc(CHUNK, 1))
    await right.send('never read')
    await left.close()
    t.is(Buffer.concat((await read(right, CHUNK)).map(({ data }) => data)).length, CHUNK)
    const error = (await t.throwsAsync(async () => read(right, 1))) as SocketError
    t.is(error.code, 'ECONNRESET')
    t.deepEqual(await read(right, 1), [])
    dispose(right)
  })

  test.serial(`${name}: descriptors come with the chunk that has their byte`, async (t) => {
    const [left, right] = pair('stream', { maxFds: 2 })
    const fds = openMarked(folder, 2)
    await transfer([CHUNK, CHUNK], read, [left, right])
    for (const fd of fds) await left.send(Buffer.alloc(CHUNK, 1), { fds: [fd] })
    const messages = await read(right, 2 * CHUNK)
    const carriers = messages.filter((message) => message.fds.length > 0)
    t.deepEqual(inodesOf(carriers.flatMap((message) => message.fds)), inodesOf(fds))
    t.is(carriers.length, 2)
    for (const message of messages) message.close()
    closeAll(fds)
    dispose(left, right)
  })
}

test.serial('large chunks that wait are received together, with one call', async (t) => {
  const [left, right] = pair('stream', { sendBufferSize: 1 << 20 })
  await transfer([CHUNK, CHUNK], readers.recv as Reader, [left, right])
  for (let index = 0; index < 4; index++) await left.send(Buffer.alloc(CHUNK, index))
  let messages: Message[] = []
  const calls = await nativeCalls(async () => {
    messages = (await right.recvMany()) ?? []
  })
  t.deepEqual(
    messages.map(({ data }) => [data.length, data[0]]),
    [0, 1, 2, 3].map((index) => [CHUNK, index]),
  )
  t.is(calls.filter((name) => name.startsWith('receive')).length, 1)
  dispose(left, right)
})

/** Where a message begins, counted from the first of its list. */
function at(message: Message, [first]: readonly Message[]): number {
  return message.offset - (first as Message).offset
}
