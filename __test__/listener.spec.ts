// UnixListener: connections in order, none lost, whatever aborts, closes or runs out.
import { once } from 'node:events'
import { existsSync, unlinkSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { connect, listen, UnixListener, type UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'
import { stateOf } from './helpers/turns.js'

const dir = guard(test)
const path = join(dir, 'sock')

async function close(...objects: { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

/** Clients that have each sent their number. */
async function clients(count: number): Promise<UnixSocket[]> {
  const sockets: UnixSocket[] = []
  for (let number = 0; number < count; number++) {
    const socket = await connect(path)
    await socket.send(String(number))
    sockets.push(socket)
  }
  return sockets
}

async function numberOf(socket: UnixSocket): Promise<number> {
  return Number((await socket.recv())?.data)
}

test.serial('accept waits for a client, and clients come in the order in which they connected', async (t) => {
  const listener = listen(path)
  const pending = [listener.accept(), listener.accept(), listener.accept()]
  t.is(await stateOf(Promise.race(pending)), 'pending')
  const opened = await clients(3)
  const servers = await Promise.all(pending)
  t.deepEqual(await Promise.all(servers.map(numberOf)), [0, 1, 2])
  await close(listener, ...opened, ...servers)
})

test.serial('an accept that was aborted or timed out loses no connection', async (t) => {
  const listener = listen(path)
  const controller = new AbortController()
  const aborted = listener.accept({ signal: controller.signal })
  await t.throwsAsync(listener.accept({ timeout: 1 }), { code: 'ETIMEDOUT', message: 'accept ETIMEDOUT' })
  controller.abort('enough')
  t.is((await t.throwsAsync(aborted, { name: 'AbortError', code: 'ABORT_ERR' })).cause, 'enough')
  const opened = await clients(1)
  const server = await listener.accept({ timeout: 0 })
  t.is(await numberOf(server), 0)
  await close(listener, server, ...opened)
})

test.serial('close rejects what waits, and every later accept', async (t) => {
  const listener = listen(path)
  const pending = [listener.accept(), listener.accept()]
  await listener.close()
  for (const promise of pending) await t.throwsAsync(promise, { code: 'ERR_SOCKET_CLOSED' })
  await t.throwsAsync(listener.accept(), { code: 'ERR_SOCKET_CLOSED' })
  t.throws(() => listener.takeAccepted(), { code: 'ERR_SOCKET_CLOSED' })
  t.throws(() => listener.detach(), { code: 'ERR_SOCKET_CLOSED' })
  t.deepEqual([listener.fd, listener.closed], [-1, true])
})

test.serial('close may be called again, and dispose does the same', async (t) => {
  for (const end of ['close', Symbol.dispose, Symbol.asyncDispose] as const) {
    const listener = listen(path)
    await listener[end]()
    t.true(listener.closed)
    await listener.close()
    await listener[end]()
    t.false(existsSync(path))
  }
})

test.serial('a client in the backlog when the listener closes sees the end', async (t) => {
  const listener = listen(path)
  const client = await connect(path)
  await listener.close()
  await t.throwsAsync(client.recv(), { code: 'ECONNRESET' })
  await client.close()
})

test.serial('the loop gives connections until the listener is closed', async (t) => {
  const listener = listen(path)
  const opened = await clients(3)
  const numbers: number[] = []
  for await (const server of listener) {
    numbers.push(await numberOf(server))
    await server.close()
    if (numbers.length === 3) await listener.close()
  }
  t.deepEqual(numbers, [0, 1, 2])
  for await (const server of listener) t.fail(`a closed listener gave ${server.fd}`)
  await close(...opened)
})

test.serial('a loop that waits ends when the listener is closed', async (t) => {
  const listener = listen(path)
  const next = listener[Symbol.asyncIterator]().next()
  t.is(await stateOf(next), 'pending')
  await listener.close()
  t.deepEqual(await next, { done: true, value: undefined })
})

test.serial('breaking the loop loses none: the next loop, accept or takeAccepted has them', async (t) => {
  const listener = listen(path)
  const opened = await clients(4)
  const servers: UnixSocket[] = []
  for await (const server of listener) {
    servers.push(server)
    break
  }
  for await (const server of listener) {
    servers.push(server)
    break
  }
  servers.push(await listener.accept({ timeout: 0 }))
  const held = listener.takeAccepted()
  t.is(held.length, 1)
  t.deepEqual(listener.takeAccepted(), [])
  t.deepEqual(await Promise.all([...servers, ...held].map(numberOf)), [0, 1, 2, 3])
  await close(listener, ...opened, ...servers, ...held)
})

test.serial('what was accepted ahead is closed with the listener, and its client sees the end', async (t) => {
  const listener = listen(path)
  const opened = [await connect(path), await connect(path)]
  const { value } = await listener[Symbol.asyncIterator]().next()
  await listener.close()
  t.is(await opened[1]?.recv(), null)
  await close(value, ...opened)
})

test.serial('aborting its signal closes it; an aborted signal makes none', async (t) => {
  const controller = new AbortController()
  const listener = listen(path, { signal: controller.signal })
  const pending = listener.accept()
  controller.abort()
  await t.throwsAsync(pending, { code: 'ERR_SOCKET_CLOSED' })
  t.true(listener.closed)
  t.false(existsSync(path))
  t.throws(() => listen(path, { signal: controller.signal }), { code: 'ABORT_ERR' })
  t.false(existsSync(path))
})

test.serial('a listening descriptor of net, such as one of activation, can be adopted', async (t) => {
  const server = net.createServer().listen(path)
  await once(server, 'listening')
  const { fd } = (server as unknown as { _handle: { fd: number } })._handle
  const listener = UnixListener.adopt(fd)
  t.is(listener.address, path)
  const client = await connect(path)
  const accepted = await listener.accept()
  t.is(accepted.localAddress, path)
  listener.detach().detach()
  t.true(existsSync(path))
  await close(client, accepted)
  await new Promise((resolve) => server.close(resolve))
})

test.serial('the options of a wrong kind are refused before anything is made', (t) => {
  const outOfRange = { code: 'ERR_OUT_OF_RANGE' }
  t.throws(() => listen(path, { backlog: -1 }), outOfRange)
  t.throws(() => listen(path, { backlog: 65_536 }), outOfRange)
  t.throws(() => listen(path, { maxConnections: 0 }), outOfRange)
  t.throws(() => listen(path, { maxFds: 254 }), outOfRange)
  t.throws(() => listen(path, { replace: 'always' as 'never' }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => listen(path, { signal: {} as AbortSignal }), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => listen(path, null as unknown as object), { code: 'ERR_INVALID_ARG_TYPE' })
  t.false(existsSync(path))
})

test.serial('the file of a detached descriptor is no longer removed, whoever adopts it', async (t) => {
  const owned = listen(path).detach()
  const listener = UnixListener.adopt(owned)
  t.true(owned.closed)
  await listener.close()
  t.true(existsSync(path))
  unlinkSync(path)
})

test.serial('a burst of clients who then stay are all given to a loop, whatever one turn may do', async (t) => {
  const listener = listen(path)
  const sockets: UnixSocket[] = await Promise.all(Array.from({ length: 200 }, () => connect(path)))
  let count = 0
  for await (const socket of listener) {
    sockets.push(socket)
    if (++count === 200) break
  }
  t.is(count, 200)
  await close(...sockets, listener)
})

test.serial('who does not wait is given a client that came after a loop found no more', async (t) => {
  const listener = listen(path)
  const sockets: UnixSocket[] = [await connect(path)]
  for await (const socket of listener) {
    sockets.push(socket)
    break
  }
  sockets.push(await connect(path))
  sockets.push(await listener.accept({ timeout: 0 }))
  t.is(sockets.length, 4)
  await close(...sockets, listener)
})
