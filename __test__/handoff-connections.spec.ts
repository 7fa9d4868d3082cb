// Connections that clients of an http server keep: they go to the successor between two requests, and the client does not notice.
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import * as http from 'node:http'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import type * as Handoffs from '../entries/handoff.js'
import { type Handoff, serve, takeOver } from '../entries/handoff.js'
import { listen } from '../index.js'
import type { Leaving } from '../lib/detaching.js'
import { KeptConnections } from '../lib/http-connections.js'
import { ENTRY } from './helpers/handoff.js'
import { guard } from './helpers/leaks.js'
import { start } from './helpers/script.js'

const folder = guard(test)
const address = join(folder, 'handoff')
const path = join(folder, 'sock')

/** Answers with its name and the body that it got. */
function named(name: string, ready: Promise<unknown> = Promise.resolve()): http.Server {
  return http.createServer(async (request, response) => {
    const body = (await request.toArray()).join('')
    await ready
    response.end(`${name} ${body}`)
  })
}

/** A client on one connection, which is never made anew. */
async function client(): Promise<{ ask(body?: string): Promise<string>; socket: net.Socket }> {
  const socket = net.connect(path)
  await once(socket, 'connect')
  let seen = ''
  socket.setEncoding('utf8').on('data', (text: string) => {
    seen += text
  })
  const ask = async (body = ''): Promise<string> => {
    seen = ''
    socket.write(`POST / HTTP/1.1\r\nHost: here\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
    for (;;) {
      const [, length, answer = ''] = /content-length: (\d+)[\s\S]*?\r\n\r\n([\s\S]*)/i.exec(seen) ?? []
      if (length !== undefined && answer.length >= Number(length)) return answer
      await once(socket, 'data')
    }
  }
  return { ask, socket }
}

/** Serves on the path and offers to a successor. */
function offer(server: http.Server): Handoff {
  rmSync(path, { force: true })
  listen(path).toNetServer(server)
  return serve(address, { http: server })
}

async function replace(server: http.Server): Promise<void> {
  const takeover = await takeOver(address)
  if (takeover === null) throw new Error('Nobody is there')
  await takeover.ready({ servers: { http: server } })
}

async function closed(server: http.Server): Promise<void> {
  server.closeAllConnections()
  server.close()
  await once(server, 'close')
  rmSync(path)
}

test.serial('an idle connection, a used one and a new one are all served by the successor', async (t) => {
  const [first, second] = [named('first'), named('second')]
  const handoff = offer(first)
  const [unused, used] = [await client(), await client()]
  t.is(await used.ask('a'), 'first a')
  await replace(second)
  await handoff.drained()
  t.is(await used.ask('b'), 'second b')
  t.is(await unused.ask('c'), 'second c')
  const fresh = await client()
  t.is(await fresh.ask(), 'second ')
  for (const { socket } of [unused, used, fresh]) socket.destroy()
  await closed(second)
})

test.serial('a request that is under way is answered by the old process, the next one by the successor', async (t) => {
  let finish = (): void => {}
  const slow = new Promise<void>((resolve) => {
    finish = resolve
  })
  const [first, second] = [named('first', slow), named('second')]
  const handoff = offer(first)
  const one = await client()
  const answer = one.ask('begun before')
  await once(first, 'request')
  await replace(second)
  finish()
  t.is(await answer, 'first begun before')
  await handoff.drained()
  t.is(await one.ask('after'), 'second after')
  one.socket.destroy()
  await closed(second)
})

test.serial('a connection moves on through a chain of successors, quickly', async (t) => {
  const servers = Array.from({ length: 5 }, (_, index) => named(String(index)))
  const [first] = servers as [http.Server]
  const handoffs = [offer(first)]
  const one = await client()
  t.is(await one.ask(), '0 ')
  for (const server of servers.slice(1)) {
    await replace(server)
    await handoffs.at(-1)?.taken
    handoffs.push(serve(address, { http: server }))
  }
  await Promise.all(handoffs.slice(0, -1).map((handoff) => handoff.drained()))
  t.is(await one.ask(), '4 ')
  one.socket.destroy()
  await handoffs.at(-1)?.close()
  await closed(servers.at(-1) as http.Server)
})

test.serial('one in the middle of a chain lives until all connections have come through it', async (t) => {
  let finish = (): void => {}
  const slow = new Promise<void>((resolve) => {
    finish = resolve
  })
  const [first, third] = [named('first', slow), named('third')]
  const handoff = offer(first)
  const one = await client()
  const answer = one.ask('begun')
  await once(first, 'request')
  const second = start(
    async ({ require, tell }, entry: string, where: string) => {
      const { serve, takeOver } = require(entry) as typeof Handoffs
      const server = (require('node:http') as typeof http).createServer((_, response) => response.end('second'))
      await (await takeOver(where))?.ready({ servers: { http: server } })
      const offered = serve(where, { http: server })
      await tell('serving')
      await offered.taken
      // It keeps nothing alive: a process with nothing left ends before.
      setTimeout(() => tell('alive'), 50).unref()
      await offered.drained()
    },
    [ENTRY, address],
  )
  t.is(await second.next(), 'serving')
  await replace(third)
  t.is(await second.next(), 'alive')
  finish()
  t.is(await answer, 'first begun')
  await handoff.drained()
  t.is(await one.ask('after'), 'third after')
  t.is(await second.end(), 0)
  one.socket.destroy()
  await closed(third)
})

test.serial('a TCP client that has gone on the way takes no other connection with it', async (t) => {
  const [first, second] = [named('first'), named('second')]
  first.listen(0, '127.0.0.1')
  await once(first, 'listening')
  const { port } = first.address() as net.AddressInfo
  const handoff = serve(address, { http: first })
  const clients: net.Socket[] = []
  for (let count = 0; count < 3; count++) {
    clients.push(net.connect(port, '127.0.0.1'))
    await once(first, 'connection')
  }
  const takeover = await takeOver(address)
  const ready = takeover?.ready({ servers: { http: second } })
  await handoff.taken
  const [gone, ...others] = clients as [net.Socket, ...net.Socket[]]
  gone.resetAndDestroy()
  await ready
  await handoff.drained()
  for (const socket of others) {
    socket.setEncoding('utf8').write('GET / HTTP/1.1\r\nHost: here\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [string]
    t.regex(answer, /second $/)
    socket.destroy()
  }
  second.closeAllConnections()
  second.close()
  await once(second, 'close')
})

test.serial('a connection that waits to be passed on is not ended as idle; one that stays is', async (t) => {
  const server = named('first')
  const kept = KeptConnections.of(server)
  listen(path).toNetServer(server)
  const accepting = once(server, 'connection') as Promise<[net.Socket]>
  const one = await client()
  const [connection] = await accepting
  t.is(await one.ask('a'), 'first a')
  const leaving = await new Promise<Leaving>((resolve) => kept.giveTo(resolve))
  t.is(connection.timeout, 0)
  leaving.stay()
  kept.end()
  t.true((connection.timeout ?? 0) > 0)
  one.socket.destroy()
  await closed(server)
})

test.serial('a part of a request that has come stays with the old process, which answers it', async (t) => {
  const [first, second] = [named('first'), named('second')]
  const handoff = offer(first)
  const accepting = once(first, 'connection') as Promise<[net.Socket]>
  const { ask, socket } = await client()
  const [accepted] = await accepting
  t.is(await ask('whole'), 'first whole')
  const before = accepted.bytesRead
  socket.write('POST / HTTP/1.1\r\nHost: here\r\nContent-')
  while (accepted.bytesRead === before) await new Promise(setImmediate)
  await replace(second)
  const answered = once(socket, 'data')
  socket.write('Length: 3\r\n\r\nend')
  t.regex(String(await answered), /first end$/)
  t.is(await ask('next'), 'second next')
  socket.destroy()
  await handoff.drained()
  await closed(second)
})

test.serial(
  'a client that pipelines keeps its connection, and is told with the next answer that it ends',
  async (t) => {
    const [first, second] = [named('first'), named('second')]
    const handoff = offer(first)
    const { ask, socket } = await client()
    const get = 'GET / HTTP/1.1\r\nHost: here\r\n\r\n'
    const answers: string[] = []
    socket.on('data', (text: string) => answers.push(...(text.match(/first/g) ?? [])))
    socket.write(get + get)
    while (answers.length < 2) await once(socket, 'data')
    await replace(second)
    const closing = once(socket, 'data')
    const answer = ask('last')
    t.regex(String(await closing), /connection: close/i)
    t.is(await answer, 'first last')
    await once(socket, 'close')
    await handoff.drained()
    await closed(second)
  },
)

test.serial('Node still answers Expect: 100-continue by itself', async (t) => {
  const first = named('first')
  const handoff = offer(first)
  const request = http.request({ socketPath: path, method: 'POST', agent: false, headers: { expect: '100-continue' } })
  request.flushHeaders()
  await once(request, 'continue')
  request.end('body')
  const [response] = (await once(request, 'response')) as [http.IncomingMessage]
  t.is((await response.toArray()).join(''), 'first body')
  await handoff.close()
  await closed(first)
})

test.serial('a name that is not there, or does not listen, is told before anything is final', async (t) => {
  const first = named('first')
  const handoff = offer(first)
  const takeover = await takeOver(address)
  const other = http.createServer()
  await t.throwsAsync(async () => takeover?.ready({ servers: { https: other } }), { code: 'ERR_INVALID_ARG_VALUE' })
  takeover?.close()
  const one = await client()
  t.is(await one.ask(), 'first ')
  one.socket.destroy()
  await handoff.close()
  await closed(first)
})
