// UnixSocket and UnixListener from owner to owner: adopted, given up, and refused where they cannot be.
import { unlinkSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { bind, connect, listen, OwnedFd, openSocket, pair, UnixListener, UnixSocket } from '../index.js'
import { native } from '../lib/native.js'
import { fill } from './helpers/fill.js'
import { closeSync, openSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'

const dir = guard(test)
const path = join(dir, 'sock')
const types = ['stream', 'seqpacket', 'dgram'] as const

async function close(...objects: { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

async function textOf(socket: UnixSocket): Promise<string | undefined> {
  return (await socket.recv())?.data.toString()
}

for (const type of types) {
  test.serial(`a ${type} socket goes from owner to owner with its data unread`, async (t) => {
    const [left, right] = pair(type)
    await left.send('kept')
    const number = right.fd
    const owned = right.detach()
    t.deepEqual([right.closed, right.fd, owned.fd], [true, -1, number])
    const again = UnixSocket.adopt(owned)
    t.deepEqual([owned.closed, owned.fd, again.fd], [true, -1, number])
    t.is(again.type, type)
    t.is(await textOf(again), 'kept')
    await again.send('back')
    t.is(await textOf(left), 'back')
    await close(left, again)
  })
}

test.serial('is narrows the type of an adopted socket', async (t) => {
  const [left, right] = pair('seqpacket')
  const socket = UnixSocket.adopt(left.detach())
  t.true(socket.is('seqpacket'))
  t.false(socket.is('stream'))
  await close(socket, right)
})

test.serial('a number can be adopted once, and is free for others after close', async (t) => {
  const [left, right] = pair()
  const number = left.detach().detach()
  const socket = UnixSocket.adopt(number)
  t.is(socket.fd, number)
  t.throws(() => UnixSocket.adopt(number), { code: 'EEXIST' })
  t.throws(() => OwnedFd.adopt(number), { code: 'EEXIST' })
  await socket.close()
  t.throws(() => UnixSocket.adopt(number), { code: 'EBADF' })
  t.is(await right.recv(), null)
  await right.close()
})

/** Refused, and still the caller's: open, and good for something else. */
function staysOurs(t: ExecutionContext, owned: OwnedFd, adopt: (fd: OwnedFd) => unknown, code: string): void {
  const number = owned.fd
  t.throws(() => adopt(owned), { code })
  t.is(owned.fd, number)
  t.true(owned.flags >= 0)
  owned.close()
}

test.serial('what is no Unix socket, or listens, is refused by UnixSocket.adopt and stays the caller’s', (t) => {
  const adopt = (fd: OwnedFd): unknown => UnixSocket.adopt(fd)
  staysOurs(t, openSocket('inet', 'stream'), adopt, 'ERR_INVALID_ARG_VALUE')
  staysOurs(t, openSocket('netlink', 'raw'), adopt, 'ERR_INVALID_ARG_VALUE')
  staysOurs(t, listen('\0').detach(), adopt, 'ERR_INVALID_ARG_VALUE')
  const fd = openSync(path, 'w')
  unlinkSync(path)
  t.throws(() => UnixSocket.adopt(fd), { code: 'ENOTSOCK' })
  closeSync(fd)
})

test.serial('what does not listen is refused by UnixListener.adopt and stays the caller’s', (t) => {
  const adopt = (fd: OwnedFd): unknown => UnixListener.adopt(fd)
  staysOurs(t, openSocket('unix', 'stream'), adopt, 'ERR_INVALID_ARG_VALUE')
  staysOurs(t, openSocket('inet', 'stream'), adopt, 'ERR_INVALID_ARG_VALUE')
  staysOurs(t, bind().detach(), adopt, 'ERR_INVALID_ARG_VALUE')
})

test.serial('adopting with a wrong option, or a closed descriptor, takes nothing', (t) => {
  const [left, right] = pair()
  const owned = left.detach()
  t.throws(() => UnixSocket.adopt(owned, { maxFds: 254 }), { code: 'ERR_OUT_OF_RANGE' })
  t.false(owned.closed)
  owned.close()
  t.throws(() => UnixSocket.adopt(owned), { code: 'ERR_SOCKET_CLOSED' })
  t.throws(() => UnixSocket.adopt('3' as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => UnixSocket.adopt(-1), { code: 'ERR_OUT_OF_RANGE' })
  right.close()
})

test.serial('when an option cannot be set, adopting takes nothing', (t) => {
  const [left, right] = pair()
  const owned = left.detach()
  const number = owned.detach()
  const { setNumber } = native
  const refuse = { setNumber: () => -constants.errno.EPERM }
  Object.assign(native, refuse)
  try {
    t.throws(() => UnixSocket.adopt(number, { passCredentials: true }), { message: 'setsockopt EPERM' })
  } finally {
    Object.assign(native, { setNumber })
  }
  const again = OwnedFd.adopt(number)
  t.true(again.flags >= 0)
  again.close()
  right.close()
})

test.serial('a socket that holds messages read ahead cannot be given up before they are taken', async (t) => {
  const [left, right] = pair('seqpacket')
  for (const word of ['one', 'two', 'three']) await left.send(word)
  for await (const message of right) {
    t.is(String(message.data), 'one')
    break
  }
  t.throws(() => right.detach(), { code: 'ERR_MESSAGES_HELD', message: /takeUnread/ })
  t.false(right.closed)
  t.deepEqual(
    right.takeUnread().map(({ data }) => String(data)),
    ['two', 'three'],
  )
  right.detach().close()
  await left.close()
})

test.serial('a socket with queued sends cannot be given up before they have gone', async (t) => {
  const [left, right] = pair()
  fill(left)
  const queued = left.send('last')
  t.throws(() => left.detach(), { code: 'ERR_MESSAGES_HELD', message: /queued/ })
  await right.close()
  await t.throwsAsync(queued)
  left.detach().close()
})

test.serial('a listener that holds connections cannot be given up before they are taken', async (t) => {
  const listener = listen(path)
  const clients = [await connect(path), await connect(path)]
  const { value } = await listener[Symbol.asyncIterator]().next()
  t.throws(() => listener.detach(), { code: 'ERR_MESSAGES_HELD', message: /takeAccepted/ })
  const held = listener.takeAccepted()
  listener.detach().close()
  unlinkSync(path)
  await close(value, ...clients, ...held)
})
