// Waiting for readiness: callbacks of the application run in their own turn and context, one busy socket does not
// starve another, and what fires for no reason costs nothing.
import { AsyncLocalStorage } from 'node:async_hooks'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate as immediate } from 'node:timers/promises'
import test from 'ava'
import { bind, type Message, OwnedFd, pair, type UnixSocket } from '../index.js'
import { native } from '../lib/native.js'
import { dispose } from './helpers/dispose.js'
import { fill } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { busyShare, turns } from './helpers/turns.js'

const folder = guard(test)

test.serial('promises and nextTick have run before the next callback of the same turn', async (t) => {
  const [left, right] = pair('seqpacket')
  const [other, wrapped] = pair('stream')
  const socket = new Socket({ fd: wrapped.detach().detach() })
  const order: string[] = []
  const data = new Promise((resolve) => socket.once('data', resolve)).then(() => order.push('net'))
  socket.on('data', () => order.push('data'))
  const received = right.recv().then(() => {
    order.push('promise')
    process.nextTick(() => order.push('tick'))
  })
  await turns()
  // Ready in this order: the event loop comes to both in one turn.
  left.trySend('x')
  other.trySend('y')
  await Promise.all([received, data])
  t.deepEqual(order, ['promise', 'tick', 'data', 'net'])
  await new Promise((resolve) => socket.destroy().once('close', resolve))
  dispose(left, right, other)
})

test.serial('each operation goes on in the context in which it was begun', async (t) => {
  const storage = new AsyncLocalStorage<string>()
  const [left, right] = pair('seqpacket')
  const inside = (name: string, action: () => Promise<unknown>): Promise<string | undefined> =>
    storage.run(name, () => action().then(() => storage.getStore()))
  const contexts = [
    inside('first', () => right.recv()),
    inside('second', () => right.recvMany({ max: 1 })),
    inside('hangup', () => right.hangup()),
    inside('aborted', () => right.recv({ timeout: 1 }).catch(() => {})),
  ]
  await storage.run('sender', async () => {
    await left.send('1')
    await left.send('2')
  })
  await contexts[3]
  await left.close()
  t.deepEqual(await Promise.all(contexts), ['first', 'second', 'hangup', 'aborted'])
  t.is(storage.getStore(), undefined)
  dispose(right)
})

test.serial('an exception in a callback is uncaught as any other, and the others are served', async (t) => {
  const [left, right] = pair('seqpacket')
  const uncaught = new Promise<unknown>((resolve) => {
    const others = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[]
    process.removeAllListeners('uncaughtException')
    process.once('uncaughtException', (error) => {
      for (const other of others) process.on('uncaughtException', other)
      resolve(error)
    })
  })
  const thrown = new Error('of the application')
  void right.recv().then(() =>
    process.nextTick(() => {
      throw thrown
    }),
  )
  const second = right.recv()
  await left.sendMany([{ data: '1' }, { data: '2' }])
  t.is(await uncaught, thrown)
  t.is((await second)?.data.toString(), '2')
  dispose(left, right)
})

test.serial('a flooded socket does not keep the event loop, nor the turn of another', async (t) => {
  const [flooder, flooded] = pair('seqpacket')
  const [left, right] = pair('seqpacket')
  let stop = false
  let count = 0
  const flooding = (async () => {
    while (!stop) await flooder.send('x')
    flooder.shutdown('write')
  })()
  const reading = (async () => {
    for await (const _ of flooded) count++
  })()
  for (let round = 0; round < 20; round++) {
    const received = right.recv()
    await immediate()
    await left.send(String(round))
    t.is((await received)?.data.toString(), String(round))
  }
  stop = true
  await Promise.all([flooding, reading])
  t.true(count > 20)
  dispose(flooder, flooded, left, right)
})

test.serial('a loop of awaits that never has to wait lets the event loop turn', async (t) => {
  const [left, right] = pair('seqpacket')
  let turned = false
  void immediate().then(() => (turned = true))
  let rounds = 0
  for (; !turned && rounds < 100_000; rounds++) {
    await left.send('x')
    await right.recv()
  }
  t.true(turned)
  dispose(left, right)
})

test.serial('many sockets that become ready at once are all served', async (t) => {
  const pairs = Array.from({ length: 400 }, () => pair('dgram'))
  const received = pairs.map(([, right]) => right.recv())
  await turns(2)
  pairs.forEach(([left], index) => {
    t.true(left.trySend(String(index)))
  })
  const messages = await Promise.all(received)
  t.true(messages.every((message: Message, index) => message.data.toString() === String(index)))
  for (const sockets of pairs) dispose(...sockets)
})

test.serial('a socket that is closed in the callback of another is not served by the same wake-up', async (t) => {
  for (let round = 0; round < 50; round++) {
    const pairs = [pair('seqpacket'), pair('seqpacket')]
    const outcomes = pairs.map(([, right], index) =>
      right.recv().then(
        (message) => {
          pairs[1 - index]?.[1][Symbol.dispose]()
          return String(message?.data)
        },
        (error: NodeJS.ErrnoException) => error.code,
      ),
    )
    await turns(1)
    for (const [left] of pairs) left.trySend('x')
    for (const outcome of await Promise.all(outcomes)) t.true(outcome === 'x' || outcome === 'ERR_SOCKET_CLOSED')
    for (const sockets of pairs) dispose(...sockets)
  }
})

test.serial('a number that is handed out again is not taken for the one that was closed', async (t) => {
  for (let round = 0; round < 100; round++) {
    const [left, right] = pair('seqpacket')
    const first = t.throwsAsync(right.recv(), { code: 'ERR_SOCKET_CLOSED' })
    left.trySend('for the old one')
    dispose(left, right)
    const [sender, receiver] = pair('seqpacket')
    const received = receiver.recv()
    await turns(1)
    await sender.send('for the new one')
    t.is((await received)?.data.toString(), 'for the new one')
    await first
    dispose(sender, receiver)
  }
})

for (const [what, act] of [
  ['writes', (peer: UnixSocket) => peer.send('nobody waits for this')],
  ['hangs up', (peer: UnixSocket) => peer.close()],
  ['goes with data unread', (peer: UnixSocket) => peer.close()],
] as const) {
  test.serial(`an idle socket whose peer ${what} does not spin`, async (t) => {
    const [left, right] = pair('seqpacket')
    const received = right.recv()
    await left.send('1')
    await received
    if (what === 'goes with data unread') await right.send('never read')
    await act(left)
    t.true((await busyShare()) < 0.5)
    dispose(left, right)
  })
}

test.serial('an idle datagram socket with an error that nobody has asked for does not spin', async (t) => {
  const [left, right] = pair('dgram')
  const other = bind(join(folder, 'other'))
  const received = right.recv()
  await left.send('1')
  await received
  await right.send('never read')
  native.connect(left.fd, Buffer.from(join(folder, 'other')))
  t.true((await busyShare()) < 0.5)
  await t.throwsAsync(right.recv(), { code: 'ECONNRESET' })
  dispose(left, right, other)
})

test.serial('a send that waits for a peer that writes, but never reads, does not spin', async (t) => {
  const [left, right] = pair('stream')
  fill(left)
  const sent = left.send('x').catch(() => {})
  await right.send('unread')
  t.true((await busyShare()) < 0.5)
  dispose(left, right)
  await sent
})

test.serial('a receive that waits after its peer shut down its other half does not spin', async (t) => {
  const [left, right] = pair('stream')
  const received = right.recv()
  const hangup = right.hangup()
  left.shutdown('read')
  t.true((await busyShare()) < 0.5)
  await left.send('x')
  t.is((await received)?.data.toString(), 'x')
  await left.close()
  await hangup
  dispose(right)
})

test.serial('many sockets may share an open file, and each is told', async (t) => {
  const [left, right] = pair('seqpacket')
  const readers = Array.from({ length: 5 }, () => OwnedFd.dup(right))
  const reads = readers.map((reader) => reader.read(10))
  await turns()
  for (let index = 0; index < 5; index++) await left.send(String(index))
  const texts = (await Promise.all(reads)).map(String)
  t.deepEqual(texts.sort(), ['0', '1', '2', '3', '4'])
  for (const reader of readers) reader.close()
  dispose(left, right)
})
