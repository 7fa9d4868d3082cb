// Promise 10: every failure has Node's shape, and says what it was about.
import { chmodSync, mkdirSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { constants } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { bind, connect, hasCode, listen, OwnedFd, openSocket, pair, type SocketError } from '../index.js'
import { guard } from './helpers/leaks.js'
import { type Kit, run, unprivileged } from './helpers/script.js'

const dir = guard(test)

type Shape = { syscall: string; code: keyof typeof constants.errno; path?: string }

/** As Node's: negative errno, the name of the call, and a message that joins them with the path. */
function hasShape(t: ExecutionContext, error: unknown, { syscall, code, path }: Shape): void {
  const { message, errno, ...rest } = error as SocketError
  t.true(error instanceof Error)
  t.is(errno, -constants.errno[code])
  t.is(message, path === undefined ? `${syscall} ${code}` : `${syscall} ${code} ${path}`)
  t.like(rest, { syscall, code, ...(path === undefined ? {} : { path }) })
}

function throwsShape(t: ExecutionContext, action: () => unknown, shape: Shape): void {
  hasShape(t, t.throws(action), shape)
}

test.serial('a failed connect names the call, the code and the path, as net does', async (t) => {
  const path = join(dir, 'nobody')
  const error = await t.throwsAsync<SocketError>(connect(path))
  hasShape(t, error, { syscall: 'connect', code: 'ENOENT', path })
  t.is(error.address, path)
})

test.serial('a path in bytes is text in the message and untouched in error.address', async (t) => {
  const address = { path: Buffer.from(join(dir, 'bytes')) }
  const error = await t.throwsAsync<SocketError>(connect(address))
  hasShape(t, error, { syscall: 'connect', code: 'ENOENT', path: address.path.toString() })
  t.is(error.address, address)
})

test.serial('an abstract name that nobody has is ECONNREFUSED with that name', async (t) => {
  const name = `\0${dir}/nobody`
  const error = await t.throwsAsync<SocketError>(connect({ abstract: `${dir}/nobody` }))
  hasShape(t, error, { syscall: 'connect', code: 'ECONNREFUSED', path: name })
  hasShape(t, await t.throwsAsync(connect(name)), { syscall: 'connect', code: 'ECONNREFUSED', path: name })
})

test.serial('a failed bind names the path, for listeners and datagram sockets alike', (t) => {
  const path = join(dir, 'taken')
  writeFileSync(path, '')
  throwsShape(t, () => listen(path), { syscall: 'bind', code: 'EADDRINUSE', path })
  throwsShape(t, () => bind(path), { syscall: 'bind', code: 'EADDRINUSE', path })
  unlinkSync(path)
})

test.serial('a missing directory is ENOENT, and a file in its place is ENOTDIR', (t) => {
  const path = join(dir, 'no', 'sock')
  throwsShape(t, () => listen(path), { syscall: 'bind', code: 'ENOENT', path })
  writeFileSync(join(dir, 'no'), '')
  throwsShape(t, () => listen(path), { syscall: 'bind', code: 'ENOTDIR', path })
  unlinkSync(join(dir, 'no'))
})

test.serial('a directory where the process may not write is EACCES', async (t) => {
  const folder = join(dir, 'closed')
  mkdirSync(folder)
  chmodSync(dir, 0o755)
  chmodSync(folder, 0o555)
  const path = join(folder, 'sock')
  const error = await run(bindError, [path], unprivileged)
  t.deepEqual(error, {
    message: `bind EACCES ${path}`,
    code: 'EACCES',
    errno: -constants.errno.EACCES,
    syscall: 'bind',
    path,
  })
  rmdirSync(folder)
})

function bindError({ ancillary }: Kit, path: string): Partial<SocketError> {
  try {
    ancillary.listen(path)
    return {}
  } catch (error) {
    const { message, code, errno, syscall, path } = error as SocketError
    return { message, code, errno, syscall, path } as Partial<SocketError>
  }
}

test.serial('a server of another type is EPROTOTYPE', async (t) => {
  const path = join(dir, 'type')
  const listener = listen(path)
  const error = await t.throwsAsync(connect(path, { type: 'seqpacket' }))
  hasShape(t, error, { syscall: 'connect', code: 'EPROTOTYPE', path })
  await listener.close()
})

test.serial('a datagram that nobody can receive names its destination', async (t) => {
  const socket = bind()
  const path = join(dir, 'receiver')
  const error = await t.throwsAsync<SocketError>(socket.send('x', { to: path }))
  hasShape(t, error, { syscall: 'sendmsg', code: 'ENOENT', path })
  t.is(error.address, path)
  hasShape(t, await t.throwsAsync(socket.send('x')), { syscall: 'sendmsg', code: 'ENOTCONN' })
  await socket.close()
})

test.serial('a peer that went away is EPIPE from sendmsg, without a signal', async (t) => {
  const [left, right] = pair()
  await right.close()
  hasShape(t, await t.throwsAsync(left.send('x')), { syscall: 'sendmsg', code: 'EPIPE' })
  await left.close()
})

test.serial('a deadline is ETIMEDOUT of the call that waited', async (t) => {
  const [left, right] = pair()
  hasShape(t, await t.throwsAsync(left.recv({ timeout: 0 })), { syscall: 'recvmsg', code: 'ETIMEDOUT' })
  const listener = listen(join(dir, 'deadline'))
  hasShape(t, await t.throwsAsync(listener.accept({ timeout: 0 })), { syscall: 'accept', code: 'ETIMEDOUT' })
  await Promise.all([left.close(), right.close(), listener.close()])
})

test.serial('an abort is an AbortError with the reason as its cause', async (t) => {
  const [left, right] = pair()
  const controller = new AbortController()
  const pending = left.recv({ signal: controller.signal })
  const reason = new Error('enough')
  controller.abort(reason)
  const error = await t.throwsAsync(pending, { name: 'AbortError', code: 'ABORT_ERR' })
  t.is(error.cause, reason)
  const late = await t.throwsAsync(left.recv({ signal: controller.signal }), { code: 'ABORT_ERR' })
  t.is(late.cause, reason)
  await Promise.all([left.close(), right.close()])
})

test.serial('a wrong option of a descriptor is getsockopt or setsockopt with its code', (t) => {
  const [left, right] = pair()
  throwsShape(t, () => left.getOption(1, 9999), { syscall: 'getsockopt', code: 'ENOPROTOOPT' })
  throwsShape(t, () => left.setOption(1, 9999, 1), { syscall: 'setsockopt', code: 'ENOPROTOOPT' })
  left.close()
  right.close()
})

test.serial('openSocket says socket, and adopt says what is wrong with the number', (t) => {
  throwsShape(t, () => openSocket('inet', 'stream', 'udp'), { syscall: 'socket', code: 'EPROTONOSUPPORT' })
  throwsShape(t, () => OwnedFd.adopt(0x7ffffff), { syscall: 'fcntl', code: 'EBADF' })
})

test.serial('hasCode tells errors by their code, of the system, of Node and of this package', async (t) => {
  const error = await t.throwsAsync(connect(join(dir, 'nobody')))
  t.true(hasCode(error, 'ENOENT'))
  t.false(hasCode(error, 'ECONNREFUSED'))
  const socket = bind()
  await socket.close()
  const closed = t.throws(() => socket.trySend('x'))
  t.true(hasCode(closed, 'ERR_SOCKET_CLOSED'))
  for (const other of [undefined, null, 'ENOENT', { code: 'ENOENT' }]) t.false(hasCode(other, 'ENOENT'))
})

test.serial('the shape is that of net for the same failure', async (t) => {
  const path = join(dir, 'same')
  const listener = listen(path)
  const ours = t.throws<SocketError>(() => listen(path))
  const server = createServer()
  const theirs = await new Promise<NodeJS.ErrnoException>((resolve) => {
    server.once('error', resolve).listen(path)
  })
  t.is(ours.code, theirs.code)
  t.is(ours.errno, theirs.errno)
  t.deepEqual(
    Object.keys(ours)
      .filter((key) => key !== 'address' && key !== 'path')
      .sort(),
    ['code', 'errno', 'syscall'],
  )
  await listener.close()
})
