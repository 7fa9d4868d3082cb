// ancillary/unix-dgram: what the README of that package says, events within the call, and its failures mended: nothing is cut, a
// full receiver is no error.
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import test from 'ava'
import { createSocket, type RemoteInfo, type Socket } from '../entries/unix-dgram.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
let path = ''
let made = 0

test.beforeEach(() => {
  path = `${folder}/dgram-${made++}`
})

test.afterEach(() => {
  rmSync(path, { force: true })
})

function server(at = path): { socket: Socket; messages: string[] } {
  const messages: string[] = []
  const socket = createSocket('unix_dgram', (message) => messages.push(String(message)))
  socket.bind(at)
  return { socket, messages }
}

test.serial('the example of the README; the file stays', async (t) => {
  const { socket } = server()
  const message = Buffer.from('ping')
  const client = createSocket('unix_dgram')
  const seen: unknown[] = []
  client.send(message, 0, message.length, path, (error) => seen.push(error))
  // The callback was called within the call.
  t.deepEqual(seen, [undefined])
  const [bytes, info] = (await once(socket, 'message')) as [Buffer, RemoteInfo]
  t.is(String(bytes), 'ping')
  t.deepEqual(info, { size: 4, address: {}, path: null })
  client.close()
  socket.close()
  t.is(client.fd, -1)
  t.true(existsSync(path))
})

test.serial('events come within the call, and errors have negative numbers as codes', (t) => {
  const log: unknown[] = []
  const socket = createSocket('unix_dgram')
  socket.on('error', ({ code, errno, syscall, message }) => log.push([code, errno, syscall, message]))
  socket.on('connect', () => log.push('connect'))
  socket.on('listening', () => log.push('listening'))
  socket.connect(`${folder}/nobody`)
  socket.bind(`${folder}/no/folder`)
  socket.bind(path)
  socket.send(Buffer.from('x'), 0, 1, `${folder}/nobody`)
  const other = createSocket('unix_dgram')
  other.on('connect', () => log.push('connect'))
  other.connect(path)
  t.deepEqual(log, [
    [-2, -2, 'connect', `connect ENOENT ${folder}/nobody`],
    [-2, -2, 'bind', `bind ENOENT ${folder}/no/folder`],
    'listening',
    [-2, -2, 'send', `send ENOENT ${folder}/nobody`],
    'connect',
  ])
  socket.close()
  other.close()
})

test.serial('a connected sender is told of congestion, and when it has passed', async (t) => {
  const { socket, messages } = server()
  const client = createSocket('unix_dgram')
  client.connect(path)
  let count = 0
  let error: (Error & { code?: unknown }) | undefined
  const note = (reason?: Error) => {
    error = reason
  }
  for (; error === undefined; count++) client.send(Buffer.from(`${count}`), note)
  t.deepEqual([error.message, error.code], ['congestion', 1])
  const refused: Buffer[] = []
  let writable = 0
  client.on('writable', () => writable++)
  client.on('congestion', (bytes) => refused.push(bytes))
  client.send(Buffer.from('refused'))
  t.deepEqual(refused.map(String), ['refused'])
  await once(client, 'writable')
  client.send(Buffer.from('last'))
  while (messages.at(-1) !== 'last') await once(socket, 'message')
  t.is(writable, 1)
  t.deepEqual(messages, [...Array.from({ length: count - 1 }, (_, index) => `${index}`), 'last'])
  client.close()
  socket.close()
})

test.serial('what is sent to a full path waits for it', async (t) => {
  const { socket, messages } = server()
  const client = createSocket('unix_dgram')
  const results: unknown[] = []
  for (let index = 0; index < 100; index++) {
    client.sendto(Buffer.from(`<${index}>`), 1, `${index}`.length, path, (error) => results.push(error))
  }
  while (messages.length < 100 || results.length < 100)
    await once(socket, 'message').then(() => new Promise(setImmediate))
  t.deepEqual(
    messages,
    Array.from({ length: 100 }, (_, index) => `${index}`),
  )
  t.true(results.every((error) => error === undefined))
  client.close()
  socket.close()
})

test.serial('a datagram of 100,000 bytes arrives whole', async (t) => {
  const { socket } = server()
  const client = createSocket('unix_dgram')
  const bytes = Buffer.alloc(100_000, 'large')
  client.send(bytes, 0, bytes.length, path)
  const [received] = await once(socket, 'message')
  t.true(received.equals(bytes))
  client.close()
  socket.close()
})

test.serial('a bound client is answered, before and after it connects', async (t) => {
  const { socket } = server()
  const client = createSocket('unix_dgram')
  client.bind(`${path}-client`)
  for (const connects of [false, true]) {
    if (connects) client.connect(path)
    const ping = Buffer.from('ping')
    if (connects) client.send(ping)
    else client.send(ping, 0, ping.length, path)
    const [, info] = (await once(socket, 'message')) as [Buffer, RemoteInfo]
    t.is(info.path, `${path}-client`)
    socket.send(Buffer.from('pong'), 0, 4, info.path as string)
    t.is(String((await once(client, 'message'))[0]), 'pong')
  }
  client.close()
  socket.close()
  rmSync(`${path}-client`)
})

test.serial('after close no message comes, and sending is an error', async (t) => {
  const { socket, messages } = server()
  const client = createSocket('unix_dgram')
  client.send('x', 0, 1, path)
  socket.close()
  await new Promise(setImmediate)
  t.deepEqual(messages, [])
  client.close()
  const errors: unknown[] = []
  client.send('x', 0, 1, path, (error) => errors.push((error as { code?: unknown }).code))
  t.deepEqual(errors, ['ERR_SOCKET_CLOSED'])
})

test.serial('other types', (t) => {
  t.throws(() => createSocket('unix_stream' as never), { message: 'Unsupported socket type: unix_stream' })
  const udp = createSocket('udp4')
  udp.close()
  t.is(udp.constructor.name, 'Socket')
})
