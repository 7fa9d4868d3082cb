// Who closes a descriptor, when, and in which order; what is forgotten is closed by the garbage collector, with a warning.
import { existsSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, listen, type OwnedFd, pair, UnixListener, UnixSocket } from '../index.js'
import { native } from '../lib/native.js'
import { runScenario } from './helpers/child.js'
import { closeSync, fstatSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { openCount, openMarked } from './helpers/marked.js'
import { nativeCalls, withNativeResult } from './helpers/native-calls.js'
import { turns } from './helpers/turns.js'

const folder = guard(test)
const warning = 'ResourceWarning ANCILLARY_UNCLOSED'

for (const [what, scenario, grown] of [
  ['sockets', 'sockets', 20],
  ['descriptors of a message', 'message', 2],
  ['messages that were read ahead', 'unread', 9],
  ['duplicates', 'duplicates', 20],
] as const) {
  test.serial(`forgotten ${what} are closed by the collector, with one warning for all`, async (t) => {
    const { answer } = await runScenario('forgetful', scenario)
    t.deepEqual(answer, { grown, left: 0, warnings: [warning] })
  })
}

test.serial('ten thousand forgotten descriptors are closed by one collection, with one warning', async (t) => {
  const env = { ANCILLARY_TEST_COUNT: '10000' }
  const { answer } = await runScenario('forgetful', 'duplicates', { env })
  t.deepEqual(answer, { grown: 10_000, left: 0, warnings: [warning] })
})

test.serial('a forgotten socket with a name is closed, and its file removed', async (t) => {
  const { answer } = await runScenario('forgetful', 'forgetBound')
  t.deepEqual(answer, { grown: 2, left: 0, warnings: [warning], exists: false })
})

test.serial(
  'a forgotten listener is closed, with what it accepted ahead, though a connection of it is open',
  async (t) => {
    const { answer } = await runScenario('forgetful', 'forgetListener')
    t.deepEqual(answer, { grown: 5, left: 1, warnings: [warning], signal: false, exists: false })
  },
)

test.serial('what was closed or given away is not warned about', async (t) => {
  const { answer } = await runScenario('forgetful', 'rememberAll')
  t.deepEqual(answer, { left: 0, warnings: [] })
})

test.serial('a socket that somebody waits for is not collected', async (t) => {
  const { answer } = await runScenario('forgetful', 'waitingKeepsOpen')
  t.deepEqual(answer, { data: 'still there', warnings: [] })
})

test.serial('a debug switch warns for each, with where it was made', async (t) => {
  const { answer } = await runScenario('forgetful', 'debugShowsStacks', { env: { ANCILLARY_DEBUG: '1' } })
  t.deepEqual(answer, { count: 20, stacks: true })
})

test.serial('closing removes the file first, then the place in the poller, then the number', async (t) => {
  const socket = bind(join(folder, 'd'))
  const waiting = t.throwsAsync(socket.recv(), { code: 'ERR_SOCKET_CLOSED' })
  await turns(1)
  const calls = await nativeCalls(() => socket.close())
  t.deepEqual(
    calls.filter((name) => name !== 'keepAlive'),
    ['unlinkFile', 'unwatch', 'close'],
  )
  await waiting
  t.false(existsSync(join(folder, 'd')))
})

test.serial('when close resolves the number is free', async (t) => {
  const [left, right] = pair()
  const { fd } = left
  await left.close()
  t.throws(() => fstatSync(fd), { code: 'EBADF' })
  t.is(left.fd, -1)
  t.true(left.closed)
  right[Symbol.dispose]()
})

test.serial('closing again does nothing, though the number is another’s by now', async (t) => {
  const [left, right] = pair()
  const { fd } = left
  await left.close()
  const [again, other] = pair()
  t.true([again.fd, other.fd].includes(fd))
  const calls = await nativeCalls(async () => {
    await left.close()
    left[Symbol.dispose]()
    await left[Symbol.asyncDispose]()
  })
  t.deepEqual(calls, [])
  await again.send('alive')
  t.is((await other.recv())?.data.toString(), 'alive')
  for (const socket of [right, again, other]) socket[Symbol.dispose]()
})

test.serial('after close no method of a socket makes a system call', async (t) => {
  const [left, right] = pair()
  await Promise.all([left.close(), right.close()])
  const throwing: (() => unknown)[] = [
    () => left.localAddress,
    () => left.peerAddress,
    () => left.passCredentials,
    () => (left.passCredentials = true),
    () => (left.maxFds = 1),
    () => left.sendBufferSize,
    () => (left.sendBufferSize = 1),
    () => left.receiveBufferSize,
    () => left.trySend('x'),
    () => left.trySendMany([{ data: 'x' }]),
    () => left.tryRecv(),
    () => left.batches(),
    () => left.takeUnread(),
    () => left.shutdown('both'),
    () => left.getOption(1, 3),
    () => left.setOption(1, 8, 1),
    () => left.detach(),
    () => UnixSocket.adopt(right.fd),
  ]
  const rejecting: (() => Promise<unknown>)[] = [
    () => left.send('x'),
    () => left.sendMany([{ data: 'x' }]),
    () => left.recv(),
    () => left.recvMany(),
    () => left.readable(),
    () => left.writable(),
    () => left.hangup(),
  ]
  const calls = await nativeCalls(async () => {
    const last = throwing.pop() as () => unknown
    t.throws(last, { code: 'ERR_OUT_OF_RANGE' })
    for (const method of throwing) t.throws(method, { code: 'ERR_SOCKET_CLOSED' }, String(method))
    for (const method of rejecting) await t.throwsAsync(method(), { code: 'ERR_SOCKET_CLOSED' }, String(method))
  })
  t.deepEqual(calls, [])
})

test.serial('after close no method of a listener makes a system call', async (t) => {
  const listener = listen(join(folder, 'l'))
  const { fd } = listener
  await listener.close()
  const calls = await nativeCalls(async () => {
    t.throws(() => listener.takeAccepted(), { code: 'ERR_SOCKET_CLOSED' })
    t.throws(() => listener.detach(), { code: 'ERR_SOCKET_CLOSED' })
    await t.throwsAsync(listener.accept(), { code: 'ERR_SOCKET_CLOSED' })
    t.deepEqual(await listener[Symbol.asyncIterator]().next(), { done: true, value: undefined })
    await listener.close()
  })
  t.deepEqual(calls, [])
  t.throws(() => UnixListener.adopt(fd), { code: 'EBADF' })
})

test.serial('disposing of a socket, at once or awaited, closes it', async (t) => {
  const [left, right] = pair()
  left[Symbol.dispose]()
  await right[Symbol.asyncDispose]()
  t.true(left.closed && right.closed)
})

test.serial('what cannot be adopted is still the caller’s, and what fails to open leaves nothing', async (t) => {
  const [left, right] = pair()
  const before = openCount()
  const bare = left.detach()
  t.throws(() => UnixListener.adopt(bare), { code: 'ERR_INVALID_ARG_VALUE' })
  t.false(bare.closed)
  t.throws(() => UnixSocket.adopt(bare, { maxFds: 999 }), { code: 'ERR_OUT_OF_RANGE' })
  const number = bare.detach()
  t.throws(() => UnixListener.adopt(number), { code: 'ERR_INVALID_ARG_VALUE' })
  t.true(fstatSync(number).isSocket())
  t.throws(() => listen(join(folder, 'none', 's')), { code: 'ENOENT' })
  t.throws(() => bind(join(folder, 'none', 's')), { code: 'ENOENT' })
  await t.throwsAsync(connect(join(folder, 'none')), { code: 'ENOENT' })
  t.is(openCount(), before)
  UnixSocket.adopt(number)[Symbol.dispose]()
  right[Symbol.dispose]()
})

test.serial('if adopting fails half-way, the descriptor is still open and still the caller’s', (t) => {
  const [left, right] = pair('seqpacket')
  const bare = left.detach()
  const fails = (fd: OwnedFd | number): void =>
    withNativeResult('setNumber', -constants.errno.ENOMEM, () => {
      t.throws(() => UnixSocket.adopt(fd), { code: 'ENOMEM', message: 'setsockopt ENOMEM' })
    })
  fails(bare)
  t.false(bare.closed)
  const number = bare.detach()
  fails(number)
  t.true(fstatSync(number).isSocket())
  UnixSocket.adopt(number)[Symbol.dispose]()
  right[Symbol.dispose]()
})

test.serial('the native side closes no number that it is not in charge of', (t) => {
  const [marked] = openMarked(folder, 1) as [number]
  t.is(native.close(marked), -constants.errno.EBADF)
  t.is(native.release(marked), -constants.errno.EBADF)
  t.true(fstatSync(marked).isFile())
  closeSync(marked)
})
