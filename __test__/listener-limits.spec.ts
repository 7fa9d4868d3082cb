// UnixListener at its limits: connections, descriptors, and what keeps the process alive.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { connect, listen, type UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'
import { type Kit, run, start } from './helpers/script.js'
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

test.serial('at maxConnections it stops accepting until one of them is closed or given away', async (t) => {
  const listener = listen(path, { maxConnections: 2 })
  const opened = await clients(4)
  const servers = [await listener.accept(), await listener.accept()]
  const third = listener.accept()
  t.is(await stateOf(third), 'pending')
  await servers[0]?.close()
  t.is(await numberOf(await third), 2)
  const fourth = listener.accept()
  t.is(await stateOf(fourth), 'pending')
  servers[1]?.detach().close()
  t.is(await numberOf(await fourth), 3)
  await close(listener, await third, await fourth, ...opened)
})

test.serial('a loop at maxConnections reads nothing ahead past it', async (t) => {
  const listener = listen(path, { maxConnections: 2 })
  const opened = await clients(3)
  const iterator = listener[Symbol.asyncIterator]()
  const servers = [(await iterator.next()).value, (await iterator.next()).value]
  const third = iterator.next()
  t.is(await stateOf(third), 'pending')
  await servers[0].close()
  servers.push((await third).value)
  t.is(await numberOf(servers[2]), 2)
  await close(listener, ...opened, ...servers)
})

test.serial('a listener at its limit can be closed by its own connections', async (t) => {
  const listener = listen(path, { maxConnections: 1 })
  const opened = await clients(2)
  const server = await listener.accept()
  const pending = listener.accept()
  t.is(await stateOf(pending), 'pending')
  await listener.close()
  await t.throwsAsync(pending, { code: 'ERR_SOCKET_CLOSED' })
  await close(server, ...opened)
})

test.serial(
  'out of descriptors its first accept waits, loses nobody, and goes on when there are some again',
  async (t) => {
    const seen = await run(acceptWithoutDescriptors, [path], { shell: 'ulimit -n 64' })
    t.deepEqual(seen, { exhausted: 'EMFILE', meanwhile: 'pending', data: 'patient', closed: false })
  },
)

async function acceptWithoutDescriptors({ ancillary, require }: Kit, address: string): Promise<object> {
  const { openSync, closeSync } = require('node:fs') as typeof import('node:fs')
  const listener = ancillary.listen(address)
  const client = await ancillary.connect(address)
  await client.send('patient')
  const files: number[] = []
  let exhausted = ''
  while (exhausted === '') {
    try {
      files.push(openSync('/dev/null', 'r'))
    } catch (error) {
      exhausted = String((error as NodeJS.ErrnoException).code)
    }
  }
  const pending = listener.accept()
  const late = new Promise<string>((resolve) => setImmediate(() => setImmediate(() => resolve('pending'))))
  const meanwhile = await Promise.race([pending, late])
  for (const fd of files) closeSync(fd)
  const server = await pending
  const data = String((await server.recv())?.data)
  const { closed } = listener
  await Promise.all([client.close(), server.close(), listener.close()])
  return { exhausted, meanwhile, data, closed }
}

test.serial('a pending accept keeps its process alive; an idle listener, or one without ref, does not', async (t) => {
  const waiting = start(listenAnd, [path, 'accept'])
  t.is(await waiting.next(), 'listening')
  const idle = start(listenAnd, [`${path}-idle`, 'nothing'])
  t.is(await idle.next(), 'listening')
  t.is(await idle.end(), 0)
  const unreferenced = start(listenAnd, [`${path}-unref`, 'accept, unref'])
  t.is(await unreferenced.next(), 'listening')
  t.is(await unreferenced.end(), 0)
  // By now one that nothing keeps alive is gone.
  const client = await connect(path)
  t.is(await waiting.next(), 'accepted')
  t.is(await waiting.end(), 0)
  await client.close()
  t.false(existsSync(path))
})

async function listenAnd({ ancillary, tell }: Kit, address: string, what: string): Promise<void> {
  const listener = ancillary.listen(address)
  await tell('listening')
  if (what === 'nothing') return
  const pending = listener.accept()
  if (what === 'accept, unref') listener.unref()
  const socket = await pending
  await tell('accepted')
  await socket.close()
  await listener.close()
}
