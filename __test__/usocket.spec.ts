// ancillary/usocket: what the README of that package says, and its failures mended: descriptors under backpressure, alone, after the
// end; none leaks.
import { once } from 'node:events'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import test from 'ava'
import { UServer, USocket, type USocketRead } from '../entries/usocket.js'
import { connect, pair, type UnixSocket } from '../index.js'
import { fstatSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodeOf, inodesOf, openCount, openMarked } from './helpers/marked.js'

const folder = guard(test)
let path = ''
let made = 0

test.beforeEach(() => {
  path = `${folder}/usocket-${made++}`
})

/** A USocket and the socket at its other end. */
function connected(): { socket: USocket; peer: UnixSocket<'stream'> } {
  const [peer, other] = pair('stream', { maxFds: 253 })
  return { socket: new USocket({ fd: other.detach().detach() }), peer }
}

function over(socket: USocket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()))
}

test.serial('the example of the README', async (t) => {
  const [fd] = openMarked(folder, 1) as [number]
  const server = new UServer()
  const client = new USocket()
  const log: string[] = []
  server.listen(path, () => client.connect(path))
  server.on('connection', (connection: USocket) => {
    connection.end({ data: Buffer.from('message'), fds: [fd], callback: () => log.push('sent') })
  })
  client.on('connected', () => client.read(0))
  const closed = over(client)
  client.on('readable', () => {
    const message = client.read(7, 1) as USocketRead | null
    if (message === null) return
    log.push(String(message.data), String(inodeOf(message.fds[0] as number)))
    closeAll(message.fds)
    server.close()
    client.end()
  })
  await closed
  t.deepEqual(log, ['sent', 'message', String(inodeOf(fd))])
  closeAll([fd])
})

test.serial('descriptors are neither lost nor doubled when the other end is slow', async (t) => {
  const marked = openMarked(folder, 4)
  const { socket, peer } = connected()
  const expected: number[] = []
  let isFull = false
  for (let index = 0; index < 500; index++) {
    const fd = marked[index % 4] as number
    expected.push(inodeOf(fd))
    isFull = !socket.write({ data: Buffer.alloc(4000), fds: [fd] }) || isFull
  }
  t.true(isFull)
  const inodes: number[] = []
  for (let bytes = 0; bytes < 500 * 4000; ) {
    const message = await peer.recv()
    if (message === null) break
    bytes += message.data.length
    inodes.push(...inodesOf(message.fds as never))
    message.close()
  }
  t.deepEqual(inodes, expected)
  socket.destroy()
  await peer.close()
  closeAll(marked)
})

test.serial('descriptors that are written alone leave with the next byte', async (t) => {
  const marked = openMarked(folder, 3)
  const { socket, peer } = connected()
  await new Promise((resolve) => socket.write(marked.slice(0, 2), resolve as never))
  socket.write({ data: Buffer.from('x'), fds: marked.slice(2) })
  const message = await peer.recv()
  t.deepEqual(inodesOf(message?.fds as never), inodesOf(marked))
  message?.close()
  socket.write(marked)
  socket.end()
  const [error] = await once(socket, 'error')
  t.is(error.code, 'ERR_MESSAGE_EMPTY')
  await peer.close()
  closeAll(marked)
})

test.serial('with null a read takes the descriptors of the bytes that it took, and no later ones', async (t) => {
  const marked = openMarked(folder, 2)
  const { socket, peer } = connected()
  await peer.send('first', { fds: marked.slice(0, 1) })
  await peer.send('plain')
  await peer.send('second', { fds: marked.slice(1) })
  socket.read(0)
  while (socket.readableLength < 16) await new Promise((resolve) => setImmediate(resolve))
  const reads: [string, number[]][] = []
  for (const size of [5, 5, 6]) {
    const read = socket.read(size, null) as USocketRead
    reads.push([String(read.data), inodesOf(read.fds)])
    closeAll(read.fds)
  }
  const [first, second] = inodesOf(marked) as [number, number]
  t.deepEqual(reads, [
    ['first', [first]],
    ['plain', []],
    ['second', [second]],
  ])
  socket.destroy()
  await peer.close()
  closeAll(marked)
})

test.serial("who listens for 'fds' gets each once, and the same numbers can be read", async (t) => {
  const marked = openMarked(folder, 1)
  const { socket, peer } = connected()
  const heard: number[] = []
  socket.on('fds', (fds: number[]) => heard.push(...fds))
  await peer.send('x', { fds: marked })
  await once(socket, 'readable')
  const read = socket.read(1, 1) as USocketRead
  t.deepEqual(read.fds, heard)
  socket.unshift(read.data, read.fds)
  const again = socket.read(1, null) as USocketRead
  t.deepEqual([String(again.data), again.fds], ['x', heard])
  closeAll(heard)
  socket.destroy()
  await peer.close()
  closeAll(marked)
})

test.serial('descriptors that nobody reads are closed with the socket, and too many of them end it', async (t) => {
  const marked = openMarked(folder, 1)
  const before = openCount()
  const { socket, peer } = connected()
  socket.resume()
  const [fd] = marked as [number]
  const error = once(socket, 'error')
  const sending = (async () => {
    for (let index = 0; index < 5; index++) await peer.send('x', { fds: Array(253).fill(fd) })
  })()
  t.is((await error)[0].code, 'ERR_TOO_MANY_FDS')
  await sending.catch(() => {})
  await peer.close()
  t.is(openCount(), before)
  closeAll(marked)
})

test.serial('what it receives is close-on-exec', async (t) => {
  const { socket, peer } = connected()
  await peer.send('x', { fds: [0] })
  await once(socket, 'readable')
  const { fds } = socket.read(1, 1) as USocketRead
  const flags = /flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fds[0]}`, 'utf8'))?.[1] ?? ''
  t.true((Number.parseInt(flags, 8) & 0o2000000) !== 0)
  closeAll(fds)
  socket.destroy()
  await peer.close()
})

test.serial('what is written before it is connected waits', async (t) => {
  const server = new UServer()
  const accepted = once(server, 'connection')
  server.listen({ path, backlog: 1 })
  await once(server, 'listening')
  t.true(server.listening)
  t.true(fstatSync(server.fd as number).isSocket())
  const client = new USocket(path)
  client.write('early ', 'utf8')
  client.end('words')
  const [connection] = (await accepted) as [USocket]
  let text = ''
  for await (const chunk of connection) text += chunk
  t.is(text, 'early words')
  connection.destroy()
  client.destroy()
  server.close()
})

test.serial('failures are events, in the words of the package', async (t) => {
  const nobody = new USocket({ path })
  const closed = over(nobody)
  const [error] = await once(nobody, 'error')
  t.deepEqual([error.code, error.syscall], ['ENOENT', 'connect'])
  await closed
  const { socket, peer } = connected()
  t.throws(() => socket.connect(path), { message: 'connect on already connected USocket' })
  t.throws(() => new USocket().connect({}), { message: 'USocket#connect expects string path' })
  const wrong = once(socket, 'error')
  socket.write({ data: 'text' })
  t.is((await wrong)[0].message, 'USocket data needs to be a buffer')
  const unconnected = new USocket()
  unconnected.write('x')
  t.is((await once(unconnected, 'error'))[0].message, 'USocket not connected')
  await peer.close()
})

test.serial('destroy is followed by no event', async (t) => {
  const { socket, peer } = connected()
  for (const event of ['close', 'end', 'error', 'data']) socket.on(event, () => t.fail(event))
  socket.destroy()
  t.is(await peer.recv(), null)
  await peer.close()
  t.is(socket.read(1, 0), null)
})

test.serial('a paused server lets its clients wait', async (t) => {
  const server = new UServer()
  server.pause()
  server.listen(path)
  await once(server, 'listening')
  const client = await connect(path)
  server.on('connection', () => t.false(server.paused))
  const accepted = once(server, 'connection')
  t.throws(() => server.listen(path), { message: 'listen on already listened UServer' })
  server.resume()
  const [connection] = (await accepted) as [USocket]
  connection.destroy()
  server.pause()
  server.close()
  await client.close()
})

test.serial('a server replaces what a dead one left, and nothing else', async (t) => {
  writeFileSync(path, 'precious')
  const server = new UServer()
  server.listen(path)
  t.is((await once(server, 'error'))[0].code, 'EADDRINUSE')
  rmSync(path)
})

test.serial('a pipeline through it ends', async (t) => {
  const { socket, peer } = connected()
  await peer.send('abc')
  peer.shutdown('write')
  let text = ''
  await pipeline(socket, async (source) => {
    for await (const chunk of source) text += chunk
  })
  t.is(text, 'abc')
  socket.destroy()
  await peer.close()
})
