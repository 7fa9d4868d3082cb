// What a conversion makes is used as any other object of Node: by an http server, by a child, with options, and when it fails.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readlinkSync, unlinkSync } from 'node:fs'
import { createServer as createHttpServer, type Server } from 'node:http'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { connect, listen, memfd, type OwnedFd, openSocket, pair, type UnixListener, type UnixSocket } from '../index.js'
import { descriptorCount, leakedSince } from './helpers/descriptor-count.js'
import { closeSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { destroyed } from './helpers/net-pairs.js'
import { Rare } from './helpers/rare.js'
import { closeSample, openWhereThereIs } from './helpers/samples.js'
import { fileSamples, rareSamples } from './helpers/samples-files.js'
import { socketSamples } from './helpers/samples-sockets.js'

const folder = guard(test)
const REQUEST = 'GET /path HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'
let rare: Rare

test.serial.before('start the child that opens what Node cannot', () => {
  rare = new Rare(folder)
})

function answering(): Server {
  return createHttpServer((request, response) => response.end(`you asked for ${request.url}`))
}

async function allOf(socket: UnixSocket): Promise<string> {
  let text = ''
  for await (const { data } of socket) text += data
  return text
}

test.serial('an http server serves a connection that came as a descriptor', async (t) => {
  const server = answering()
  const [near, far] = pair()
  server.emit('connection', near.detach().toNetSocket())
  await far.send(REQUEST)
  t.regex(await allOf(far), /^HTTP\/1\.1 200 OK\r\n.*you asked for \/path/s)
  await far.close()
})

test.serial('an http server sees the bytes first that were read before', async (t) => {
  const server = answering()
  const [near, far] = pair()
  await far.send(REQUEST.slice(10))
  server.emit('connection', near.detach().toNetSocket({ unread: Buffer.from(REQUEST.slice(0, 10)) }))
  t.regex(await allOf(far), /you asked for \/path/)
  await far.close()
})

test.serial('an http server listens on a descriptor', async (t) => {
  const path = join(folder, 'http')
  const listener = listen(path)
  const server = listener.toNetServer(answering())
  t.true(listener.closed)
  const client = await connect(path)
  await client.send(REQUEST)
  t.regex(await allOf(client), /you asked for/)
  await client.close()
  await new Promise((resolve) => server.close(resolve))
  unlinkSync(path)
})

test.serial('a server that listens already is refused, and the descriptor is still ours', async (t) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const fd = listen('\0').detach()
  t.throws(() => fd.toNetServer(server), { code: 'ERR_SERVER_ALREADY_LISTEN' })
  t.throws(() => fd.toNetServer({} as never), { code: 'ERR_INVALID_ARG_TYPE' })
  t.is(fd.state, 'listening')
  fd.close()
  await new Promise((resolve) => server.close(resolve))
})

test.serial('allowHalfOpen says whether the end of the other side ends both', async (t) => {
  for (const allowHalfOpen of [true, false]) {
    const [near, far] = pair()
    const socket = near.detach().toNetSocket({ allowHalfOpen })
    socket.resume()
    const ended = once(socket, allowHalfOpen ? 'end' : 'close')
    far.shutdown('write')
    await ended
    if (allowHalfOpen) socket.end('answer')
    t.is((await far.recv())?.data.toString(), allowHalfOpen ? 'answer' : undefined)
    await destroyed(socket)
    await far.close()
  }
})

test.serial('wrong options are refused, and the descriptor is still ours', (t) => {
  const [near, far] = pair()
  const fd: OwnedFd = near.detach()
  for (const options of [1, { unread: 1 }, { unread: {} }]) {
    t.throws(() => fd.toNetSocket(options as never), { code: 'ERR_INVALID_ARG_TYPE' })
  }
  t.false(fd.closed)
  fd.close()
  t.throws(() => fd.toNetSocket(), { code: 'ERR_SOCKET_CLOSED' })
  far[Symbol.dispose]()
})

test.serial('a UnixSocket becomes a net.Socket, and one of another type does not', async (t) => {
  const [near, far] = pair()
  await far.send('one')
  for await (const _ of near) break
  near.takeUnread()
  const socket = near.toNetSocket()
  t.true(near.closed)
  await far.send('three')
  t.is(String((await once(socket, 'data'))[0]), 'three')
  await destroyed(socket)
  await far.close()
  for (const other of [...pair('seqpacket'), ...pair('dgram')]) {
    t.throws(() => (other as unknown as UnixSocket<'stream'>).toNetSocket(), { code: 'ERR_FD_KIND' })
    t.false(other.closed)
    await other.close()
  }
  const packets = listen('\0', { type: 'seqpacket' })
  t.throws(() => (packets as never as UnixListener<'stream'>).toNetServer(), { code: 'ERR_FD_KIND' })
  await packets.close()
})

test.serial('a child writes to a descriptor that is its standard output', async (t) => {
  const file = memfd('it')
  const [near, far] = pair()
  const socket = near.detach()
  for (const fd of [file, socket]) {
    const child = spawn('echo', ['from the child'], { stdio: ['ignore', fd.fd, 'ignore'] })
    t.deepEqual(await once(child, 'close'), [0, null])
  }
  const copy = file.toFileHandle()
  const { buffer, bytesRead } = await copy.read({ buffer: Buffer.alloc(100), position: 0 })
  t.is(buffer.toString('utf8', 0, bytesRead), 'from the child\n')
  t.is(String((await far.recv())?.data), 'from the child\n')
  await copy.close()
  socket.close()
  await far.close()
})

const samples = { ...fileSamples(folder), ...rareSamples(() => rare), ...socketSamples() }

test.serial('every kind of descriptor can be given to a child, and stays ours', async (t) => {
  const before = descriptorCount()
  for (const [name, open] of Object.entries(samples)) {
    const sample = await openWhereThereIs(open)
    if (sample === null) continue
    const child = spawn('readlink', ['/proc/self/fd/3'], { stdio: ['ignore', 'pipe', 'ignore', sample.fd.fd] })
    const [output] = (await Promise.all([once(child.stdout as Socket, 'data'), once(child, 'close')]))[0]
    t.is(String(output).trimEnd(), readlinkSync(`/proc/self/fd/${sample.fd.fd}`), name)
    closeSample(sample)
    t.is(await leakedSince(before), 0, name)
  }
})

test.serial('what a conversion has taken is not closed by its first owner', async (t) => {
  const fd = openSocket('inet', 'dgram')
  const number = fd.fd
  const socket = fd.toDgramSocket()
  fd.close()
  t.notThrows(() => socket.address())
  await new Promise<void>((resolve) => socket.close(() => resolve()))
  t.throws(() => closeSync(number), { code: 'EBADF' })
})

test.serial('the child that opens what Node cannot ends when nobody asks any more', async (t) => {
  t.deepEqual(await rare.end(), [0, null])
})
