// Taking the descriptor of everything that is not a connection: servers, datagrams, files, a child's streams, and ours.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createReadStream, createWriteStream, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer as createHttpServer } from 'node:http'
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { detachFd, type FdSource, listen, OwnedFd, pair } from '../index.js'
import { closeSync, openSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { destroyed, numbered, readExactly } from './helpers/net-pairs.js'

const folder = guard(test)
const path = join(folder, 'it')
const LARGE = 300_000

async function listening(server: Server, ...where: [number, string] | [string]): Promise<number> {
  server.listen(...(where as [number, string]))
  await once(server, 'listening')
  return (server.address() as { port: number }).port
}

for (const [name, create] of Object.entries({
  'a net.Server': () => createServer(),
  'an http.Server': () => createHttpServer(),
})) {
  test.serial(`${name} on TCP goes on accepting through its descriptor, and its connections live on`, async (t) => {
    const server: Server = create()
    const port = await listening(server, 0, '127.0.0.1')
    const before = netConnect(port, '127.0.0.1')
    const [kept] = (await once(server, 'connection')) as [Socket]
    const { fd, unread } = detachFd(server)
    t.deepEqual([server.listening, fd.kind, fd.state, unread.length], [false, 'tcp', 'listening', 0])
    const after = netConnect(port, '127.0.0.1')
    const successor = fd.toNetServer()
    const [taken] = (await once(successor, 'connection')) as [Socket]
    taken.write('from the successor')
    t.is(String((await once(after, 'data'))[0]), 'from the successor')
    kept.write('from the first')
    t.is(String((await once(before, 'data'))[0]), 'from the first')
    await destroyed(before, after, kept, taken)
    await new Promise((resolve) => successor.close(resolve))
  })
}

test.serial('a connection of an http.Server that idles between two requests lives on', async (t) => {
  const server = createHttpServer((request, response) => response.end(`you asked for ${request.url}`))
  const client = netConnect(await listening(server, 0, '127.0.0.1'), '127.0.0.1')
  const ask = async (path: string): Promise<string> => {
    client.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`)
    let text = ''
    while (!text.endsWith(path)) text += String((await once(client, 'data'))[0])
    return text
  }
  t.regex(await ask('/first'), /200 OK/)
  detachFd(server).fd.close()
  t.regex(await ask('/second'), /200 OK/)
  const closed = once(server, 'close')
  await destroyed(client)
  await closed
})

test.serial('a server on a path keeps its descriptor, because closing it would remove the path', async (t) => {
  const server = createServer()
  await listening(server, path)
  t.throws(() => detachFd(server), { code: 'ERR_MESSAGES_HELD', message: /would remove .*\/it;/ })
  const client = netConnect(path)
  const [socket] = (await once(server, 'connection')) as [Socket]
  await destroyed(client, socket)
  await new Promise((resolve) => server.close(resolve))
})

test.serial('a server on an abstract name, and one of a listener, give theirs', async (t) => {
  const abstract = createServer()
  await listening(abstract, `\0${path}`)
  const ofListener = listen(path).toNetServer()
  for (const [server, address] of [
    [abstract, `\0${path}`],
    [ofListener, path],
  ] as const) {
    const listener = detachFd(server).fd.toUnixListener()
    const client = netConnect(address)
    const peer = await listener.accept()
    await peer.send('welcome')
    t.is(String((await once(client, 'data'))[0]), 'welcome')
    await destroyed(client)
    for (const one of [peer, listener]) await one.close()
  }
  unlinkSync(path)
})

test.serial('a dgram.Socket gives its descriptor, and is closed', async (t) => {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  const closed = once(socket, 'close')
  const { fd } = detachFd(socket)
  await closed
  const other = createSocket('udp4')
  other.send('datagram', port, '127.0.0.1')
  t.is(String((await fd.recvFrom(100)).data), 'datagram')
  other.close()
  fd.close()
})

test.serial('a FileHandle gives its descriptor, with the position', async (t) => {
  writeFileSync(path, 'onetwo')
  const handle = await open(path, 'r')
  await handle.read(Buffer.alloc(3), 0, 3)
  const { fd } = detachFd(handle)
  t.is(handle.fd, -1)
  t.is(String(await fd.read(10)), 'two')
  fd.close()
  unlinkSync(path)
})

test.serial('an fs.ReadStream gives what it has read, and the descriptor goes on behind it', async (t) => {
  const content = numbered(LARGE)
  writeFileSync(path, content)
  const stream = createReadStream(path)
  const seen: Buffer[] = []
  stream.on('data', (chunk) => seen.push(chunk as Buffer))
  await once(stream, 'data')
  stream.pause()
  while (stream.readableLength < stream.readableHighWaterMark) await setImmediate()
  const { fd, unread } = detachFd(stream as never)
  t.true(unread.length > 0)
  await once(stream, 'close')
  const before = Buffer.concat([...seen, unread])
  t.true(Buffer.concat([before, await readExactly(fd, LARGE)]).equals(content))
  fd.close()
  unlinkSync(path)
})

test.serial('an fs.WriteStream gives its descriptor, and what follows is written behind it', async (t) => {
  const stream = createWriteStream(path)
  await new Promise((resolve) => stream.write('one ', resolve))
  const { fd, unread } = detachFd(stream as never)
  await once(stream, 'close')
  await fd.write('two')
  t.deepEqual([readFileSync(path, 'utf8'), unread.length], ['one two', 0])
  fd.close()
  unlinkSync(path)
})

test.serial('the streams of a child give theirs, and the child does not notice', async (t) => {
  const child = spawn('cat', { stdio: ['pipe', 'pipe', 'ignore'] })
  const exited = once(child, 'exit')
  const [input, output] = [child.stdin, child.stdout].map((stream) => detachFd(stream as unknown as FdSource).fd)
  await input?.write('through the cat')
  t.is(String(await output?.read(100)), 'through the cat')
  input?.close()
  t.is(await output?.read(100), null)
  output?.close()
  t.deepEqual(await exited, [0, null])
})

test.serial('an OwnedFd, a UnixSocket, a listener and a number are owned by what they give', async (t) => {
  const [left, right] = pair()
  const listener = listen(path)
  const owned = OwnedFd.dup(left)
  for (const source of [owned, right, listener]) {
    const { fd, unread } = detachFd(source)
    t.deepEqual([source.closed, fd.closed, unread.length], [true, false, 0])
    fd.close()
    t.throws(() => detachFd(source), { code: 'ERR_SOCKET_CLOSED' })
  }
  const number = openSync('/dev/null', 'r')
  const { fd } = detachFd(number)
  t.is(fd.fd, number)
  fd.close()
  t.throws(() => closeSync(number), { code: 'EBADF' })
  await left.close()
  unlinkSync(path)
})
