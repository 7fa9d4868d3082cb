// The options of a socket: checked, set, read back, and put back for the next owner of the description.
import test from 'ava'
import { bind, listen, type OwnedFd, openSocket, pair, type SocketOptions, UnixListener, UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'

guard(test)

const solSocket = 1
const numbers = { sendBuffer: 7, receiveBuffer: 8, passCredentials: 16, timestamp: 29, passRights: 83 }
const nonblocking = 0o4000
const fionbio = 0x5421

type Source = Pick<OwnedFd, 'getOption'>

/** `null`: this kernel does not have it. */
function optionOf(source: Source, name: number): number | null {
  try {
    return source.getOption(solSocket, name).readInt32LE()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOPROTOOPT') return null
    throw error
  }
}

function snapshot(source: Source): Record<string, number | null> {
  return Object.fromEntries(Object.entries(numbers).map(([name, number]) => [name, optionOf(source, number)]))
}

/** A listening descriptor of somebody who waits in accept(2). */
function blockingListener(): OwnedFd {
  const listening = listen('\0', { maxFds: 1 }).detach()
  listening.ioctl(fionbio, Buffer.alloc(4))
  return listening
}

const everything: SocketOptions = {
  maxFds: 3,
  passCredentials: true,
  sendBufferSize: 30_000,
  receiveBufferSize: 20_000,
}

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`detach puts every option of an adopted ${type} socket back as it was`, (t) => {
    const owned = openSocket('unix', type)
    owned.setOption(solSocket, numbers.sendBuffer, 50_000)
    const before = snapshot(owned)
    const shared = owned.dup()
    const socket = UnixSocket.adopt(owned, everything)
    t.notDeepEqual(snapshot(shared), before)
    t.is(socket.sendBufferSize, 60_000)
    t.is(socket.receiveBufferSize, 40_000)
    t.true(socket.passCredentials)
    const given = socket.detach()
    t.deepEqual(snapshot(given), before)
    t.deepEqual(snapshot(shared), before)
    given.close()
    shared.close()
  })

  test.serial(`what is set later on a ${type} socket is put back too`, (t) => {
    const owned = openSocket('unix', type)
    const before = snapshot(owned)
    const socket = UnixSocket.adopt(owned)
    for (const turn of [1, 2]) {
      socket.maxFds = turn - 1
      socket.passCredentials = turn === 1
      socket.sendBufferSize = 10_000 * turn
      socket.receiveBufferSize = 10_000 * turn
    }
    const given = socket.detach()
    t.deepEqual(snapshot(given), before)
    given.close()
  })
}

test.serial('adopting changes no option that was not named, but the timestamp on seqpacket', (t) => {
  for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
    const owned = openSocket('unix', type)
    const before = snapshot(owned)
    const { flags } = owned
    const socket = UnixSocket.adopt(owned)
    t.deepEqual(snapshot(socket), type === 'seqpacket' ? { ...before, timestamp: 1 } : before, type)
    const given = socket.detach()
    t.is(given.flags, flags)
    given.close()
  }
})

test.serial('a socket of ours tells the kernel that it takes no descriptors until maxFds says so', (t) => {
  const [left, right] = pair()
  const known = optionOf(left, numbers.passRights) !== null
  t.is(optionOf(left, numbers.passRights), known ? 0 : null)
  t.is(left.maxFds, 0)
  left.maxFds = 1
  t.is(optionOf(left, numbers.passRights), known ? 1 : null)
  t.is(left.maxFds, 1)
  t.throws(() => Object.assign(left, { maxFds: 254 }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => Object.assign(left, { maxFds: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  t.is(left.maxFds, 1)
  const given = left.detach()
  t.is(optionOf(given, numbers.passRights), known ? 1 : null)
  given.close()
  right.close()
})

test.serial('passCredentials is the option of the kernel, whoever sets it', (t) => {
  const [left, right] = pair()
  t.false(left.passCredentials)
  left.setOption(solSocket, numbers.passCredentials, 1)
  t.true(left.passCredentials)
  left.passCredentials = false
  t.is(optionOf(left, numbers.passCredentials), 0)
  t.throws(() => Object.assign(left, { passCredentials: 1 }), { code: 'ERR_INVALID_ARG_VALUE' })
  left.close()
  right.close()
})

test.serial('buffer sizes given at birth are those of the kernel, doubled', (t) => {
  for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
    const [left, right] = pair(type, { sendBufferSize: 12_345, receiveBufferSize: 23_456 })
    for (const socket of [left, right]) {
      t.is(socket.sendBufferSize, 24_690)
      t.is(socket.receiveBufferSize, 46_912)
      socket.close()
    }
  }
})

test.serial('detach puts the options of a listener back, O_NONBLOCK included', async (t) => {
  const owned = blockingListener()
  const before = snapshot(owned)
  t.is(owned.flags & nonblocking, 0)
  const shared = owned.dup()
  const listener = UnixListener.adopt(owned, { maxFds: 0, passCredentials: true })
  t.is(shared.flags & nonblocking, nonblocking)
  t.notDeepEqual(snapshot(shared), before)
  await t.throwsAsync(listener.accept({ timeout: 0 }), { code: 'ETIMEDOUT' })
  const given = listener.detach()
  t.deepEqual(snapshot(shared), before)
  t.is(given.flags & nonblocking, 0)
  given.close()
  shared.close()
})

test.serial('adopting a listener without options changes none', (t) => {
  const owned = listen('\0').detach()
  const before = snapshot(owned)
  const listener = UnixListener.adopt(owned)
  const copy = listener.detach()
  t.deepEqual(snapshot(copy), before)
  copy.close()
})

test.serial('getOption and setOption pass bytes and C ints as they are', (t) => {
  const [left, right] = pair()
  left.setOption(solSocket, numbers.passCredentials, Buffer.from(Int32Array.of(1).buffer))
  t.deepEqual(left.getOption(solSocket, numbers.passCredentials), Buffer.from(Int32Array.of(1).buffer))
  t.is(left.getOption(solSocket, numbers.passCredentials, 1).length, 1)
  t.is(left.getOption(solSocket, 17, 12).readInt32LE(), process.pid)
  for (const value of ['1', null, 2 ** 31, 1.5]) {
    t.throws(() => left.setOption(solSocket, numbers.passCredentials, value as number), { instanceOf: Error })
  }
  t.throws(() => left.getOption(solSocket, numbers.passCredentials, 0), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => left.getOption(-1, 1), { code: 'ERR_OUT_OF_RANGE' })
  left.close()
  right.close()
})

test.serial('a wrong option is refused before anything is opened', (t) => {
  const outOfRange: SocketOptions[] = [
    { maxFds: -1 },
    { maxFds: 254 },
    { maxFds: 0.5 },
    { sendBufferSize: 0 },
    { receiveBufferSize: 2 ** 31 },
  ]
  const wrongType = [{ maxFds: '1' }, { passCredentials: 1 }, { autobind: 'yes' }, { sendBufferSize: '1' }, null, 7]
  for (const options of outOfRange) {
    t.throws(() => pair('stream', options), { code: 'ERR_OUT_OF_RANGE' })
    t.throws(() => bind(null, options), { code: 'ERR_OUT_OF_RANGE' })
  }
  for (const options of wrongType as SocketOptions[]) {
    t.throws(() => pair('stream', options), { code: 'ERR_INVALID_ARG_TYPE' })
    t.throws(() => bind(null, options), { code: 'ERR_INVALID_ARG_TYPE' })
    t.throws(() => listen('\0', options as object), { code: 'ERR_INVALID_ARG_TYPE' })
  }
})
