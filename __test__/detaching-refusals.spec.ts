// Where taking the descriptor would lose something it is refused, and the object goes on as if nobody had asked.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createReadStream, createWriteStream, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, get } from 'node:http'
import { createServer, connect as netConnect, type Socket } from 'node:net'
import { join } from 'node:path'
import { TLSSocket } from 'node:tls'
import test, { type ExecutionContext } from 'ava'
import { detachFd, type FdSource, memfd } from '../index.js'
import { runScenario } from './helpers/child.js'
import { guard } from './helpers/leaks.js'
import { openCount } from './helpers/marked.js'
import { addresses, destroyed, netPair } from './helpers/net-pairs.js'

const folder = guard(test)
const path = join(folder, 'it')

function isHeld(t: ExecutionContext, source: unknown, message: RegExp): void {
  const before = openCount()
  t.throws(() => detachFd(source as FdSource), { code: 'ERR_MESSAGES_HELD', message })
  t.is(openCount(), before)
}

async function echoes(t: ExecutionContext, socket: Socket, peer: Socket): Promise<void> {
  peer.write('still')
  t.is(String((await once(socket, 'data'))[0]), 'still')
  socket.write('here')
  t.is(String((await once(peer, 'data'))[0]), 'here')
}

for (const [transport, address] of Object.entries(addresses(folder))) {
  test.serial(`a socket that is still connecting over ${transport} goes on connecting`, async (t) => {
    const server = createServer().listen(address)
    await once(server, 'listening')
    const bound = server.address() as { port: number } | string
    const accepted = once(server, 'connection')
    // By number: who looks a name up opens files meanwhile, and descriptors are counted here.
    const socket = typeof bound === 'string' ? netConnect(bound) : netConnect(bound.port, '127.0.0.1')
    isHeld(t, socket, /still connecting$/)
    await once(socket, 'connect')
    const [peer] = (await accepted) as [Socket]
    await echoes(t, socket, peer)
    await destroyed(socket, peer)
    await new Promise((resolve) => server.close(resolve))
  })
}

test.serial('a socket with queued writes keeps its descriptor until they have gone', async (t) => {
  const { accepted, connected } = await netPair({ path })
  const bytes = 4 << 20
  const written = new Promise((resolve) => accepted.write(Buffer.alloc(bytes), resolve))
  isHeld(t, accepted, /writes are queued/)
  let seen = 0
  connected.on('data', (chunk) => {
    seen += chunk.length
  })
  await written
  const { fd } = detachFd(accepted)
  while (seen < bytes) await once(connected, 'data')
  t.is(seen, bytes)
  fd.close()
  await destroyed(accepted, connected)
})

test.serial('a socket that is ending keeps its descriptor, so that the end is sent', async (t) => {
  const { accepted, connected } = await netPair({ path })
  connected.resume()
  const ended = once(connected, 'end')
  accepted.end('bye')
  isHeld(t, accepted, /it is ending/)
  await once(accepted, 'finish')
  await ended
  const { fd } = detachFd(accepted)
  connected.write('heard')
  t.is(String(await fd.read(10)), 'heard')
  fd.close()
  await destroyed(connected)
})

test.serial('a socket that decodes keeps its descriptor', async (t) => {
  const { accepted, connected } = await netPair({ path })
  accepted.setEncoding('utf8')
  isHeld(t, accepted, /setEncoding/)
  await echoes(t, accepted, connected)
  await destroyed(accepted, connected)
})

test.serial('a TLS socket keeps its descriptor', async (t) => {
  const { accepted, connected } = await netPair({ path })
  const secure = new TLSSocket(accepted, { isServer: true }).on('error', () => {})
  isHeld(t, secure, /keys are in this process/)
  await destroyed(secure, accepted, connected)
})

test.serial(
  'a connection that http parses keeps its descriptor at both ends, and the request is answered',
  async (t) => {
    const server = createHttpServer((incoming, response) => {
      isHeld(t, incoming.socket, /http parser/)
      isHeld(t, request.socket, /http parser/)
      response.end('answered')
    }).listen(path)
    await once(server, 'listening')
    const request = get({ socketPath: path, agent: false })
    const [response] = await once(request, 'response')
    t.is(String((await once(response, 'data'))[0]), 'answered')
    response.resume()
    await once(request, 'close')
    await new Promise((resolve) => server.close(resolve))
  },
)

test.serial('what is closed has nothing to give', async (t) => {
  const { accepted, connected } = await netPair({ path })
  await destroyed(accepted, connected)
  const socket = createSocket('udp4')
  socket.close()
  for (const source of [accepted, socket, createServer()]) {
    t.throws(() => detachFd(source), { code: 'ERR_SOCKET_CLOSED' })
  }
})

test.serial('a stream of fs in the middle of a read, or that reads elsewhere, keeps its descriptor', async (t) => {
  writeFileSync(path, 'abcdef')
  const reading = createReadStream(path)
  await once(reading, 'open')
  reading.read(0)
  isHeld(t, reading, /a read is under way/)
  t.is(String((await once(reading, 'data'))[0]), 'abcdef')
  const elsewhere = createReadStream(path, { start: 2, highWaterMark: 2 })
  await once(elsewhere, 'readable')
  isHeld(t, elsewhere, /a place of its own/)
  for (const stream of [reading, elsewhere]) await new Promise<unknown>((resolve) => stream.close(resolve))
  unlinkSync(path)
})

test.serial('an fs.WriteStream with queued writes keeps its descriptor until they are done', async (t) => {
  const stream = createWriteStream(path)
  await once(stream, 'open')
  const written = new Promise((resolve) => stream.write('queued', resolve))
  isHeld(t, stream, /writes are queued/)
  await written
  t.is(readFileSync(path, 'utf8'), 'queued')
  await new Promise((resolve) => stream.close(resolve))
  unlinkSync(path)
})

test.serial('something with a number that nobody can close keeps it', (t) => {
  const file = memfd('it')
  isHeld(t, { fd: file.fd }, /nobody knows how to close/)
  file.close()
})

test.serial('without a free descriptor every object goes on as it was', async (t) => {
  const { answer, code, stderr } = await runScenario('scarce-detaching', 'everything', { descriptors: 40 })
  t.deepEqual(
    { answer, code, stderr },
    { answer: { codes: Array(6).fill('EMFILE'), works: true }, code: 0, stderr: '' },
  )
})
