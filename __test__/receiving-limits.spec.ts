// Truncation and refusal are always visible: records of any length, more descriptors than wanted, more than are free.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, listen, type Message, openSocket, pair, type SocketError, UnixSocket } from '../index.js'
import { runScenario } from './helpers/child.js'
import { dispose } from './helpers/dispose.js'
import { guard } from './helpers/leaks.js'
import { openCount } from './helpers/marked.js'
import { turns } from './helpers/turns.js'

const folder = guard(test)
const SOL_SOCKET = 1
const SO_PASSRIGHTS = 83

for (const type of ['seqpacket', 'dgram'] as const) {
  test.serial(`${type}: records of 0, 1, 65,536, 65,537 and 200,000 bytes arrive whole`, async (t) => {
    const [left, right] = pair(type)
    for (const length of [0, 1, 65_536, 65_537, 200_000]) {
      const data = Buffer.alloc(length, length % 251)
      await left.send(data)
      const received = await right.recv()
      t.true(received?.data.equals(data), `${length} bytes`)
    }
    dispose(left, right)
  })

  test.serial(`${type}: long records in one batch keep to themselves`, async (t) => {
    const [left, right] = pair(type, { sendBufferSize: 1 << 20 })
    const lengths = [70_000, 3, 80_000, 65_536]
    for (const length of lengths) await left.send(Buffer.alloc(length, length % 251))
    const messages = (await right.recvMany()) as Message[]
    t.deepEqual(
      messages.map(({ data }) => [data.length, data.every((byte) => byte === data.length % 251)]),
      lengths.map((length) => [length, true]),
    )
    dispose(left, right)
  })

  test.serial(`${type}: a record longer than maxBytes is dropped with its length and its descriptors`, async (t) => {
    const [left, right] = pair(type, { maxFds: 1 })
    const before = openCount()
    for (const receive of receives(right, 4)) {
      await left.send('12345', { fds: [left.fd] })
      await left.send('1234')
      const error = (await t.throwsAsync(receive())) as SocketError
      t.deepEqual([error.code, error.length], ['ERR_MESSAGE_TRUNCATED', 5])
      t.is((await receive()).data.toString(), '1234', 'the next one is intact')
    }
    t.is(openCount(), before)
    dispose(left, right)
  })
}

function receives(socket: UnixSocket, maxBytes: number): (() => Promise<Message>)[] {
  return [async () => (await socket.recv({ maxBytes })) as Message, async () => socket.tryRecv({ maxBytes }) as Message]
}

test.serial('a record that was read ahead is judged by the maxBytes of whoever receives it', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 1 })
  for (const word of ['1', '22222', '3']) await left.send(word, { fds: [left.fd] })
  for await (const message of right) {
    message.close()
    break
  }
  const before = openCount()
  const error = (await t.throwsAsync(right.recv({ maxBytes: 4 }))) as SocketError
  t.deepEqual([error.code, error.length], ['ERR_MESSAGE_TRUNCATED', 5])
  t.is(openCount(), before - 1, 'its descriptor is closed')
  const last = (await right.recv({ maxBytes: 4 })) as Message
  t.is(last.data.toString(), '3')
  last.close()
  dispose(left, right)
})

test.serial('a chunk that was read ahead is split, its descriptors with its first part', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  await left.send('a', { fds: [left.fd] })
  await left.send('bcde', { fds: [left.fd] })
  await left.send('f', { fds: [left.fd] })
  for await (const message of right) {
    message.close()
    break
  }
  const parts: [string, number, number][] = []
  for (let text = ''; text.length < 5; ) {
    const message = (await right.recv({ maxBytes: 2 })) as Message
    text += message.data
    parts.push([message.data.toString(), message.offset, message.fds.length])
    message.close()
  }
  t.deepEqual(parts, [
    ['bc', 1, 1],
    ['de', 3, 0],
    ['f', 5, 1],
  ])
  dispose(left, right)
})

/** Whether this system allows send buffers for records longer than fit by default. */
const roomy = Number(readFileSync('/proc/sys/net/core/wmem_max', 'utf8')) >= 1 << 21

;(roomy ? test.serial : test.serial.skip)('maxBytes may be larger than anything that fits by default', async (t) => {
  const [left, right] = pair('seqpacket', { sendBufferSize: 4 << 20 })
  const data = Buffer.alloc(1_500_000, 'r')
  await left.send(data)
  await left.send(data)
  const error = (await t.throwsAsync(right.recv())) as SocketError
  t.deepEqual([error.code, error.length], ['ERR_MESSAGE_TRUNCATED', data.length], 'the default limit is told as well')
  const message = await right.recv({ maxBytes: 2_000_000 })
  t.true(message?.data.equals(data))
  dispose(left, right)
})

for (const [type, scenario] of [
  ['stream', 'receiveStream'],
  ['seqpacket', 'receiveSeqpacket'],
  ['dgram', 'receiveDatagram'],
] as const) {
  test.serial(
    `${type}: who does not wait for free descriptors gets the data, is told of those that are lost, and none is left open`,
    async (t) => {
      const { answer, stderr } = await runScenario('scarce', scenario, { descriptors: 64 })
      t.is(stderr, '')
      t.deepEqual(answer, {
        data: 'data',
        truncated: true,
        fds: 'ERR_FDS_TRUNCATED',
        take: 'ERR_FDS_TRUNCATED',
        leaked: 0,
        next: ['next', false, 2],
      })
    },
  )
}

test.serial('no descriptor of ours is 0, 1 or 2, though these are free', async (t) => {
  const { answer } = await runScenario('scarce', 'withoutStandardInput')
  t.true(answer)
})

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`${type}: more descriptors than maxFds are all closed and counted; the data arrives`, async (t) => {
    const [left, right] = pair(type, { maxFds: 2 })
    const before = openCount()
    await left.send('data', { fds: [0, 1, 2] })
    const message = (await right.recv()) as Message
    t.deepEqual([message.data.toString(), message.fdsRefused, message.fdsTruncated], ['data', 3, false])
    t.throws(() => message.fds, { code: 'ERR_FDS_REFUSED' })
    t.throws(() => message.takeFds(3), { code: 'ERR_FDS_REFUSED' })
    t.is(openCount(), before)
    await left.send('next', { fds: [0, 1] })
    const next = (await right.recv()) as Message
    t.deepEqual([next.fdsRefused, next.fds.length], [0, 2])
    next.close()
    dispose(left, right)
  })

  test.serial(`${type}: who accepts no descriptors is sent none, and the sender is told`, async (t) => {
    const [left, right] = pair(type)
    t.is(right.maxFds, 0)
    const error = (await t.throwsAsync(left.send('x', { fds: [0] }))) as SocketError
    t.deepEqual([error.code, error.syscall], ['ERR_FDS_REFUSED', 'sendmsg'])
    t.throws(() => left.trySend('x', { fds: [0] }), { code: 'ERR_FDS_REFUSED' })
    await left.send('plain')
    t.is((await right.recv())?.data.toString(), 'plain', 'nothing of the others was sent')
    right.maxFds = 1
    await left.send('now', { fds: [0] })
    const message = (await right.recv()) as Message
    t.is(message.fds.length, 1)
    message.close()
    right.maxFds = 0
    await t.throwsAsync(left.send('x', { fds: [0] }), { code: 'ERR_FDS_REFUSED' })
    dispose(left, right)
  })
}

test.serial('EPERM for a claim of other credentials is not called a refusal of descriptors', async (t) => {
  if (process.getuid?.() === 0) {
    const [left, right] = pair('stream', { maxFds: 1 })
    const claim = { pid: 0x3ffffff0, uid: 0, gid: 0 }
    await t.throwsAsync(left.send('x', { credentials: claim, fds: [0] }), { code: 'ESRCH' })
    dispose(left, right)
  } else {
    const [left, right] = pair('stream', { maxFds: 1 })
    await t.throwsAsync(left.send('x', { credentials: { pid: 1, uid: 0, gid: 0 }, fds: [0] }), { code: 'EPERM' })
    dispose(left, right)
  }
})

test.serial('accepted sockets have the limit of their listener, also for what was sent before accept', async (t) => {
  for (const maxFds of [0, 2]) {
    const path = join(folder, `l${maxFds}`)
    const listener = listen(path, { maxFds })
    const client = await connect(path)
    const sent = await client.send('early', { fds: [0] }).catch((error: SocketError) => error.code)
    t.is(sent, maxFds === 0 ? 'ERR_FDS_REFUSED' : undefined)
    const peer = await listener.accept()
    t.is(peer.maxFds, maxFds)
    if (maxFds > 0) {
      const message = (await peer.recv()) as Message
      t.is(message.fds.length, 1)
      message.close()
    }
    dispose(client, peer)
    await listener.close()
  }
})

test.serial('a datagram socket takes no descriptors from the moment that it has a name', async (t) => {
  const path = join(folder, 'd')
  const receiver = bind(path)
  const sender = bind()
  await t.throwsAsync(sender.send('x', { to: path, fds: [0] }), { code: 'ERR_FDS_REFUSED' })
  dispose(sender, receiver)
})

test.serial('where the kernel cannot refuse, descriptors that nobody asked for are closed and counted', async (t) => {
  const [left, right] = pair('stream')
  right.setOption(SOL_SOCKET, SO_PASSRIGHTS, 1)
  const before = openCount()
  await left.send('x', { fds: [0, 1] })
  const message = (await right.recv()) as Message
  t.deepEqual([message.data.toString(), message.fdsRefused], ['x', 2])
  t.throws(() => message.fds, { code: 'ERR_FDS_REFUSED' })
  t.is(openCount(), before)
  dispose(left, right)
})

test.serial('an adopted socket keeps the options that were not named', async (t) => {
  const bare = openSocket('unix', 'dgram')
  const before = bare.getOption(SOL_SOCKET, SO_PASSRIGHTS)
  const socket = UnixSocket.adopt(bare)
  t.deepEqual(socket.getOption(SOL_SOCKET, SO_PASSRIGHTS), before)
  socket.maxFds = 0
  t.is(socket.getOption(SOL_SOCKET, SO_PASSRIGHTS).readInt32LE(), 0)
  const given = socket.detach()
  t.deepEqual(given.getOption(SOL_SOCKET, SO_PASSRIGHTS), before, 'detach puts back what was changed')
  given.close()
  await turns(1)
})
