// Sending borrows: the caller's memory and descriptors are used at once, and what has to wait is kept as it must be.
import test from 'ava'
import { hasCode, type Message, pair, type SocketError, type UnixSocket } from '../index.js'
import { runScenario } from './helpers/child.js'
import { dispose } from './helpers/dispose.js'
import { drain, fill, readAll, readBytes } from './helpers/fill.js'
import { closeSync, fstatSync, openSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openCount, openMarked } from './helpers/marked.js'
import { nativeCalls } from './helpers/native-calls.js'
import { turns } from './helpers/turns.js'

const folder = guard(test)

test.serial('descriptors that go at once are lent, without a duplicate', async (t) => {
  const [left, right] = pair('stream', { maxFds: 2 })
  const fds = openMarked(folder, 2)
  const calls = await nativeCalls(() => left.send('x', { fds }))
  t.deepEqual(
    calls.filter((name) => name === 'duplicate' || name === 'close'),
    [],
  )
  const message = (await right.recv()) as Message
  t.deepEqual(inodesOf(message.fds), inodesOf(fds), 'lent: still open and still ours')
  message.close()
  closeAll(fds)
  dispose(left, right)
})

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`${type}: a send that waits does not need the caller's descriptors any more`, async (t) => {
    const [left, right] = pair(type, { maxFds: 2 })
    fill(left)
    const fds = openMarked(folder, 2)
    const inodes = inodesOf(fds)
    const before = openCount()
    const sent = left.send('x', { fds })
    t.is(openCount(), before + 2, 'it waits with duplicates of its own')
    closeAll(fds)
    const message = await untilFds(right)
    t.deepEqual(inodesOf(message.fds), inodes)
    await sent
    message.close()
    t.is(openCount(), before - 2, 'the duplicates are closed')
    dispose(left, right)
  })
}

async function untilFds(socket: UnixSocket): Promise<Message> {
  for (;;) {
    const message = (await socket.recv()) as Message
    if (message.fds.length > 0) return message
  }
}

for (const [how, end] of Object.entries({
  aborted: (_left: UnixSocket, abort: AbortController) => abort.abort(),
  closed: (left: UnixSocket) => left.close(),
})) {
  test.serial(`the duplicates of a send that was ${how} are closed`, async (t) => {
    const [left, right] = pair('stream', { maxFds: 2 })
    fill(left)
    const fds = openMarked(folder, 2)
    const abort = new AbortController()
    const sent = left.send('x', { fds, signal: abort.signal })
    const before = openCount()
    await Promise.all([t.throwsAsync(sent), end(left, abort)])
    t.is(openCount(), before - 2 - Number(left.closed))
    t.true(fds.every((fd) => fstatSync(fd).isFile()))
    closeAll(fds)
    dispose(left, right)
  })
}

test.serial('out of descriptors for the duplicates, that send alone is rejected', async (t) => {
  const { answer } = await runScenario('scarce', 'queueWithoutDescriptors', { descriptors: 64 })
  t.deepEqual(answer, { code: 'EMFILE', syscall: 'dup', others: ['fulfilled', 'fulfilled'], arrived: 2, leaked: 0 })
})

test.serial('data that waits is held by reference, every piece of it', async (t) => {
  const [left, right] = pair('seqpacket')
  const taken = fill(left)
  const pieces = [Buffer.from('one'), Buffer.from('two')]
  const sent = left.send(pieces)
  pieces[1]?.fill('!')
  await readRecords(right, taken)
  t.is((await right.recv())?.data.toString(), 'one!!!', 'no copy was made')
  await sent
  dispose(left, right)
})

async function readRecords(socket: UnixSocket, count: number): Promise<void> {
  for (let left = count; left > 0; left--) await socket.recv()
}

const unsteady = {
  shared: () => new Uint8Array(new SharedArrayBuffer(4)),
  resizable: () => {
    const Resizable = ArrayBuffer as unknown as new (size: number, options: { maxByteLength: number }) => ArrayBuffer
    return new Uint8Array(new Resizable(4, { maxByteLength: 8 }))
  },
}

for (const [kind, make] of Object.entries(unsteady)) {
  test.serial(`memory that is ${kind} is copied when send is called`, async (t) => {
    const [left, right] = pair('seqpacket')
    const taken = fill(left)
    const bytes = make()
    bytes.set(Buffer.from('calm'))
    const sent = [left.send(bytes), left.send([bytes.subarray(0, 2), bytes.subarray(2)])]
    bytes.fill(33)
    await readRecords(right, taken)
    t.is((await right.recv())?.data.toString(), 'calm')
    t.is((await right.recv())?.data.toString(), 'calm')
    await Promise.all(sent)
    dispose(left, right)
  })
}

test.serial('a resizable buffer that shrinks while its send waits is sent as it was', async (t) => {
  const [left, right] = pair('seqpacket')
  const taken = fill(left)
  const bytes = unsteady.resizable()
  const sent = left.send(bytes)
  ;(bytes.buffer as unknown as { resize(size: number): void }).resize(0)
  await readRecords(right, taken)
  t.is((await right.recv())?.data.length, 4)
  await sent
  dispose(left, right)
})

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`${type}: a buffer that was transferred away while its send waits rejects that send`, async (t) => {
    const [left, right] = pair(type)
    fill(left)
    const bytes = new Uint8Array(1000)
    const sent = t.throwsAsync(left.send(bytes), { code: 'ERR_INVALID_ARG_VALUE' })
    structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
    const next = left.send('next')
    const arrived = [...drain(right)]
    await Promise.all([sent, next])
    arrived.push(...drain(right))
    t.is(arrived.at(-1)?.toString().slice(-4), 'next')
    dispose(left, right)
  })
}

test.serial('a stream whose message has lost its rest that way is closed, and nothing follows', async (t) => {
  const [left, right] = pair('stream')
  const pieces = [new Uint8Array(1000), new Uint8Array(1 << 19)] as const
  const error = t.throwsAsync<SocketError>(left.send(pieces), { code: 'ERR_INVALID_ARG_VALUE' })
  const next = t.throwsAsync(left.send('x'), { code: 'ERR_SOCKET_CLOSED' })
  structuredClone(pieces[1].buffer, { transfer: [pieces[1].buffer] })
  const arrived = Buffer.concat((await readAll(right)).map(({ data }) => data))
  t.is((await error)?.bytesWritten, arrived.length)
  t.true(arrived.length > 1000 && arrived.every((byte) => byte === 0))
  t.true(left.closed)
  await next
  dispose(right)
})

test.serial('on a stream, descriptors and credentials without a byte are an error, and nothing is sent', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  for (const options of [{ fds: [left.fd] }, { credentials: true }]) {
    await t.throwsAsync(left.send('', options), { code: 'ERR_MESSAGE_EMPTY' })
    t.throws(() => left.trySend([Buffer.alloc(0), Buffer.alloc(0)], options), { code: 'ERR_MESSAGE_EMPTY' })
  }
  await left.send('')
  t.is(right.tryRecv(), 'again')
  dispose(left, right)
})

for (const type of ['seqpacket', 'dgram'] as const) {
  test.serial(`${type}: an empty message may carry descriptors`, async (t) => {
    const [left, right] = pair(type, { maxFds: 1 })
    const fds = openMarked(folder, 1)
    await left.send('', { fds })
    const message = (await right.recv()) as Message
    t.deepEqual([message.data.length, ...inodesOf(message.fds)], [0, ...inodesOf(fds)])
    message.close()
    closeAll(fds)
    dispose(left, right)
  })
}

test.serial('a stream message that goes in many parts brings its descriptors once, with its first byte', async (t) => {
  const [left, right] = pair('stream', { maxFds: 3 })
  const fds = openMarked(folder, 3)
  const size = 2_000_000
  await left.send('before')
  const sent = left.send([Buffer.alloc(1, 'f'), Buffer.alloc(size - 1, 'x')], { fds }).then(() => left.close())
  const chunks = await readAll(right)
  await sent
  const carriers = chunks.filter((chunk) => chunk.fds.length > 0)
  t.is(carriers.length, 1)
  t.deepEqual(inodesOf(carriers[0]?.fds ?? []), inodesOf(fds))
  const { data, offset } = carriers[0] as Message
  t.true(offset <= 6 && offset + data.length > 6, 'no later than the chunk that holds the first byte')
  t.is(Buffer.concat(chunks.map((chunk) => chunk.data)).toString(), `beforef${'x'.repeat(size - 1)}`)
  carriers[0]?.close()
  closeAll(fds)
  dispose(right)
})

test.serial('an array of more pieces than one system call takes is sent as one message', async (t) => {
  const [left, right] = pair('seqpacket')
  await left.send(Array.from({ length: 3000 }, (_, index) => Buffer.of(index)))
  t.deepEqual((await right.recv())?.data, Buffer.from(Array.from({ length: 3000 }, (_, index) => index & 255)))
  dispose(left, right)
})

test.serial('pieces of any size leave a stream in order, however the kernel cuts them', async (t) => {
  const [left, right] = pair('stream')
  const pieces = Array.from({ length: 900 }, (_, index) => Buffer.alloc((index * 37) % 1500, index))
  const sent = left.send(pieces)
  const whole = Buffer.concat(pieces)
  t.true((await readBytes(right, whole.length)).equals(whole))
  await sent
  dispose(left, right)
})

test.serial('253 descriptors go in one message; 254 are refused before any system call', async (t) => {
  const [left, right] = pair('stream', { maxFds: 253 })
  const fd = openSync('/dev/null', 'r')
  const calls = await nativeCalls(() =>
    t.throwsAsync(left.send('x', { fds: Array(254).fill(fd) }), { code: 'ERR_TOO_MANY_FDS' }),
  )
  t.deepEqual(calls, [])
  await left.send('x', { fds: Array(253).fill(fd) })
  const message = (await right.recv()) as Message
  t.is(message.fds.length, 253)
  message.close()
  closeSync(fd)
  dispose(left, right)
})

test.serial('a closed descriptor in the list rejects the send, and nothing of it arrives', async (t) => {
  const [left, right] = pair('stream', { maxFds: 2 })
  const [fd] = openMarked(folder, 1)
  const error = await t.throwsAsync(left.send('x', { fds: [fd as number, 0x7ffffff0] }))
  t.true(hasCode(error, 'EBADF'))
  await turns(1)
  t.is(right.tryRecv(), 'again')
  closeAll([fd as number])
  dispose(left, right)
})
