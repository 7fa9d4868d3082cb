// What `inspect` says of a socket is what was done to it, what `inspectAll` says agrees, and looking changes nothing.
import net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import {
  bind,
  connect,
  hasCode,
  inspect,
  inspectAll,
  listen,
  OwnedFd,
  openSocket,
  pair,
  type SocketType,
} from '../index.js'
import { fstatSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const path = (name: string): string => join(folder, name)

for (const type of ['stream', 'seqpacket', 'dgram'] as const satisfies readonly SocketType[]) {
  test.serial(`a ${type} pair: each end names the other, and what waits is counted`, async (t) => {
    const [left, right] = pair(type, { maxFds: 3 })
    await left.send('hello', { fds: [left, right] })
    const found = inspect(right)
    t.like(found, { fd: right.fd, type, state: 'connected', incomingBytes: 5, incomingFds: 2 })
    t.is(found.inode, fstatSync(right.fd).ino)
    t.is(found.peerInode, fstatSync(left.fd).ino)
    t.is(found.peer?.pid, process.pid)
    t.is(found.uid, process.getuid?.() ?? null)
    t.true((inspect(left).outgoingBytes ?? 0) >= 5)
    // Looking took nothing away.
    using message = await right.recv()
    t.is(message?.data.toString(), 'hello')
    t.is(message?.fds.length, 2)
    t.like(inspect(right), { incomingBytes: 0, incomingFds: 0 })
    t.is(inspect(left).outgoingBytes, 0)
    await Promise.all([left.close(), right.close()])
  })
}

test.serial('a listener: its name, who waits, how many may', async (t) => {
  const listener = listen(path('l'), { backlog: 7 })
  t.like(inspect(listener), { state: 'listening', localAddress: path('l'), pending: 0, backlog: 7, peer: null })
  const client = await connect(path('l'))
  t.like(inspect(listener), { pending: 1, incomingBytes: null, outgoingBytes: null })
  t.like(inspect(client), { state: 'connected', localAddress: null, peerAddress: path('l') })
  await Promise.all([client.close(), listener.close()])
})

test.serial('a datagram socket that nobody is connected to', async (t) => {
  const socket = bind('\0ancillary-inspected')
  t.like(inspect(socket), {
    type: 'dgram',
    state: 'unconnected',
    localAddress: '\0ancillary-inspected',
    peer: null,
    peerInode: null,
  })
  await socket.close()
})

test.serial('what was shut down is told', async (t) => {
  const [left, right] = pair()
  t.is(inspect(left).shutdown, null)
  left.shutdown('write')
  await right.recv()
  t.is(inspect(left).shutdown, 'write')
  t.is(inspect(right).shutdown, 'read')
  await Promise.all([left.close(), right.close()])
})

test.serial('options are those that were set', async (t) => {
  const [left, right] = pair('stream', { passCredentials: true, sendBufferSize: 65_536 })
  t.like(inspect(left).options, {
    passCredentials: true,
    sendBufferSize: 131_072,
    nonblocking: true,
    closeOnExec: true,
  })
  left.passCredentials = false
  t.is(inspect(left).options?.passCredentials, false)
  const refuses = inspect(left).options?.passDescriptors
  left.maxFds = 1
  // Linux 6.16: the socket says so itself.
  t.deepEqual([refuses, inspect(left).options?.passDescriptors], refuses === null ? [null, null] : [false, true])
  await Promise.all([left.close(), right.close()])
})

test.serial('a socket of node:net', async (t) => {
  const server = net.createServer((socket) => socket.end()).listen(path('n'))
  const socket = net.connect(path('n'))
  await new Promise((resolve) => socket.once('connect', resolve))
  t.like(inspect(server), { type: 'stream', state: 'listening', localAddress: path('n') })
  t.like(inspect(socket), { state: 'connected', peerAddress: path('n') })
  t.is(inspect(socket).peer?.pid, process.pid)
  await new Promise((resolve) => socket.resume().once('close', resolve))
  await new Promise((resolve) => server.close(resolve))
})

test.serial('all sockets of the system: ours are among them, and say the same', async (t) => {
  const listener = listen(path('a'), { type: 'seqpacket' })
  const client = await connect(path('a'), { type: 'seqpacket' })
  const server = await listener.accept()
  await client.send('six by')
  const all = new Map(inspectAll().map((socket) => [socket.inode, socket]))
  for (const socket of [listener, client, server]) {
    const { fd, peer, options, incomingFds, ...rest } = inspect(socket)
    t.deepEqual(all.get(rest.inode), { ...rest, fd: null, peer: null, options: null, incomingFds: null })
  }
  await Promise.all([client.close(), server.close(), listener.close()])
})

test.serial('what is no Unix socket is an error, and so is what is closed', async (t) => {
  using tcp = openSocket('inet', 'stream')
  using file = OwnedFd.adopt(tcp.dup().detach())
  for (const source of [tcp, file.fd]) {
    const error = t.throws(() => inspect(source))
    t.true(hasCode(error, 'ERR_FD_KIND') && error.kind === 'tcp')
  }
  const [left, right] = pair()
  await Promise.all([left.close(), right.close()])
  t.throws(() => inspect(left), { code: 'ERR_SOCKET_CLOSED' })
  t.throws(() => inspect('x' as never), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => inspect(1_000_000), { code: 'EBADF' })
})
