// A datagram peer that is started anew: who asked for it is connected to the new one with the next send, and everybody else is
// told. Nothing is ever sent to nobody in silence.
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { type Address, bind, connect, type Message, type SocketError, type UnixSocket } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { fill } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { stateOf } from './helpers/turns.js'

const folder = guard(test)
const path = join(folder, 'server')

async function texts(socket: UnixSocket<'dgram'>, count: number): Promise<string[]> {
  const found: string[] = []
  while (found.length < count) found.push(String(((await socket.recv()) as Message).data))
  return found
}

/** What a send says: `'sent'`, or the code and the call of its error. */
async function said(sending: Promise<void>): Promise<string> {
  return sending.then(
    () => 'sent',
    ({ code, syscall }: SocketError) => `${syscall} ${code}`,
  )
}

const places: Record<string, () => Address> = {
  path: () => path,
  'name without a file': () => ({ abstract: `${path}@` }),
}

for (const [name, place] of Object.entries(places)) {
  test.serial(
    `auto: a server at a ${name} is started 1,000 times, and every message reaches the one that is there`,
    async (t) => {
      let server = bind(place())
      const client = await connect(place(), { type: 'dgram', reconnect: 'auto' })
      for (let count = 0; count < 1000; count++) {
        await client.send(`${count}`)
        t.deepEqual(await texts(server, 1), [`${count}`])
        await server.close()
        server = bind(place())
      }
      dispose(client, server)
    },
  )
}

test.serial('auto: while nobody is there each send says so, and the first one after that goes', async (t) => {
  const before = bind(path)
  const client = bind(null, { peer: path, reconnect: 'auto' })
  await before.close()
  t.deepEqual([await said(client.send('a')), await said(client.send('b'))], ['connect ENOENT', 'connect ENOENT'])
  const error = (await t.throwsAsync(client.send('c'))) as SocketError
  t.is(error.address, path)
  t.throws(() => client.trySend('d'), { code: 'ENOENT' })
  const after = bind(path)
  t.true(client.trySend('e'))
  t.deepEqual(await texts(after, 1), ['e'])
  dispose(client, after)
})

test.serial('auto: several messages at once go to the new server in their order', async (t) => {
  const before = bind(path)
  const client = bind(null, { peer: path, reconnect: 'auto' })
  await before.close()
  const after = bind(path)
  await client.sendMany(['a', 'b', 'c'].map((data) => ({ data })))
  t.deepEqual(await texts(after, 3), ['a', 'b', 'c'])
  dispose(client, after)
})

test.serial('auto: sends that wait for a full server go to the one after it', async (t) => {
  const before = bind(path)
  const client = bind(null, { peer: path, reconnect: 'auto' })
  fill(client)
  const waiting = ['a', 'b'].map((word) => said(client.send(word)))
  t.is(await stateOf(Promise.all(waiting)), 'pending')
  // In one turn with the next line: the new one is there before anybody learns that the old one has gone.
  before.detach().close()
  const after = bind(path, { replace: 'stale' })
  t.deepEqual(await Promise.all(waiting), ['sent', 'sent'])
  t.deepEqual(await texts(after, 2), ['a', 'b'])
  dispose(client, after)
})

test.serial('auto: a datagram with an address of its own is no reason to connect', async (t) => {
  const before = bind(path)
  const client = bind(null, { peer: path, reconnect: 'auto' })
  await before.close()
  const after = bind(path)
  t.is(await said(client.send('a', { to: join(folder, 'nobody') })), 'sendmsg ENOENT')
  t.is(client.peerAddress, path)
  t.is(after.tryRecv(), 'again')
  dispose(client, after)
})

async function assertTold(
  t: ExecutionContext,
  client: UnixSocket<'dgram'>,
  before: UnixSocket<'dgram'>,
): Promise<void> {
  await before.close()
  const after = bind(path)
  t.deepEqual(
    [await said(client.send('a')), await said(client.send('b')), await said(client.send('c'))],
    ['sendmsg ECONNREFUSED', 'sendmsg ENOTCONN', 'sendmsg ENOTCONN'],
  )
  t.is(after.tryRecv(), 'again')
  dispose(client, after)
}

test.serial('never, the default: ECONNREFUSED once, then ENOTCONN, though a new server is there', async (t) => {
  let before = bind(path)
  await assertTold(t, await connect(path, { type: 'dgram' }), before)
  before = bind(path)
  await assertTold(t, bind(null, { peer: path, reconnect: 'never' }), before)
})

test.serial('it is for datagram sockets with a peer, and takes two words', async (t) => {
  const stream = { type: 'stream', reconnect: 'auto' } as object
  await t.throwsAsync(connect(path, stream), { code: 'ERR_INVALID_ARG_VALUE', message: /reconnect/ })
  t.throws(() => bind(null, { reconnect: 'auto' }), { code: 'ERR_INVALID_ARG_VALUE', message: /reconnect/ })
  t.throws(() => bind(null, { peer: path, reconnect: 'always' as 'auto' }), { code: 'ERR_INVALID_ARG_VALUE' })
})
