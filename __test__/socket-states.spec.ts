// The states of a UnixSocket: half closed, hung up, ready or not, closed; and what it keeps alive meanwhile.
import { join } from 'node:path'
import test from 'ava'
import { bind, listen, pair, UnixSocket } from '../index.js'
import { fill } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { type Kit, type Script, start } from './helpers/script.js'
import { stateOf } from './helpers/turns.js'

const dir = guard(test)
const path = join(dir, 'sock')

async function close(...objects: { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

async function textOf(socket: UnixSocket): Promise<string | undefined> {
  return (await socket.recv())?.data.toString()
}

test.serial('after close every method says ERR_SOCKET_CLOSED', async (t) => {
  const [socket, other] = pair()
  await close(socket, other)
  t.deepEqual([socket.fd, socket.closed], [-1, true])
  const closed = { code: 'ERR_SOCKET_CLOSED' }
  const waiting = ['recv', 'recvMany', 'readable', 'writable', 'hangup'] as const
  for (const name of waiting) await t.throwsAsync(socket[name](), closed, name)
  await t.throwsAsync(socket.send('x'), closed)
  await t.throwsAsync(socket.sendMany([{ data: 'x' }]), closed)
  const calls: (() => unknown)[] = [
    () => socket.tryRecv(),
    () => socket.trySend('x'),
    () => socket.trySendMany([{ data: 'x' }]),
    () => socket.takeUnread(),
    () => socket.shutdown('write'),
    () => socket.getOption(1, 3),
    () => socket.setOption(1, 16, 1),
    () => socket.detach(),
    () => socket.localAddress,
    () => socket.peerAddress,
    () => socket.passCredentials,
    () => Object.assign(socket, { maxFds: 1 }),
    () => Object.assign(socket, { passCredentials: true }),
    () => UnixSocket.adopt(socket.fd),
  ]
  for (const call of calls.slice(0, -1)) t.throws(call, closed, String(call))
  t.throws(calls.at(-1) as () => unknown, { code: 'ERR_OUT_OF_RANGE' })
  for await (const message of socket) t.fail(String(message.data))
})

test.serial('close rejects what waits, may be called again, and dispose does the same', async (t) => {
  for (const end of ['close', Symbol.dispose, Symbol.asyncDispose] as const) {
    const [left, right] = pair()
    fill(left)
    const pending = [left.recv(), left.send('x'), left.hangup(), left.readable()]
    const results = Promise.allSettled(pending)
    await left[end]()
    for (const result of await results) t.like(result, { status: 'rejected', reason: { code: 'ERR_SOCKET_CLOSED' } })
    await left.close()
    await left[end]()
    await right.close()
  }
})

test.serial('half close: what was sent before it arrives, then the end, and the other way still works', async (t) => {
  const [left, right] = pair()
  await left.send('last')
  left.shutdown('write')
  t.is(await textOf(right), 'last')
  t.is(await right.recv(), null)
  await right.send('answer')
  t.is(await textOf(left), 'answer')
  await t.throwsAsync(left.send('x'), { code: 'EPIPE' })
  await close(left, right)
})

test.serial('shutdown takes effect behind queued sends', async (t) => {
  const [left, right] = pair()
  fill(left)
  const queued = left.send('the very last')
  left.shutdown('write')
  let text = ''
  for await (const { data } of right) text = (text + data.toString('latin1')).slice(-20)
  await queued
  t.regex(text, /the very last$/)
  await close(left, right)
})

test.serial('shutdown of reading ends our side and tells the peer', async (t) => {
  const [left, right] = pair()
  left.shutdown('read')
  t.is(await left.recv(), null)
  await t.throwsAsync(right.send('x'), { code: 'EPIPE' })
  t.throws(() => left.shutdown('all' as 'both'), { code: 'ERR_INVALID_ARG_VALUE' })
  await close(left, right)
})

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(
    `hangup of a ${type} socket resolves when the peer has shut down, with its data still unread`,
    async (t) => {
      const [left, right] = pair(type)
      const pending = right.hangup()
      await left.send('unread')
      t.is(await stateOf(pending), 'pending')
      left.shutdown('write')
      await pending
      await right.hangup({ timeout: 0 })
      t.is(await textOf(right), 'unread')
      t.is(await right.recv(), null)
      await close(left, right)
    },
  )
}

test.serial('hangup resolves when the peer dies, and a datagram socket has none', async (t) => {
  const [left, right] = pair()
  const pending = right.hangup()
  await left.close()
  await pending
  await right.close()
  const socket = bind()
  await t.throwsAsync(socket.hangup(), { code: 'ENOTSUP' })
  await socket.close()
})

test.serial('readable resolves with data or the end, and takes nothing', async (t) => {
  const [left, right] = pair()
  const pending = right.readable()
  t.is(await stateOf(pending), 'pending')
  await t.throwsAsync(right.readable({ timeout: 0 }), { code: 'ETIMEDOUT' })
  await left.send('x')
  await pending
  await right.readable({ timeout: 0 })
  t.is(await textOf(right), 'x')
  await left.close()
  await right.readable({ timeout: 0 })
  t.is(await right.recv(), null)
  await right.close()
})

test.serial('writable waits for room', async (t) => {
  const [left, right] = pair()
  await left.writable({ timeout: 0 })
  fill(left)
  const pending = left.writable()
  t.is(await stateOf(pending), 'pending')
  while (right.tryRecv() !== 'again');
  await pending
  t.true(left.trySend('x'))
  await close(left, right)
})

test.serial('a pending receive keeps its process alive; an idle socket, or one without ref, does not', async (t) => {
  const listener = listen(path)
  const begin = async (what: string): Promise<[Script, UnixSocket]> => {
    const script = start(holdSocket, [path, what])
    const server = await listener.accept()
    t.is(await script.next(), 'begun')
    return [script, server]
  }
  const waiting = [await begin('waiting'), await begin('unref, ref')]
  const ending = [await begin('idle'), await begin('unref')]
  for (const [script, server] of ending) {
    t.is(await script.end(), 0)
    await server.close()
  }
  // By now one that nothing keeps alive is gone.
  for (const [script, server] of waiting) {
    await server.send('x')
    t.is(await script.next(), 'received')
    t.is(await script.end(), 0)
    await server.close()
  }
  await listener.close()
})

async function holdSocket({ ancillary, tell }: Kit, address: string, what: string): Promise<void> {
  const socket = await ancillary.connect(address)
  if (what !== 'idle') void socket.recv().then(() => tell('received'))
  if (what.includes('unref')) socket.unref()
  if (what.endsWith(' ref')) socket.ref()
  await tell('begun')
}
