// What is built on net.Socket runs on a UnixDuplex: http both ways, keep-alive, upgrades, TLS, http2; and a listener that gives its
// connections to a server of Node.
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import https from 'node:https'
import net from 'node:net'
import type { Duplex } from 'node:stream'
import tls from 'node:tls'
import test from 'ava'
import { connect, listen, pair, peerCredentials, type UnixDuplex } from '../index.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodeOf, openMarked } from './helpers/marked.js'

const folder = guard(test)
let certificate: { key: Buffer; cert: Buffer }
let path = ''
let made = 0

test.before('make a certificate', () => {
  const [key, cert] = [`${folder}/key`, `${folder}/cert`]
  const made = ['-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']
  const args = ['req', ...made, '-keyout', key, '-out', cert, '-subj', '/CN=here']
  execFileSync('openssl', args, { stdio: 'ignore' })
  certificate = { key: readFileSync(key), cert: readFileSync(cert) }
  rmSync(key)
  rmSync(cert)
})

test.beforeEach(() => {
  path = `${folder}/server-${made++}`
})

/** An agent whose connections are duplexes. */
class DuplexAgent extends http.Agent {
  made = 0
  // The types of Node know no connection that is made later.
  override createConnection(_options: object, callback: (error: Error | null, socket?: Duplex) => void): undefined {
    this.made++
    connect(path).then((socket) => callback(null, socket.toDuplex()), callback)
  }
}

async function get(agent: http.Agent, url: string): Promise<{ status: number | undefined; text: string }> {
  const [response] = (await once(http.get({ agent, path: url }), 'response')) as [http.IncomingMessage]
  return { status: response.statusCode, text: (await response.toArray()).join('') }
}

async function closed(server: net.Server): Promise<void> {
  const isOver = once(server, 'close')
  server.close()
  await isOver
}

test.serial('an http server and an http client talk over duplexes, and keep their connection', async (t) => {
  const server = http.createServer((request, response) => response.end(`you asked for ${request.url}`))
  const listener = listen(path).serve(server)
  await once(server, 'listening')
  const agent = new DuplexAgent({ keepAlive: true, maxSockets: 1 })
  t.deepEqual(await get(agent, '/a'), { status: 200, text: 'you asked for /a' })
  t.deepEqual(await get(agent, '/b'), { status: 200, text: 'you asked for /b' })
  t.is(agent.made, 1)
  agent.destroy()
  await closed(server)
  t.true(listener.closed)
})

test.serial('large bodies pass both ways', async (t) => {
  const server = http.createServer((request, response) => request.pipe(response))
  listen(path).serve(server)
  const agent = new DuplexAgent()
  const request = http.request({ agent, method: 'POST' })
  const body = Buffer.alloc(3 << 20, 'body')
  request.end(body)
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  t.true(Buffer.concat(await response.toArray()).equals(body))
  agent.destroy()
  await closed(server)
})

test.serial('a request can bring descriptors, and the server knows who asks', async (t) => {
  const [fd] = openMarked(folder, 1) as [number]
  const seen: unknown[] = []
  const server = http.createServer((request, response) => {
    seen.push(peerCredentials(request.socket as unknown as UnixDuplex).uid)
    response.end('done')
  })
  server.on('connection', (duplex: UnixDuplex) => {
    duplex.on('fds', (fds) => {
      for (const received of fds) {
        seen.push(inodeOf(received))
        received.close()
      }
    })
  })
  listen(path, { maxFds: 1 }).serve(server)
  const duplex = (await connect(path)).toDuplex()
  duplex.writeWithFds(Buffer.from('GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n'), [fd])
  let answer = ''
  for await (const chunk of duplex) answer += chunk
  t.true(answer.endsWith('done'))
  t.deepEqual(seen, [inodeOf(fd), process.getuid?.()])
  await closed(server)
  closeAll([fd])
})

test.serial('an upgrade hands the duplex over', async (t) => {
  const server = http.createServer()
  server.on('upgrade', (_request, socket: UnixDuplex, head: Buffer) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: echo\r\nConnection: Upgrade\r\n\r\n')
    if (head.length > 0) socket.unshift(head)
    socket.pipe(socket)
  })
  listen(path).serve(server)
  const agent = new DuplexAgent()
  const request = http.request({ agent, headers: { connection: 'Upgrade', upgrade: 'echo' } }).end()
  const [, socket] = (await once(request, 'upgrade')) as unknown as [unknown, UnixDuplex]
  socket.end('hello')
  let text = ''
  for await (const chunk of socket) text += chunk
  t.is(text, 'hello')
  await closed(server)
})

test.serial('a request that never ends is cut off, as in a server that listens', async (t) => {
  const server = http.createServer({ headersTimeout: 20, requestTimeout: 20, connectionsCheckingInterval: 5 })
  listen(path).serve(server)
  const duplex = (await connect(path)).toDuplex()
  duplex.write('GET / HTTP/1.1\r\nHost')
  let answer = ''
  for await (const chunk of duplex) answer += chunk
  t.regex(answer, /^HTTP\/1\.1 408 /)
  await closed(server)
})

test.serial('https over duplexes', async (t) => {
  const server = https.createServer(certificate, (_request, response) => response.end('in private'))
  listen(path).serve(server)
  const socket = tls.connect({ socket: (await connect(path)).toDuplex(), ca: certificate.cert, servername: 'here' })
  await once(socket, 'secureConnect')
  socket.write('GET / HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n')
  let answer = ''
  for await (const chunk of socket) answer += chunk
  t.true(answer.endsWith('in private'))
  await closed(server)
})

test.serial('TLS between two duplexes', async (t) => {
  // TLS ends by itself: what lies below must not do it before.
  const ends = pair().map((socket) => socket.toDuplex({ allowHalfOpen: true }))
  const [left, right] = ends as [UnixDuplex, UnixDuplex]
  const server = new tls.TLSSocket(right, { isServer: true, ...certificate })
  const client = tls.connect({ socket: left, ca: certificate.cert, servername: 'here' })
  server.pipe(server)
  const closings = Promise.all([once(left, 'close'), once(right, 'close')])
  client.end(Buffer.alloc(1 << 20, 'tls'))
  let length = 0
  for await (const chunk of client) length += chunk.length
  t.is(length, 1 << 20)
  await closings
})

test.serial('http2 over duplexes', async (t) => {
  const server = http2.createServer((_request, response) => response.end('two'))
  listen(path).serve(server)
  const socket = await connect(path)
  const session = http2.connect('http://here', { createConnection: () => socket.toDuplex() })
  const stream = session.request({ ':path': '/' })
  t.is((await stream.toArray()).join(''), 'two')
  session.close()
  await once(session, 'close')
  await closed(server)
})

test.serial('a plain server gets half-open duplexes if that is what it wants', async (t) => {
  for (const allowHalfOpen of [true, false]) {
    const server = net.createServer({ allowHalfOpen })
    const listener = listen(path).serve(server)
    const accepting = once(server, 'connection')
    const client = await connect(path)
    const [duplex] = (await accepting) as [UnixDuplex]
    t.is(duplex.allowHalfOpen, allowHalfOpen)
    const isOver = once(duplex, 'close')
    duplex.destroy()
    await Promise.all([isOver, client.close(), listener.close()])
  }
})

test.serial('who may connect is judged before the server sees it', async (t) => {
  const server = http.createServer((_request, response) => response.end('never'))
  listen(path, { authorize: () => false }).serve(server)
  server.on('connection', () => t.fail())
  const client = await connect(path)
  t.is(await client.recv(), null)
  await client.close()
  await closed(server)
})

test.serial('a connection that no server takes is closed', async (t) => {
  const server = new net.Server()
  const listener = listen(path).serve(server)
  const client = await connect(path)
  t.is(await client.recv(), null)
  await client.close()
  await listener.close()
  await new Promise(setImmediate)
  t.is(server.listenerCount('close'), 0)
  t.throws(() => listener.serve(server), { code: 'ERR_SOCKET_CLOSED' })
})
