// A handle that does not leave after all is here as it was: refused, not wanted, or given up. And one word is never taken for another.
import { once } from 'node:events'
import * as http from 'node:http'
import * as net from 'node:net'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type ReceivedHandle, receiveHandle, sendHandle } from '../entries/handoff.js'
import { connect, type FdSource, listen, OwnedFd, pair, type UnixSocket } from '../index.js'
import { encodeBody } from '../lib/live-handles.js'
import { dispose } from './helpers/dispose.js'
import { frameBytes } from './helpers/frames.js'
import { guard } from './helpers/leaks.js'
import { openCount, openMarked } from './helpers/marked.js'
import { received } from './helpers/received.js'

const folder = guard(test)
const path = join(folder, 'sock')
/** As in lib/handoff.ts. */
const HANDLE = 1
const RECEIPT = 2

/** Fails to send it, since the receiver takes it from the kernel and dies. */
async function vainly(t: ExecutionContext, handle: FdSource): Promise<void> {
  const [left, right] = pair('stream', { maxFds: 1 })
  const sending = t.throwsAsync(sendHandle(left, handle), { code: 'ERR_HANDOFF' })
  const message = await received(right)
  t.is(message.fds.length, 1)
  message.close()
  await right.close()
  await sending
  await left.close()
}

async function connected(server: net.Server = net.createServer()): Promise<{ near: net.Socket; far: net.Socket }> {
  server.listen(path)
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const far = net.connect(path)
  const [near] = (await accepted) as [net.Socket]
  return { near, far }
}

async function close(server: net.Server, ...sockets: net.Socket[]): Promise<void> {
  const closed = once(server, 'close')
  server.close()
  for (const socket of sockets) socket.destroy()
  await closed
}

async function textUntil(stream: net.Socket, end: string): Promise<string> {
  let text = ''
  while (!text.endsWith(end)) text += String((await once(stream, 'data'))[0])
  return text
}

const states: Record<string, (near: net.Socket) => void> = {
  'was never read': () => {},
  'was paused': (near) => void near.pause(),
}

for (const [what, prepare] of Object.entries(states)) {
  test.serial(`the receiver dies: a net.Socket that ${what} has its unread bytes and goes on`, async (t) => {
    const server = net.createServer()
    const { near, far } = await connected(server)
    prepare(near)
    far.write('unread, ')
    while (near.readableLength < 8) await new Promise(setImmediate)
    await vainly(t, near)
    t.is(near.readableLength, 8)
    const reading = textUntil(near, 'the rest')
    if (what === 'was paused') near.resume()
    far.write('and the rest')
    t.is(await reading, 'unread, and the rest')
    near.end('answer')
    t.is(await textUntil(far, 'answer'), 'answer')
    await close(server, near, far)
  })
}

test.serial('the receiver dies: a net.Socket that flows flows on, and what came meanwhile is there', async (t) => {
  const server = net.createServer()
  const { near, far } = await connected(server)
  let text = ''
  near.on('data', (part) => {
    text += String(part)
  })
  far.write('before, ')
  await once(near, 'data')
  const vain = vainly(t, near)
  far.write('meanwhile, ')
  await vain
  far.write('after')
  while (!text.endsWith('after')) await once(near, 'data')
  t.is(text, 'before, meanwhile, after')
  t.true(near.readableFlowing)
  await close(server, near, far)
})

test.serial('the receiver dies: servers go on accepting, and sockets of ours go on', async (t) => {
  const server = listen(path).toNetServer(net.createServer((socket) => socket.end('here')))
  await vainly(t, server)
  t.is(await textUntil(net.connect(path), 'here'), 'here')
  await close(server)
  const listener = listen(`${path}2`)
  await vainly(t, listener)
  const [client, accepted] = await Promise.all([connect(`${path}2`), listener.accept()])
  await vainly(t, accepted)
  await client.send('x')
  t.is(String((await received(accepted)).data), 'x')
  dispose(listener, client, accepted)
  const [marked] = openMarked(folder, 1)
  const owned = OwnedFd.adopt(marked as number)
  await vainly(t, owned)
  t.is(String(await owned.read(10)), '0')
  owned.close()
  const { rmSync } = await import('node:fs')
  rmSync(path)
})

test.serial('what would be lost is refused before anything is sent, and untouched', async (t) => {
  const [left, right] = pair()
  const server = http.createServer((_request, response) => response.end('answer'))
  const { near, far } = await connected(server)
  await t.throwsAsync(sendHandle(left, near), { code: 'ERR_MESSAGES_HELD', message: /http/ })
  far.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  t.regex(await textUntil(far, 'answer'), /answer/)
  await t.throwsAsync(sendHandle(left, server), { code: 'ERR_MESSAGES_HELD', message: /sock/ })
  t.true(server.listening)
  const much = Buffer.alloc(4 << 20, 'y')
  far.write(much)
  far.write('z')
  await t.throwsAsync(sendHandle(left, far), { code: 'ERR_MESSAGES_HELD', message: /writes/ })
  await t.throwsAsync(sendHandle(left, 'no handle' as unknown as FdSource), { code: 'ERR_INVALID_ARG_TYPE' })
  t.is(right.tryRecv(), 'again')
  await close(server, near, far)
  dispose(left, right)
})

test.serial('a receiver that accepts no descriptors yet: the handle is here as before, or waits for it', async (t) => {
  const [left, right] = pair('stream', { maxFds: 0 })
  const [one, other] = pair()
  const outcome = await sendHandle(left, one, { timeout: 50 }).catch((error) => error.code)
  t.true(['ERR_FDS_REFUSED', 'ETIMEDOUT'].includes(outcome), outcome)
  await other.send('still here')
  t.is(String((await received(one)).data), 'still here')
  dispose(left, right, one, other)
})

test.serial('both ends send and receive, one after the other, on one socket', async (t) => {
  const ends = pair()
  for (let count = 0; count < 6; count++) {
    const [from, to] = count % 2 === 0 ? ends : [ends[1], ends[0]]
    const [one, other] = pair()
    const [handle] = await Promise.all([receiveHandle(to), sendHandle(from, one, { data: count })])
    t.is(handle?.data, count)
    const live = handle?.live() as UnixSocket
    await other.send(`number ${count}`)
    t.is(String((await received(live)).data), `number ${count}`)
    dispose(live, other)
  }
  dispose(...ends)
})

test.serial(
  'a handle that its sender gave up is passed over by a receiver that comes late, and the next one comes',
  async (t) => {
    const [left, right] = pair('stream', { maxFds: 1 })
    const [one, far] = pair()
    for (let count = 0; count < 3; count++) {
      await t.throwsAsync(sendHandle(left, one, { data: count, timeout: 5 }), { code: 'ETIMEDOUT' })
    }
    const controller = new AbortController()
    const given = t.throwsAsync(sendHandle(left, one, { signal: controller.signal }), { code: 'ABORT_ERR' })
    controller.abort()
    await given
    const before = openCount()
    const [handle] = await Promise.all([receiveHandle(right), sendHandle(left, one, { data: 'the one' })])
    t.is(handle?.data, 'the one')
    t.true(one.closed)
    t.is(openCount(), before)
    handle?.close()
    const [next, other] = pair()
    const [second] = await Promise.all([receiveHandle(right), sendHandle(left, next, { data: 'another' })])
    t.is(second?.data, 'another')
    second?.close()
    dispose(left, right, far, other)
  },
)

test.serial('a receipt for a handle that was given up is not taken for that of the next one', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  const [one, far] = pair()
  await t.throwsAsync(sendHandle(left, one, { timeout: 5 }), { code: 'ETIMEDOUT' })
  await right.send(frameBytes(RECEIPT, Buffer.from('1'), 0))
  right.shutdown('write')
  await t.throwsAsync(sendHandle(left, one), { code: 'ERR_HANDOFF', message: /it has ended/ })
  t.false(one.closed)
  dispose(left, right, one, far)
})

test.serial('a receive that is given up before the last word loses nothing: the next one has the handle', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  const body = encodeBody({ type: 'OwnedFd', id: 1, data: 'kept' }, Buffer.alloc(0))
  const [marked] = openMarked(folder, 1)
  const owned = OwnedFd.adopt(marked as number)
  await left.send(frameBytes(HANDLE, body, 1), { fds: [owned] })
  for (let count = 0; count < 3; count++)
    await t.throwsAsync(receiveHandle(right, { timeout: 5 }), { code: 'ETIMEDOUT' })
  await left.close()
  const handle = (await receiveHandle(right)) as ReceivedHandle
  t.is(handle.data, 'kept')
  t.is(String(await handle.fd.read(10)), '0')
  t.is(await receiveHandle(right), null)
  handle.close()
  owned.close()
  await right.close()
})

const GOOD = encodeBody({ type: 'OwnedFd', id: 1 }, Buffer.alloc(0))
const hostile: [what: string, bytes: Buffer, fds: number][] = [
  ['a handle without descriptor', frameBytes(HANDLE, GOOD, 0), 0],
  ['a handle with two descriptors', frameBytes(HANDLE, GOOD, 2), 2],
  ['another frame', frameBytes(77, GOOD, 1), 1],
  ['an unknown type', frameBytes(HANDLE, encodeBody({ type: '__proto__' }, GOOD), 1), 1],
  ['no type', frameBytes(HANDLE, encodeBody({}, GOOD), 1), 1],
  ['no object', frameBytes(HANDLE, encodeBody([] as object, GOOD).fill('1', 4, 6), 1), 1],
  ['no JSON', frameBytes(HANDLE, Buffer.from([0, 0, 0, 2, 123, 123]), 1), 1],
  ['a length beyond the body', frameBytes(HANDLE, Buffer.from([255, 255, 255, 255, 123, 125]), 1), 1],
  ['an empty body', frameBytes(HANDLE, Buffer.alloc(0), 1), 1],
  [
    'a last word with a descriptor',
    Buffer.concat([frameBytes(HANDLE, GOOD, 1), frameBytes(7, GOOD.subarray(0, 0), 1)]),
    2,
  ],
]

for (const [what, bytes, count] of hostile) {
  test.serial(`${what} is ERR_HANDOFF, and nothing is left open`, async (t) => {
    const marked = openMarked(folder, count).map((fd) => OwnedFd.adopt(fd))
    const [left, right] = pair('stream', { maxFds: 2 })
    const before = openCount()
    await left.send(bytes, { fds: marked })
    left.shutdown('write')
    await t.throwsAsync(receiveHandle(right), { code: 'ERR_HANDOFF' })
    await right.close()
    t.is(openCount(), before - 1)
    dispose(left, ...marked)
  })
}
