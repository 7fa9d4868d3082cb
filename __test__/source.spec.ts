// Whatever has a descriptor can be lent: numbers, and the objects of Node and of this package; the lender keeps it.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createReadStream, createWriteStream, unlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer, connect as netConnect } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { connect, type FdSource, listen, type Message, OwnedFd, pair } from '../index.js'
import { fstatSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const path = (name: string): string => join(folder, name)

/** The inode behind what arrives when `source` is sent. */
async function sent(source: FdSource): Promise<number> {
  const [left, right] = pair('stream', { maxFds: 1 })
  await left.send('x', { fds: [source] })
  const message = (await right.recv()) as Message
  const [fd] = message.takeFds(1)
  const { ino } = fstatSync(fd.fd)
  for (const one of [fd, left, right]) one.close()
  return ino
}

const inode = (fd: number): number => fstatSync(fd).ino

test.serial('a number, an OwnedFd, a UnixSocket and a listener are lent', async (t) => {
  const owned = OwnedFd.dup(0)
  const [left, right] = pair('dgram')
  const listener = listen(path('l'))
  t.is(await sent(0), inode(0))
  for (const source of [owned, left, listener]) {
    t.is(await sent(source), inode(source.fd))
    t.false(source.closed)
  }
  for (const one of [owned, left, right, listener]) one.close()
})

test.serial('a FileHandle and the streams of fs are lent', async (t) => {
  const handle = await open(path('f'), 'w+')
  t.is(await sent(handle), inode(handle.fd))
  const { ino } = await handle.stat()
  const reader = createReadStream(path('f'))
  const writer = createWriteStream(path('f'))
  await Promise.all([once(reader, 'open'), once(writer, 'open')])
  t.deepEqual([await sent(reader as never), await sent(writer as never)], [ino, ino])
  for (const stream of [reader, writer]) await new Promise((resolve) => stream.close(resolve))
  await handle.close()
  unlinkSync(path('f'))
})

test.serial('sockets and servers of net are lent, and go on working', async (t) => {
  const server = createServer((peer) => peer.pipe(peer)).listen(path('n'))
  await once(server, 'listening')
  const socket = netConnect(path('n'))
  await once(socket, 'connect')
  t.not(await sent(server), 0)
  t.is(await sent(socket), inode((socket as unknown as { _handle: { fd: number } })._handle.fd))
  socket.write('echo')
  t.is(String((await once(socket, 'data'))[0]), 'echo')
  socket.destroy()
  await once(socket, 'close')
  await new Promise((resolve) => server.close(resolve))
})

test.serial('a net.Server that was lent accepts for whoever holds it', async (t) => {
  const server = createServer().listen(path('n'))
  await once(server, 'listening')
  const copy = OwnedFd.dup(server)
  const client = await connect(path('n'))
  const [peer] = await once(server, 'connection')
  t.is(copy.kind, 'unix-stream')
  peer.destroy()
  await once(peer, 'close')
  for (const one of [client, copy]) one.close()
  await new Promise((resolve) => server.close(resolve))
})

test.serial('a dgram.Socket is lent', async (t) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const copy = OwnedFd.dup(socket)
  t.is(copy.kind, 'udp')
  copy.close()
  await new Promise<void>((resolve) => socket.close(() => resolve()))
})

test.serial('the standard streams of a child are lent', async (t) => {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] })
  const copy = OwnedFd.dup(child.stdin as unknown as FdSource)
  t.is(copy.kind, 'unix-stream')
  await copy.write('through the copy')
  t.is(String((await once(child.stdout, 'data'))[0]), 'through the copy')
  copy.close()
  child.stdin.end()
  await once(child, 'close')
})

test.serial('what is not open, or not open any more, is told as closed', async (t) => {
  const [left, right] = pair()
  const handle = await open(path('f'), 'w')
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  await handle.close()
  await left.close()
  const never = netConnect({ path: path('none') }).on('error', () => {})
  await new Promise((resolve) => never.once('close', resolve))
  const unopened = createReadStream(path('f'))
  for (const source of [left, handle, unopened, socket, never]) {
    t.throws(() => OwnedFd.dup(source as FdSource), { code: 'ERR_SOCKET_CLOSED' })
  }
  await once(unopened, 'open')
  await new Promise<unknown>((resolve) => unopened.close(resolve))
  await right.close()
  unlinkSync(path('f'))
})

test.serial('what has no descriptor is an error of the argument', (t) => {
  const wrong: unknown[] = [undefined, null, '0', true, {}, [], () => {}, Symbol('fd'), 1n, { fd: 'no' }, new Map()]
  for (const source of wrong) {
    const error = t.throws<NodeJS.ErrnoException>(() => OwnedFd.dup(source as FdSource))
    const expected = typeof source === 'object' && source !== null && 'fd' in source
    t.is(error?.code, expected ? 'ERR_SOCKET_CLOSED' : 'ERR_INVALID_ARG_TYPE')
  }
  for (const number of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31, -0.5]) {
    t.throws(() => OwnedFd.dup(number), { code: 'ERR_OUT_OF_RANGE' })
  }
  t.throws(() => OwnedFd.dup(0x7ffffff0), { code: 'EBADF', message: 'dup EBADF' })
})
