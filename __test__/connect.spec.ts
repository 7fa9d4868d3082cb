// connect, bind and pair: how sockets come to be, and how long one waits for its turn.
import { existsSync, readdirSync, symlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, listen, pair, type UnixListener, type UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'
import { nativeCalls } from './helpers/native-calls.js'
import { type Kit, run, start } from './helpers/script.js'
import { stateOf } from './helpers/turns.js'

const dir = guard(test)
const path = join(dir, 'sock')

async function close(...objects: { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

/** A listener that has no room for another connection, and the client that took the last place. */
async function fullListener(): Promise<[UnixListener, UnixSocket]> {
  const listener = listen(path, { backlog: 0 })
  return [listener, await connect(path)]
}

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`a ${type} client and its server talk both ways`, async (t) => {
    const listener = listen(path, { type })
    const client = await connect(path, { type })
    const server = await listener.accept()
    t.is(client.type, type)
    t.is(server.type, type)
    await client.send('ping')
    t.is(String((await server.recv())?.data), 'ping')
    await server.send('pong')
    t.is(String((await client.recv())?.data), 'pong')
    await close(client, server, listener)
  })
}

test.serial('a stream is what one gets without a type', async (t) => {
  const listener = listen(path)
  const client = await connect(path)
  const [left, right] = pair()
  t.deepEqual([listener.type, client.type, left.type], ['stream', 'stream', 'stream'])
  await close(client, listener, left, right)
})

test.serial('a datagram socket connects to a name and is answered there', async (t) => {
  const server = bind(path)
  const client = await connect(path, { type: 'dgram', localAddress: join(dir, 'client') })
  t.is(client.peerAddress, path)
  await client.send('ping')
  const { data, from } = await server.recv()
  t.is(String(data), 'ping')
  await server.send('pong', { to: from ?? '' })
  t.is(String((await client.recv()).data), 'pong')
  await close(server, client)
})

test.serial('bind with a peer connects to it: no destination is needed, and strangers are kept out', async (t) => {
  const server = bind(path)
  const client = bind(join(dir, 'client'), { peer: path })
  t.is(client.peerAddress, path)
  t.is(client.localAddress, join(dir, 'client'))
  await client.send('ping')
  t.is((await server.recv()).from, join(dir, 'client'))
  const stranger = bind()
  await t.throwsAsync(stranger.send('x', { to: join(dir, 'client') }), { code: 'EPERM' })
  await close(server, client, stranger)
})

test.serial('bind whose peer is not there leaves neither a socket nor a file', (t) => {
  t.throws(() => bind(join(dir, 'client'), { peer: path }), { message: `connect ENOENT ${path}` })
  t.deepEqual(readdirSync(dir), [])
})

test.serial('a symbolic link leads to the socket that it points to', async (t) => {
  const listener = listen(path)
  const link = join(dir, 'link')
  symlinkSync(path, link)
  const client = await connect(link)
  t.is(client.peerAddress, link)
  unlinkSync(link)
  await close(client, listener)
})

test.serial('connect to a full backlog waits until somebody accepts', async (t) => {
  const [listener, first] = await fullListener()
  const pending = connect(path)
  t.is(await stateOf(pending), 'pending')
  const servers = [await listener.accept()]
  const second = await pending
  servers.push(await listener.accept())
  await second.send('mine')
  t.is(String((await servers[1]?.recv())?.data), 'mine')
  await close(first, second, listener, ...servers)
})

test.serial('all of many that wait get their turn', async (t) => {
  const listener = listen(path, { backlog: 1 })
  const clients = Array.from({ length: 20 }, () => connect(path))
  const servers = await Promise.all(clients.map(() => listener.accept()))
  t.is(new Set(servers.map(({ fd }) => fd)).size, 20)
  await close(listener, ...servers, ...(await Promise.all(clients)))
})

test.serial('while it waits it tries a few times, not all the time', async (t) => {
  const [listener, first] = await fullListener()
  const calls = await nativeCalls(() => t.throwsAsync(connect(path, { timeout: 300 }), { code: 'ETIMEDOUT' }))
  const attempts = calls.filter((name) => name === 'connect').length
  // Delays double from 1 ms: there is no time for more than these. A loop would make thousands.
  t.true(attempts > 1 && attempts < 20, `${attempts} attempts`)
  await close(first, listener)
})

test.serial('a full backlog, a deadline and a signal: connect gives up and takes its socket along', async (t) => {
  const [listener, first] = await fullListener()
  const local = join(dir, 'client')
  const late = connect(path, { timeout: 5, localAddress: local })
  t.true(existsSync(local))
  await t.throwsAsync(late, { code: 'ETIMEDOUT', message: 'connect ETIMEDOUT' })
  const controller = new AbortController()
  const aborted = connect(path, { signal: controller.signal, localAddress: local })
  controller.abort('enough')
  t.is((await t.throwsAsync(aborted, { code: 'ABORT_ERR' })).cause, 'enough')
  t.deepEqual(readdirSync(dir), ['sock'])
  await close(first, listener)
})

test.serial('a listener that closes ends the waiting for it', async (t) => {
  const [listener, first] = await fullListener()
  const pending = connect(path)
  t.is(await stateOf(pending), 'pending')
  await listener.close()
  await t.throwsAsync(pending, { code: 'ENOENT' })
  await first.close()
})

test.serial('an aborted signal is an error before anything is opened', async (t) => {
  const listener = listen(path)
  const calls = await nativeCalls(() =>
    t.throwsAsync(connect(path, { signal: AbortSignal.abort() }), { code: 'ABORT_ERR' }),
  )
  t.deepEqual(calls, [])
  await t.throwsAsync(connect(path, { timeout: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  await t.throwsAsync(connect(path, { signal: 7 as unknown as AbortSignal }), { code: 'ERR_INVALID_ARG_TYPE' })
  await listener.close()
})

test.serial('what need not wait succeeds with a timeout of 0', async (t) => {
  const listener = listen(path)
  const client = await connect(path, { timeout: 0 })
  const server = await listener.accept({ timeout: 0 })
  t.false(client.closed)
  await close(client, server, listener)
})

test.serial('a pending connect keeps its process alive until it has come through', async (t) => {
  const [listener, first] = await fullListener()
  const client = start(connectOnly, [path])
  t.is(await client.next(), 'about to connect')
  // A process that nothing keeps alive is gone before another one has come and gone.
  await run(() => 'gone', [])
  const servers = [await listener.accept(), await listener.accept()]
  t.is(await client.next(), 'connected')
  t.is(await client.end(), 0)
  await close(first, listener, ...servers)
})

async function connectOnly({ ancillary, tell }: Kit, address: string): Promise<string> {
  await tell('about to connect')
  const socket = await ancillary.connect(address)
  await socket.close()
  return 'connected'
}

test.serial('a type that there is not is refused', async (t) => {
  const type = 'raw' as 'stream'
  await t.throwsAsync(connect(path, { type }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => pair(type), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => listen(path, { type }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => listen(path, { type: 'dgram' as 'stream' }), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.throwsAsync(connect(path, 7 as unknown as object), { code: 'ERR_INVALID_ARG_TYPE' })
})
