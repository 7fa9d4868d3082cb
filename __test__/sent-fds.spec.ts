// `keepSentFds`: descriptors that were sent stay open in the sender until something comes back, or are released, or have had their
// time after the close. macOS needs it; here it is switched on.
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { bind, connect, listen, type Message, OwnedFd, pair, type SocketType, UnixSocket } from '../index.js'
import { native } from '../lib/native.js'
import { SentFds } from '../lib/sent-fds.js'
import { runScenario } from './helpers/child.js'
import { dispose } from './helpers/dispose.js'
import { drain, fill } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodeOf, openMarked } from './helpers/marked.js'
import { nativeCalls, withNativeResult } from './helpers/native-calls.js'
import { stateOf, turns } from './helpers/turns.js'

const folder = guard(test)
const path = join(folder, 'sock')
const kept = { maxFds: 253, keepSentFds: true }
const types = ['stream', 'seqpacket', 'dgram'] as const
const patience = 20_000

/** How many descriptors of this process refer to that file. */
function openOf(inode: number): number {
  // What may block is closed on a thread.
  native.awaitClosed(patience)
  return readdirSync('/proc/self/fd').filter((fd) => inodeAt(fd) === inode).length
}

function inodeAt(fd: string): number {
  try {
    return statSync(`/proc/self/fd/${fd}`).ino
  } catch {
    return -1
  }
}

/** A file of its own that is sent and closed at once: its inode. */
async function sendAndClose(socket: UnixSocket, data: string | Buffer = 'x'): Promise<number> {
  const [fd] = openMarked(folder, 1) as [number]
  const inode = inodeOf(fd)
  await socket.send(data, { fds: [fd] })
  closeAll([fd])
  return inode
}

/** The other end takes one message and closes what came with it. */
async function take(socket: UnixSocket): Promise<number> {
  const message = (await socket.recv()) as Message
  const count = message.fds.length
  message.close()
  return count
}

/** The same with so many bytes of a stream. */
async function takeBytes(socket: UnixSocket, count: number): Promise<void> {
  for (let left = count; left > 0; ) {
    const message = (await socket.recv()) as Message
    left -= message.data.length
    message.close()
  }
}

for (const type of types) {
  test.serial(`${type}: what was sent and closed stays open until the next message comes`, async (t) => {
    const [left, right] = pair(type, kept)
    const inode = await sendAndClose(left)
    t.is(openOf(inode), 1)
    t.is(await take(right), 1)
    t.is(openOf(inode), 1, 'the receiver has closed its own')
    await right.send('I have it')
    t.is(openOf(inode), 1, 'the answer is not received yet')
    await left.recv()
    t.is(openOf(inode), 0)
    dispose(left, right)
  })
}

const ways: Record<string, (socket: UnixSocket) => unknown> = {
  tryRecv: (socket) => (socket.tryRecv() as Message).close(),
  recvMany: (socket) => socket.recvMany(),
  'recvMany, lent': async (socket) => (await socket.recvMany({ borrow: true }))?.close(),
  messages: (socket) => socket.messages()[Symbol.asyncIterator]().next(),
  batches: (socket) => socket.batches()[Symbol.asyncIterator]().next(),
}
for (const [name, receive] of Object.entries(ways)) {
  test.serial(`an answer is one however it is received: ${name}`, async (t) => {
    const [left, right] = pair('seqpacket', kept)
    const inode = await sendAndClose(left)
    await right.send('I have it')
    t.is(openOf(inode), 1)
    await receive(left)
    t.is(openOf(inode), 0)
    dispose(left, right)
  })
}

test.serial('the end is no answer', async (t) => {
  const [left, right] = pair('stream', kept)
  const inode = await sendAndClose(left)
  right.shutdown('write')
  t.is(await left.recv(), null)
  t.is(openOf(inode), 1)
  left.releaseSentFds()
  dispose(left, right)
})

test.serial('what had been read ahead before the send is no answer', async (t) => {
  const [left, right] = pair('seqpacket', kept)
  await right.sendMany([{ data: 'one' }, { data: 'two' }])
  const loop = left.messages()[Symbol.asyncIterator]()
  t.is(String((await loop.next()).value?.data), 'one')
  const inode = await sendAndClose(left)
  t.is(String((await loop.next()).value?.data), 'two')
  t.is(openOf(inode), 1)
  await right.send('three')
  t.is(String((await loop.next()).value?.data), 'three')
  t.is(openOf(inode), 0)
  dispose(left, right)
})

test.serial('an answer releases only what had gone whole before it came', async (t) => {
  const [left, right] = pair('stream', kept)
  const whole = await sendAndClose(left)
  const [fd] = openMarked(folder, 1) as [number]
  const begun = inodeOf(fd)
  const size = 4 << 20
  const sent = left.send(Buffer.alloc(size), { fds: [fd] })
  closeAll([fd])
  t.is(await stateOf(sent), 'pending')
  await right.send('an answer to the first')
  await left.recv()
  t.deepEqual([openOf(whole), openOf(begun)], [0, 1])
  left.releaseSentFds()
  t.is(openOf(begun), 1)
  await takeBytes(right, size + 1)
  await sent
  t.is(openOf(begun), 1)
  await right.send('an answer to the second')
  await left.recv()
  t.is(openOf(begun), 0)
  dispose(left, right)
})

test.serial('what had to wait is duplicated once, for the wait and for the answer', async (t) => {
  const [left, right] = pair('stream', kept)
  fill(left)
  let inode = 0
  const calls = await nativeCalls(async () => {
    const sent = sendAndClose(left)
    t.is(await stateOf(sent), 'pending')
    drain(right)
    inode = await sent
  })
  t.is(calls.filter((name) => name === 'duplicate').length, 1)
  t.is(openOf(inode), 1)
  left.releaseSentFds()
  dispose(left, right)
})

test.serial('many messages of one call, and what trySend takes', async (t) => {
  const [left, right] = pair('seqpacket', kept)
  const fds = openMarked(folder, 4)
  const inodes = fds.map(inodeOf)
  const messages = fds.slice(0, 3).map((fd) => ({ data: 'x', fds: [fd] }))
  await left.sendMany(messages)
  t.true(left.trySend('x', { fds: [fds[3] as number] }))
  closeAll(fds)
  t.deepEqual(inodes.map(openOf), [1, 1, 1, 1])
  await right.send('I have them')
  await left.recv()
  t.deepEqual(inodes.map(openOf), [0, 0, 0, 0])
  dispose(left, right)
})

test.serial('releaseSentFds closes them, on a thread', async (t) => {
  const [left, right] = pair('stream', kept)
  const inode = await sendAndClose(left)
  const calls = await nativeCalls(() => left.releaseSentFds())
  t.deepEqual(calls, ['closeAllElsewhere'])
  t.is(openOf(inode), 0)
  t.deepEqual(await nativeCalls(() => left.releaseSentFds()), [], 'nothing is left')
  dispose(left, right)
})

test.serial('a send that fails keeps nothing', async (t) => {
  const [left, right] = pair('stream', kept)
  dispose(right)
  await left.hangup()
  const [fd] = openMarked(folder, 1) as [number]
  await t.throwsAsync(left.send('x', { fds: [fd] }), { code: 'EPIPE' })
  t.is(openOf(inodeOf(fd)), 1)
  closeAll([fd])
  dispose(left)
})

test.serial('a socket keeps 512 at most', async (t) => {
  const [left, right] = pair('seqpacket', kept)
  const [fd] = openMarked(folder, 1) as [number]
  const inode = inodeOf(fd)
  const fds = new Array<number>(253).fill(fd)
  for (let count = 0; count < 3; count++) {
    await left.send('x', { fds })
    await take(right)
  }
  closeAll([fd])
  t.is(openOf(inode), 512)
  left.releaseSentFds()
  t.is(openOf(inode), 0)
  dispose(left, right)
})

/** Files that are open, by their numbers, and the inodes of them. */
function files(t: ExecutionContext, count: number): { fds: number[]; inodes: number[] } {
  const fds = openMarked(folder, count)
  t.teardown(() => closeAll(fds))
  return { fds, inodes: fds.map(inodeOf) }
}

/** Which of them are kept: one descriptor of each is the spec's. */
function keptOf(inodes: readonly number[]): number[] {
  return inodes.flatMap((inode, at) => (openOf(inode) > 1 ? [at] : []))
}

test.serial('beyond the limit of a socket the oldest go first', (t) => {
  const { fds, inodes } = files(t, 5)
  const sent = new SentFds({ most: 3, mostOfAll: 100, graceMs: 1 })
  sent.keep(fds.slice(0, 2))
  sent.keep(fds.slice(2))
  t.deepEqual(keptOf(inodes), [2, 3, 4])
  sent.drop()
})

test.serial('beyond the limit of all sockets those of closed ones go first, then the oldest', (t) => {
  const { fds, inodes } = files(t, 7)
  const keeping = { most: 100, mostOfAll: 4, graceMs: 60_000 }
  const [closed, open] = [new SentFds(keeping), new SentFds(keeping)]
  closed.keep(fds.slice(0, 2))
  closed.linger()
  open.keep(fds.slice(2, 4))
  t.deepEqual(keptOf(inodes), [0, 1, 2, 3])
  open.keep(fds.slice(4, 5))
  t.deepEqual(keptOf(inodes), [2, 3, 4])
  open.keep(fds.slice(5))
  t.deepEqual(keptOf(inodes), [3, 4, 5, 6])
  open.drop()
  t.is(closed.length, 0)
})

test.serial('one that keeps nothing any more is forgotten, and its time does not run on', (t) => {
  const { fds } = files(t, 3)
  const keeping = { most: 100, mostOfAll: 2, graceMs: 60_000 }
  const [closed, open] = [new SentFds(keeping), new SentFds(keeping)]
  const cleared: unknown[] = []
  const { clearTimeout: original } = globalThis
  t.teardown(() => Object.assign(globalThis, { clearTimeout: original }))
  const armed = timersByHand(t)
  Object.assign(globalThis, { clearTimeout: (timer: { armed?: unknown } | undefined) => cleared.push(timer?.armed) })
  closed.keep(fds.slice(0, 1))
  closed.linger()
  closed.drop()
  t.deepEqual(cleared, armed)
  closed.drop = () => t.fail('it is asked again')
  open.keep(fds)
  t.is(open.length, 2)
  open.drop()
})

test.serial('all sockets of a process keep a quarter of what it may have open', async (t) => {
  const { answer, stderr } = await runScenario('sent-fds', 'many', { descriptors: 128 })
  t.deepEqual(answer, { kept: 32, left: 0 }, stderr)
})

test.serial('where no duplicate can be made the send succeeds all the same', async (t) => {
  const { answer, stderr } = await runScenario('sent-fds', 'withoutDescriptors', { descriptors: 64 })
  t.deepEqual(answer, { kept: 0, arrived: 1 }, stderr)
})

test.serial('what could not be duplicated does not count', (t) => {
  const { fds } = files(t, 2)
  const sent = new SentFds({ most: 3, mostOfAll: 100, graceMs: 1 })
  withNativeResult('duplicate', -24, () => sent.keep(fds))
  t.is(sent.length, 0)
})

test.serial('a socket that is closed with some left does not keep the process', async (t) => {
  const { answer, code, stderr } = await runScenario('sent-fds', 'closed')
  // In flight to a socket that is closed as well: what is open is the duplicate.
  t.deepEqual([answer, code], [{ kept: 1 }, 0], stderr)
})

/** Stands in for setTimeout: what is armed is fired by hand. */
function timersByHand(t: ExecutionContext): { ms: number; unref: boolean; fire: () => void }[] {
  const armed: { ms: number; unref: boolean; fire: () => void }[] = []
  const { setTimeout: original } = globalThis
  t.teardown(() => Object.assign(globalThis, { setTimeout: original }))
  const standIn = (fire: () => void, ms: number): unknown => {
    const timer = { ms, unref: false, fire }
    armed.push(timer)
    return { armed: timer, unref: () => Object.assign(timer, { unref: true }) }
  }
  Object.assign(globalThis, { setTimeout: standIn })
  return armed
}

const ends: Record<string, (socket: UnixSocket) => unknown> = {
  close: (socket) => socket.close(),
  detach: (socket) => socket.detach().close(),
}
for (const [name, end] of Object.entries(ends)) {
  test.serial(`${name}: what is left stays for 5 seconds more, which keep no process alive`, async (t) => {
    const [left, right] = pair('stream', kept)
    const inode = await sendAndClose(left)
    const armed = timersByHand(t)
    await end(left)
    t.is(openOf(inode), 1)
    t.deepEqual(
      armed.map(({ ms, unref }) => [ms, unref]),
      [[5000, true]],
    )
    armed[0]?.fire()
    t.is(openOf(inode), 0)
    dispose(right)
  })
}

test.serial('nothing is left: nothing is waited for', async (t) => {
  const [left, right] = pair('stream', kept)
  await sendAndClose(left)
  left.releaseSentFds()
  const armed = timersByHand(t)
  await left.close()
  t.deepEqual(armed, [])
  dispose(right)
})

test.serial('the time after the close ends', async (t) => {
  const { fds, inodes } = files(t, 1)
  const sent = new SentFds({ most: 3, mostOfAll: 100, graceMs: 1 })
  sent.keep(fds)
  sent.linger()
  t.deepEqual(keptOf(inodes), [0])
  for (const end = Date.now() + patience; sent.length > 0 && Date.now() < end; ) await turns()
  t.deepEqual(keptOf(inodes), [])
})

test.serial('releaseSentFds on a closed socket ends that time', async (t) => {
  const [left, right] = pair('stream', kept)
  const inode = await sendAndClose(left)
  await left.close()
  t.is(openOf(inode), 1)
  left.releaseSentFds()
  t.is(openOf(inode), 0)
  dispose(right)
})

test.serial('half a message that was cut off stays for that time too', async (t) => {
  const [left, right] = pair('stream', kept)
  const [fd] = openMarked(folder, 1) as [number]
  const inode = inodeOf(fd)
  const abort = new AbortController()
  const sent = left.send(Buffer.alloc(4 << 20), { fds: [fd], signal: abort.signal })
  closeAll([fd])
  abort.abort()
  await t.throwsAsync(sent, { code: 'ABORT_ERR' })
  t.true(left.closed)
  t.is(openOf(inode), 1)
  left.releaseSentFds()
  t.is(openOf(inode), 0)
  dispose(right)
})

for (const options of [{ maxFds: 1, keepSentFds: false }, { maxFds: 1 }]) {
  const title = options.keepSentFds === false ? 'where it is switched off' : 'elsewhere than on macOS'
  test.serial(`${title} nothing is kept and nothing is duplicated`, async (t) => {
    const [left, right] = pair('stream', options)
    let inode = 0
    const calls = await nativeCalls(async () => {
      inode = await sendAndClose(left)
    })
    t.false(calls.includes('duplicate'), calls.join())
    t.is(openOf(inode), 0)
    left.releaseSentFds()
    dispose(left, right)
  })
}

test.serial('on macOS it is on', async (t) => {
  const { answer, stderr } = await runScenario('sent-fds', 'onMacos')
  t.deepEqual(answer, { byDefault: true, switchedOff: false }, stderr)
})

const makers: Record<string, () => Promise<[UnixSocket, UnixSocket]>> = {
  connect: async () => {
    const listener = listen(path, { maxFds: 1 })
    const [ours, theirs] = await Promise.all([connect(path, kept), listener.accept()])
    await listener.close()
    return [ours, theirs]
  },
  listen: async () => {
    const listener = listen(path, kept)
    const [theirs, ours] = await Promise.all([connect(path, { maxFds: 1 }), listener.accept()])
    await listener.close()
    return [ours, theirs]
  },
  bind: async () => {
    const theirs = bind(path, { maxFds: 1 })
    return [bind(null, { ...kept, peer: path }), theirs]
  },
  adopt: async () => {
    const [left, right] = pair('stream', { maxFds: 1 })
    return [UnixSocket.adopt(left.detach(), kept), right as UnixSocket<SocketType>]
  },
}
for (const [name, make] of Object.entries(makers)) {
  test.serial(`an option of ${name}`, async (t) => {
    const [ours, theirs] = await make()
    const inode = await sendAndClose(ours)
    t.is(openOf(inode), 1)
    ours.releaseSentFds()
    t.is(openOf(inode), 0)
    dispose(ours, theirs)
  })
}

test.serial('a duplex keeps what the socket that it was made from would keep', async (t) => {
  const [left, right] = pair('stream', kept)
  const duplex = left.toDuplex()
  const { fds, inodes } = files(t, 1)
  duplex.writeWithFds(Buffer.from('x'), fds)
  t.is(await take(right), 1)
  t.deepEqual(keptOf(inodes), [0])
  await right.send('I have it')
  await new Promise((resolve) => duplex.once('data', resolve))
  t.deepEqual(keptOf(inodes), [])
  duplex.writeWithFds(Buffer.from('x'), fds)
  t.deepEqual(keptOf(inodes), [0])
  duplex.releaseSentFds()
  t.deepEqual(keptOf(inodes), [])
  await new Promise<void>((resolve) => duplex.once('close', resolve).destroy())
  dispose(right)
})

test.serial('objects are kept by what they have open, not by themselves', async (t) => {
  const [left, right] = pair('stream', kept)
  const owned = OwnedFd.adopt(openMarked(folder, 1)[0] as number)
  const inode = inodeOf(owned)
  await left.send('x', { fds: [owned] })
  owned.close()
  t.is(openOf(inode), 1)
  t.is(await take(right), 1)
  left.releaseSentFds()
  dispose(left, right)
})

test('it is true or false', (t) => {
  t.throws(() => pair('stream', { keepSentFds: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE', message: /keepSentFds/ })
})
