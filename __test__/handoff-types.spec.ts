// Each type of handle goes to another process: it is live there and gone here, and who is connected does not notice.
import { spawn } from 'node:child_process'
import * as dgram from 'node:dgram'
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as http from 'node:http'
import * as net from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import test, { type ExecutionContext } from 'ava'
import { sendHandle } from '../entries/handoff.js'
import type { FdSource, UnixSocket } from '../index.js'
import { connect, listen, OwnedFd, pair } from '../index.js'
import { leave } from '../lib/detaching.js'
import { told } from './helpers/handle-uses.js'
import { receiver, terminal, USES, withScript } from './helpers/handoff.js'
import { guard } from './helpers/leaks.js'
import { received } from './helpers/received.js'
import type { Script } from './helpers/script.js'

const folder = guard(test)
const path = join(folder, 'handle')
let script: Script
let talk: UnixSocket<'stream'>

test.serial.before('start the receiver', async () => {
  const both = await withScript(folder, receiver, [USES])
  script = both.script
  talk = both.socket
})

/** Sends it, with a word; then `use` is what the other end of the handle does, and `answer` what the receiver tells of that. */
async function goes(t: ExecutionContext, handle: FdSource, type: string, use: () => unknown, answer: string) {
  await sendHandle(talk, handle, { data: { for: type } })
  t.like(await script.next(), { type, data: { for: type } })
  await use()
  t.is(await script.next<string>(), answer)
}

/** A file is read on a thread: until that has come back the stream refuses to go, untouched. */
async function calm(t: ExecutionContext, stream: fs.ReadStream): Promise<void> {
  for (;;) {
    try {
      leave(stream as unknown as FdSource).stay()
      return
    } catch (error) {
      t.is((error as NodeJS.ErrnoException).code, 'ERR_MESSAGES_HELD')
      await setImmediate()
    }
  }
}

/** What a stream brings until its end. */
async function textOf(stream: NodeJS.ReadableStream): Promise<string> {
  let text = ''
  for await (const part of stream) text += String(part)
  return text
}

/** A connection by way of a server that is closed again. */
async function connection(server: net.Server, dial: () => net.Socket): Promise<{ near: net.Socket; far: net.Socket }> {
  const accepted = once(server, 'connection')
  const far = dial()
  const [near] = (await accepted) as [net.Socket]
  server.close()
  return { near, far }
}

const connections: Record<string, () => Promise<{ near: net.Socket; far: net.Socket }>> = {
  TCP: async () => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as net.AddressInfo
    return connection(server, () => net.connect(port, '127.0.0.1'))
  },
  Unix: async () => {
    const server = net.createServer().listen(path)
    await once(server, 'listening')
    return connection(server, () => net.connect(path))
  },
}

for (const [what, open] of Object.entries(connections)) {
  test.serial(
    `a net.Socket (${what}) goes with the bytes that Node had read, and then those of the kernel`,
    async (t) => {
      const { near, far } = await open()
      far.write('read by Node, ')
      await once(near, 'readable')
      t.is(near.readableLength, 14)
      await goes(t, near, 'net.Socket', () => far.write('and over'), 'read by Node, and over')
      t.true(near.destroyed)
      t.is(await textOf(far), 'pong\n')
    },
  )

  test.serial(`a net.Socket (${what}) goes with a megabyte unread, of which the kernel has the most`, async (t) => {
    const { near, far } = await open()
    const much = Buffer.alloc(1 << 20, 'all the numbers from 0 to 9: 0123456789, ')
    far.write(much)
    await once(near, 'readable')
    t.true(near.readableLength < much.length / 2)
    const wanted = told(Buffer.concat([much, Buffer.from('over')]))
    await goes(t, near, 'net.Socket', () => far.write('over'), wanted)
    t.is(await textOf(far), 'pong\n')
  })
}

test.serial('a net.Socket that flows goes without losing what comes meanwhile', async (t) => {
  const { near, far } = await (connections.Unix as () => Promise<{ near: net.Socket; far: net.Socket }>)()
  let here = ''
  near.on('data', (part) => {
    here += String(part)
  })
  far.write('1 ')
  await once(near, 'data')
  for (let count = 2; count < 10; count++) far.write(`${count} `)
  await sendHandle(talk, near)
  await script.next()
  far.write('over')
  t.is(here + (await script.next<string>()), '1 2 3 4 5 6 7 8 9 over')
  t.is(await textOf(far), 'pong\n')
})

test.serial('a net.Server on TCP goes: its port answers from there, and a client that waited is served', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const dial = async () => t.is(await textOf(net.connect(port, '127.0.0.1')), 'pong')
  await goes(t, server, 'net.Server', dial, 'served')
  t.false(server.listening)
})

test.serial('a server that listen(path).toNetServer() made goes, and its path stays', async (t) => {
  const server = listen(path).toNetServer()
  await goes(t, server, 'net.Server', async () => t.is(await textOf(net.connect(path)), 'pong'), 'served')
  t.false(server.listening)
  fs.rmSync(path)
})

test.serial(
  'an http.Server goes as its listening socket, and its open connections are served here to their end',
  async (t) => {
    const server = http.createServer((_request, response) => response.end('from here'))
    listen(path).toNetServer(server)
    const client = net.connect(path)
    await once(server, 'connection')
    await goes(t, server, 'net.Server', async () => t.is(await textOf(net.connect(path)), 'pong'), 'served')
    client.write('GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n')
    t.regex(await textOf(client), /from here/)
    fs.rmSync(path)
  },
)

test.serial('a dgram.Socket goes with its port', async (t) => {
  const socket = dgram.createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  const other = dgram.createSocket('udp4')
  const answer = once(other, 'message')
  await goes(t, socket, 'dgram.Socket', () => other.send('ping', port, '127.0.0.1'), 'ping')
  t.is(String((await answer)[0]), 'pong')
  other.close()
})

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`a UnixSocket (${type}) goes, with what the kernel holds for it`, async (t) => {
    const [near, far] = pair(type)
    await far.send('ping')
    await goes(t, near, 'UnixSocket', () => t.true(near.closed), 'ping')
    t.is(String((await received(far)).data), 'pong')
    await far.close()
  })
}

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`a UnixListener (${type}) goes, and its path stays`, async (t) => {
    const listener = listen(path, { type })
    const waiting = await connect(path, { type })
    await goes(t, listener, 'UnixListener', () => t.true(listener.closed), 'served')
    t.is(String((await received(waiting)).data), 'pong')
    await waiting.close()
    fs.rmSync(path)
  })
}

test.serial('a FileHandle, an OwnedFd and a number go, each with its position', async (t) => {
  fs.writeFileSync(path, 'what a file holds')
  const file = await fs.promises.open(path)
  await file.read(Buffer.alloc(5), 0, 5)
  await goes(t, file, 'FileHandle', () => {}, 'a file holds')
  t.is(file.fd, -1)
  const owned = OwnedFd.adopt(fs.openSync(path, 'r'))
  await goes(t, owned, 'OwnedFd', () => t.true(owned.closed), 'what a file holds')
  const number = fs.openSync(path, 'r')
  await goes(t, number, 'OwnedFd', () => t.throws(() => fs.fstatSync(number), { code: 'EBADF' }), 'what a file holds')
  fs.rmSync(path)
})

test.serial('streams of fs go, a ReadStream with what it had read', async (t) => {
  fs.writeFileSync(path, 'what a file holds')
  const reading = fs.createReadStream(path)
  await once(reading, 'readable')
  await calm(t, reading)
  await goes(t, reading as unknown as FdSource, 'fs.ReadStream', () => {}, 'what a file holds')
  t.true(reading.destroyed)
  const writing = fs.createWriteStream(path)
  await once(writing, 'open')
  await new Promise((resolve) => writing.write('ping ', resolve))
  await goes(t, writing as unknown as FdSource, 'fs.WriteStream', () => {}, 'written')
  t.is(fs.readFileSync(path, 'utf8'), 'ping pong')
  fs.rmSync(path)
})

test.serial('a terminal goes with what its user has typed', async (t) => {
  const { program, user } = terminal()
  const stream = program.toTTY()
  await goes(t, stream, 'tty.ReadStream', () => user.write('is it over\n'), 'is it over')
  let text = ''
  while (!text.includes('pong')) text += String(await user.read(100))
  user.close()
  t.true(stream.destroyed)
})

test.serial('the stdio of a child goes: the child talks to the receiver', async (t) => {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'inherit'] })
  const ended = once(child, 'exit')
  await goes(t, child.stdout as net.Socket, 'net.Socket', () => child.stdin.write('from cat, over'), 'from cat, over')
  child.stdin.end()
  await ended
})

test.serial('the end of the socket ends the receiver: there is no handle any more', async (t) => {
  await talk.close()
  t.is(await script.end(), 0)
})
