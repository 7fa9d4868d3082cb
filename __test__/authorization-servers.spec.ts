// requirePeer: servers of Node see only those that are admitted, with all that they have sent.
import { once } from 'node:events'
import * as http from 'node:http'
import * as http2 from 'node:http2'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { type Refusal, requirePeer } from '../index.js'
import { guard } from './helpers/leaks.js'
import { turns } from './helpers/turns.js'

const dir = guard(test)
const path = join(dir, 'sock')
const uid = process.geteuid?.() ?? -1

async function listening<S extends net.Server>(server: S): Promise<S> {
  await once(server.listen(path), 'listening')
  return server
}

async function closed(server: net.Server): Promise<void> {
  await new Promise((resolve) => server.close(resolve))
}

/** All that the server says to a client, which says `words` at once. */
async function talk(words: string, end = true): Promise<string> {
  const client = net.connect(path)
  client.on('error', () => {})
  client.write(words)
  if (end) client.end()
  let heard = ''
  client.on('data', (data) => {
    heard += data
  })
  await ended(client)
  return heard
}

/** Also of one that has an error first. */
async function ended(socket: net.Socket): Promise<void> {
  await new Promise((resolve) => socket.once('close', resolve))
}

function echo(socket: net.Socket): void {
  socket.pipe(socket)
}

/** A judge that waits until it is told. */
function slow(): { authorize: () => Promise<boolean>; asked: Promise<void>; answer: (value: boolean) => void } {
  let ask = (): void => {}
  let answer: (value: boolean) => void = () => {}
  const asked = new Promise<void>((resolve) => {
    ask = resolve
  })
  const verdict = new Promise<boolean>((resolve) => {
    answer = resolve
  })
  const authorize = (): Promise<boolean> => {
    ask()
    return verdict
  }
  return { authorize, asked, answer: (value) => answer(value) }
}

test.serial('a net.Server serves those who are admitted; requirePeer returns the very server', async (t) => {
  const server = net.createServer({ allowHalfOpen: true }, echo)
  t.is(requirePeer(server, { uid }), server)
  await listening(server)
  t.is(await talk('hello'), 'hello')
  t.is(await talk(''), '')
  await closed(server)
})

test.serial('no listener sees one that is refused, whenever it was added; onRefused says why', async (t) => {
  let seen = 0
  const refusals: Refusal[] = []
  const server = net.createServer(() => seen++)
  requirePeer(server, { uid: uid + 1 }, { onRefused: (refusal) => refusals.push(refusal) })
  server.on('connection', () => seen++).prependListener('connection', () => seen++)
  await listening(server)
  t.is(await talk('hello', false), '')
  t.is(seen, 0)
  t.like(refusals, { length: 1, 0: { reason: `uid ${uid} is not ${uid + 1}` } })
  t.like(refusals[0]?.credentials, { uid, pid: process.pid })
  await closed(server)
})

for (const answer of [false, undefined, 1] as unknown as boolean[]) {
  test.serial(`a function that says ${answer} refuses, at once or later`, async (t) => {
    for (const authorize of [() => answer, async () => answer]) {
      const server = await listening(
        requirePeer(
          net.createServer(() => t.fail()),
          authorize,
        ),
      )
      t.is(await talk('hello', false), '')
      await closed(server)
    }
  })
}

for (const half of [true, false]) {
  for (const words of ['hello', '']) {
    test.serial(
      `“${words}” and the end, come during a judgement, are told after it (half-open: ${half})`,
      async (t) => {
        const { authorize, asked, answer } = slow()
        const heard: string[] = []
        const server = net.createServer({ allowHalfOpen: half }, (socket) => {
          socket.on('data', (data) => heard.push(String(data)))
          socket.on('end', () => {
            heard.push('end')
            socket.end('bye')
          })
        })
        await listening(requirePeer(server, authorize))
        const talking = talk(words)
        await asked
        await turns(30)
        answer(true)
        // One that may not be half open and has said nothing is over before anybody could serve it.
        const expected = words === '' ? ['end'] : [words, 'end']
        const over = !half && words === ''
        t.is(await talking, over ? '' : 'bye')
        t.deepEqual(heard, over ? [] : expected)
        await closed(server)
      },
    )
  }
}

test.serial('an HTTP server answers request after request on one connection, judged once', async (t) => {
  let asked = 0
  const authorize = async (): Promise<boolean> => ++asked > 0
  const server = http.createServer((request, response) => response.end(`${request.method} ${request.url}`))
  await listening(requirePeer(server, authorize))
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
  for (const url of ['/one', '/two', '/three']) {
    const [response] = (await once(http.get({ socketPath: path, agent, path: url }), 'response')) as [
      http.IncomingMessage,
    ]
    t.is(String(Buffer.concat(await response.toArray())), `GET ${url}`)
  }
  t.is(asked, 1)
  agent.destroy()
  await closed(server)
})

test.serial('a request that comes during the judgement is answered; one that gives up leaves nothing', async (t) => {
  const { authorize, asked, answer } = slow()
  const server = await listening(
    requirePeer(
      http.createServer((_, response) => response.end('here')),
      authorize,
    ),
  )
  const request = http.request({ socketPath: path, agent: false, method: 'POST' })
  const responded = once(request, 'response') as Promise<[http.IncomingMessage]>
  request.end('x'.repeat(100_000))
  const gone = net.connect(path).resume().end()
  await asked
  await turns(30)
  answer(true)
  const [response] = await responded
  t.is(String(Buffer.concat(await response.toArray())), 'here')
  if (!gone.closed) await ended(gone)
  await closed(server)
})

test.serial('an HTTP handler is never called for one that is refused', async (t) => {
  const server = await listening(
    requirePeer(
      http.createServer(() => t.fail()),
      { uid: uid + 1 },
    ),
  )
  const request = http.get({ socketPath: path, agent: false })
  const error = await t.throwsAsync<NodeJS.ErrnoException>(once(request, 'response'))
  t.regex(String(error?.code), /^(ECONNRESET|EPIPE)$/)
  await closed(server)
})

test.serial('an HTTP/2 server works behind a late judgement', async (t) => {
  const server = http2.createServer((_, response) => response.end('two'))
  await listening(requirePeer(server as unknown as net.Server, async () => true))
  const session = http2.connect('http://here', { createConnection: () => net.connect(path) })
  const stream = session.request({ ':path': '/' })
  t.is(String(Buffer.concat(await stream.toArray())), 'two')
  session.close()
  await once(session, 'close')
  await closed(server as unknown as net.Server)
})

test.serial('over TCP there is nobody that could be admitted', async (t) => {
  const refusals: Refusal[] = []
  const onRefused = (refusal: Refusal): unknown => refusals.push(refusal)
  const server = requirePeer(
    net.createServer(() => t.fail()),
    () => true,
    { onRefused },
  )
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1').resume()
  client.on('error', () => {})
  await ended(client)
  t.like(refusals, { length: 1, 0: { credentials: null } })
  t.like(refusals[0]?.error, { code: 'ERR_NO_IDENTITY', message: refusals[0]?.reason })
  await closed(server)
})

test.serial('an error of a connection that is being judged ends neither the process nor the server', async (t) => {
  const { authorize, asked, answer } = slow()
  let late: net.Socket | undefined
  const judge = (_: unknown, socket: net.Socket): Promise<boolean> => {
    late = socket
    return authorize()
  }
  const server = await listening(
    requirePeer(
      net.createServer(() => t.fail()),
      judge,
    ),
  )
  const client = net.connect(path)
  await asked
  late?.destroy(new Error('reset'))
  await ended(client.resume())
  answer(true)
  await turns()
  t.true(late?.destroyed)
  await closed(server)
})

test.serial('of two requirePeer on one server both must admit', async (t) => {
  for (const [first, second] of [
    [true, false],
    [false, true],
    [true, true],
  ] as const) {
    const server = net.createServer({ allowHalfOpen: true }, echo)
    requirePeer(
      requirePeer(server, () => first),
      async () => second,
    )
    await listening(server)
    t.is(await talk('hello'), first && second ? 'hello' : '')
    await closed(server)
  }
})

test.serial('wrong arguments are errors, and leave the server as it was', (t) => {
  const server = net.createServer()
  for (const rule of [{}, { uid: undefined }, { user: 1 }, { sameUser: false }, null, undefined, 'x', [null]])
    t.throws(() => requirePeer(server, rule as never), { instanceOf: TypeError })
  t.throws(() => requirePeer(server, { uid: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => requirePeer(server, { uid }, { onRefused: 1 as never }), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => requirePeer(server, { uid }, null as never), { code: 'ERR_INVALID_ARG_TYPE' })
  for (const wrong of [undefined, null, {}, 1])
    t.throws(() => requirePeer(wrong as never, { uid }), { code: 'ERR_INVALID_ARG_TYPE' })
  t.false(Object.hasOwn(server, 'emit'))
})
