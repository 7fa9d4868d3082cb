// The identity of a connection is asked for once and remembered with the object that stands for it, never longer.
import { once } from 'node:events'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { type FdSource, OwnedFd, openSocket, pair, peerCredentials, UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'
import { nativeCalls } from './helpers/native-calls.js'
import { type Kit, type Script, start } from './helpers/script.js'

const folder = guard(test)
const path = join(folder, 'sock')

/** How often the kernel was asked. */
async function questions(action: () => unknown): Promise<number> {
  return (await nativeCalls(action)).filter((name) => name === 'peerFacts').length
}

/** A net.Socket that is connected to a server of ours. */
async function connected(): Promise<[net.Socket, close: () => Promise<void>]> {
  const server = net.createServer((socket) => socket.resume().on('end', () => socket.end())).listen(path)
  await once(server, 'listening')
  const client = net.connect(path)
  await once(client, 'connect')
  const close = async (): Promise<void> => {
    client.resume().end()
    await once(client, 'close')
    await new Promise((resolve) => server.close(resolve))
  }
  return [client, close]
}

const objects: [what: string, make: () => Promise<[FdSource, () => unknown]>][] = [
  ['UnixSocket', ofPair((socket) => socket)],
  ['OwnedFd', ofPair((socket) => socket.detach())],
  ['net.Socket', connected],
]

function ofPair(make: (socket: UnixSocket) => UnixSocket | OwnedFd): () => Promise<[FdSource, () => unknown]> {
  return async () => {
    const [left, right] = pair()
    const object = make(right)
    return [object, () => Promise.all([left.close(), object.close()])]
  }
}

for (const [what, make] of objects) {
  test.serial(`the identity of a ${what} is one object, frozen, and asked for once`, async (t) => {
    const [source, close] = await make()
    const found: unknown[] = []
    const asked = await questions(() => {
      for (let count = 0; count < 5; count++) found.push(peerCredentials(source))
    })
    t.is(asked, 1)
    t.is(new Set(found).size, 1)
    const who = peerCredentials(source)
    t.true(Object.isFrozen(who))
    for (const part of [who.effective, who.groups, who.sources, who.sources.pid]) t.true(Object.isFrozen(part))
    for (const part of [who.real, who.saved]) t.true(part === null || Object.isFrozen(part))
    t.throws(() => Object.assign(who, { uid: 0x1234 }), { instanceOf: TypeError })
    t.is(peerCredentials(source).uid, process.geteuid?.() as number)
    await close()
  })

  test.serial(`with fresh a ${what} is asked again, and the new answer is the one that is remembered`, async (t) => {
    const [source, close] = await make()
    const first = peerCredentials(source)
    t.is(await questions(() => t.is(peerCredentials(source, { fresh: false }), first)), 0)
    t.is(await questions(() => t.is(peerCredentials(source, {}), first)), 0)
    let second = first
    const asked = await questions(() => {
      second = peerCredentials(source, { fresh: true })
    })
    t.is(asked, 1)
    t.not(second, first)
    t.is(second.pid, first.pid)
    t.is(await questions(() => t.is(peerCredentials(source), second)), 0)
    await close()
  })

  test.serial(`a closed ${what} is ERR_SOCKET_CLOSED, also if it is remembered`, async (t) => {
    const [source, close] = await make()
    peerCredentials(source)
    await close()
    for (const options of [undefined, {}, { fresh: false }, { fresh: true }])
      t.throws(() => peerCredentials(source, options), { code: 'ERR_SOCKET_CLOSED' })
  })
}

test.serial('a number is asked about every time: it may be another socket by now', async (t) => {
  const [left, right] = pair()
  const found: unknown[] = []
  const asked = await questions(() => {
    for (let count = 0; count < 3; count++) found.push(peerCredentials(left.fd))
  })
  t.is(asked, 3)
  t.is(new Set(found).size, 3)
  await Promise.all([left.close(), right.close()])
})

test.serial('what only has a number as its fd is asked about every time', async (t) => {
  const [left, right] = pair()
  const object = { fd: left.fd }
  t.is(
    await questions(() => {
      t.is(peerCredentials(object).pid, process.pid)
      t.is(peerCredentials(object).pid, process.pid)
    }),
    2,
  )
  await Promise.all([left.close(), right.close()])
})

test.serial('an error is not remembered', async (t) => {
  const socket = openSocket('unix', 'stream')
  const asked = await questions(() => {
    for (let count = 0; count < 2; count++) t.throws(() => peerCredentials(socket))
  })
  t.is(asked, 2)
  socket.close()
})

test.serial('a number or object that is used again does not inherit the identity of the one before', async (t) => {
  const server = start(serve, [path])
  await server.next()
  const [left, right] = pair()
  t.is(peerCredentials(right).pid, process.pid)
  await Promise.all([left.close(), right.close()])
  const socket = net.connect(path)
  await once(socket, 'connect')
  t.is(peerCredentials(socket).pid, server.pid)
  const adopted = UnixSocket.adopt(OwnedFd.dup(socket))
  t.is(peerCredentials(adopted).pid, server.pid)
  await adopted.close()
  socket.destroy()
  await once(socket, 'close')
  server.tell('go')
  await server.end()
})

test.serial('a net.Socket that is connected again shows its new peer', async (t) => {
  const paths = [path, `${path}2`] as const
  const servers = paths.map((address) => start(serve, [address]))
  await Promise.all(servers.map((server) => server.next()))
  const socket = net.connect(paths[0])
  await once(socket, 'connect')
  t.is(peerCredentials(socket).pid, (servers[0] as Script).pid)
  socket.destroy()
  await once(socket, 'close')
  t.throws(() => peerCredentials(socket), { code: 'ERR_SOCKET_CLOSED' })
  socket.connect(paths[1])
  await once(socket, 'connect')
  t.is(peerCredentials(socket).pid, (servers[1] as Script).pid)
  t.is(peerCredentials(socket), peerCredentials(socket))
  socket.destroy()
  await once(socket, 'close')
  for (const server of servers) server.tell('go')
  await Promise.all(servers.map((server) => server.end()))
})

/** Keeps its connections until it is told. */
async function serve({ require, tell, told }: Kit, address: string): Promise<void> {
  const { createServer } = require('node:net') as typeof net
  const sockets = new Set<net.Socket>()
  const server = createServer((socket) => sockets.add(socket.on('error', () => {})))
  await new Promise<void>((resolve) => server.listen(address, resolve))
  await tell('listening')
  await told()
  for (const socket of sockets) socket.destroy()
  await new Promise((resolve) => server.close(resolve))
}

test.serial('what is no boolean for fresh is refused', async (t) => {
  const [left, right] = pair()
  for (const fresh of [1, 'yes', null])
    t.throws(() => peerCredentials(left, { fresh: fresh as unknown as boolean }), { code: 'ERR_INVALID_ARG_TYPE' })
  await Promise.all([left.close(), right.close()])
})
