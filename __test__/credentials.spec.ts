// Promise 6, the peer of a connection: what the kernel proved when it was made, on anything that has a descriptor. Where it
// proved nothing there is an error, never a plausible number.

import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { chmodSync, readFileSync, unlinkSync } from 'node:fs'
import { createServer, get } from 'node:http'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import {
  bind,
  type Credentials,
  capabilities,
  connect,
  type FdSource,
  listen,
  OwnedFd,
  openSocket,
  pair,
  peerCredentials,
} from '../index.js'
import { closeSync, openSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { isRoot, type Kit, start } from './helpers/script.js'

const dir = guard(test)
const path = join(dir, 'sock')
const own = { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() }

/** In another user namespace the id of nobody may stand for anybody, and is not told. */
const everyIdIsMapped = /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'))

test.serial('a UnixSocket, its OwnedFd, its number and a dup all tell the same peer', async (t) => {
  const [left, right] = pair()
  const copy = OwnedFd.dup(left)
  for (const source of [left, right, left.fd, copy, copy.fd]) t.like(peerCredentials(source), own)
  const owned = left.detach()
  t.like(peerCredentials(owned), own)
  owned.close()
  copy.close()
  await right.close()
})

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`both ends of a ${type} pair name the process that made it`, async (t) => {
    const [left, right] = pair(type)
    t.like(peerCredentials(left), own)
    t.like(peerCredentials(right), own)
    await Promise.all([left.close(), right.close()])
  })
}

test.serial('each field says where it comes from and when it was true; what the kernel does not tell is null', (t) => {
  const [left, right] = pair()
  const began = Date.now()
  const found = peerCredentials(left)
  const told = { source: 'SO_PEERCRED', when: 'connect' } as const
  t.like(found.sources, { pid: told, uid: told, gid: told, effective: told })
  t.like(found, { when: 'connect', effective: { uid: own.uid, gid: own.gid } })
  // Not every kernel tells these.
  for (const [field, id] of [
    ['real', { uid: process.getuid?.(), gid: process.getgid?.() }],
    ['saved', { uid: own.uid, gid: own.gid }],
  ] as const) {
    const available = capabilities().processIds.available
    t.deepEqual(found[field] as object | null, available ? id : null)
    t.is(field in found.sources, available)
    if (available) t.like(found.sources[field], { source: 'PIDFD_GET_INFO', when: 'query' })
    const at = found.sources[field]?.at ?? 0
    if (available) t.true(at >= began && at <= Date.now())
  }
  t.is(found.label === null, !('label' in found.sources))
  left.close()
  right.close()
})

test.serial('the groups are those of the peer when it connected', (t) => {
  const [left, right] = pair()
  const { groups, sources } = peerCredentials(left)
  const expected = readFileSync('/proc/self/status', 'utf8')
    .match(/^Groups:(.*)$/m)?.[1]
    ?.trim()
    .split(/\s+/)
    .filter(Boolean)
  t.deepEqual(groups, expected?.map(Number))
  t.deepEqual(sources.groups, { source: 'SO_PEERGROUPS', when: 'connect' })
  left.close()
  right.close()
})

test.serial('a net.Socket on either side is known without being touched', async (t) => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const client = net.connect(path)
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [net.Socket],
    unknown,
  ]
  t.like(peerCredentials(client), own)
  t.like(peerCredentials(accepted), own)
  client.end('still works')
  t.is(String(await once(accepted, 'data')), 'still works')
  accepted.destroy()
  await new Promise((resolve) => server.close(resolve))
  t.throws(() => peerCredentials(accepted), { code: 'ERR_SOCKET_CLOSED' })
})

test.serial('req.socket of an HTTP server tells who asks', async (t) => {
  const server = createServer((request, response) => response.end(JSON.stringify(peerCredentials(request.socket))))
  await new Promise<void>((resolve) => server.listen(path, resolve))
  const request = get({ socketPath: path, agent: false })
  const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage]
  let body = ''
  for await (const chunk of response) body += chunk
  t.like(JSON.parse(body), own)
  await new Promise((resolve) => server.close(resolve))
})

const users = isRoot ? [0, 1234, 65_534] : [process.getuid?.() ?? -1]

for (const uid of users) {
  test.serial(`a client process of user ${isRoot ? uid : 'ours'} is known by its pid, uid and gid`, async (t) => {
    chmodSync(dir, 0o755)
    const gid = isRoot ? uid : (process.getgid?.() ?? -1)
    const listener = listen(path, { mode: 0o666 })
    const client = start(connectAndWait, [path], isRoot ? { uid, gid } : {})
    const socket = await listener.accept()
    const seen = peerCredentials(socket)
    const isNobody = uid === 65_534 && !everyIdIsMapped
    t.like(seen, isNobody ? { pid: client.pid, uid: null, gid: null } : { pid: client.pid, uid, gid })
    if (isRoot && uid !== 0) t.deepEqual(seen.groups, [])
    client.tell('go')
    // Who connected stays who connected, also when it has ended.
    await client.end()
    t.like(peerCredentials(socket), { pid: client.pid })
    await Promise.all([socket.close(), listener.close()])
  })
}

async function connectAndWait({ ancillary, told }: Kit, address: string): Promise<void> {
  await ancillary.connect(address)
  await told()
}

test.serial('a client sees who called listen, whoever accepts', async (t) => {
  const server = start(listenAndServe, [path])
  await server.next()
  const socket = await connect(path)
  t.like(peerCredentials(socket), { ...own, pid: server.pid })
  server.tell('go')
  await Promise.all([server.end(), socket.close()])
})

async function listenAndServe({ ancillary, tell, told }: Kit, address: string): Promise<void> {
  const listener = ancillary.listen(address)
  await tell('listening')
  await told()
  await listener.close()
}

/** Runs `look` with a source that has no peer identity, and closes it. */
type Case = [what: string, make: () => Promise<[FdSource, () => unknown]>]

const faceless: Case[] = [
  ['a connected TCP socket', connectedTcp],
  ['a UDP socket', boundUdp],
  ['an unconnected stream socket', async () => closable(openSocket('unix', 'stream'))],
  ['an unconnected seqpacket socket', async () => closable(openSocket('unix', 'seqpacket'))],
  ['an unconnected datagram socket', async () => closable(bind())],
  ['a listening socket', async () => closable(listen(path))],
  ['a listening net.Server', listeningServer],
  ['a datagram socket connected by name', connectedByName],
  ['a file', openFile],
]

function closable<S extends { readonly fd: number; close(): unknown }>(source: S): [FdSource, () => unknown] {
  return [source, () => source.close()]
}

async function connectedTcp(): Promise<[FdSource, () => unknown]> {
  const server = net.createServer((socket) => socket.on('end', () => socket.end()).resume()).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  await once(client, 'connect')
  const close = async (): Promise<void> => {
    client.end().resume()
    await once(client, 'close')
    await new Promise((resolve) => server.close(resolve))
  }
  return [client, close]
}

async function boundUdp(): Promise<[FdSource, () => unknown]> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return [socket, () => new Promise<void>((resolve) => socket.close(resolve))]
}

async function listeningServer(): Promise<[FdSource, () => unknown]> {
  const server = net.createServer().listen(path)
  await once(server, 'listening')
  return [server, () => new Promise((resolve) => server.close(resolve))]
}

async function connectedByName(): Promise<[FdSource, () => unknown]> {
  const receiver = bind(path)
  const sender = bind(null, { peer: path })
  return [sender, () => Promise.all([receiver.close(), sender.close()])]
}

async function openFile(): Promise<[FdSource, () => unknown]> {
  const file = join(dir, 'file')
  const fd = openSync(file, 'w')
  unlinkSync(file)
  return [fd, () => closeSync(fd)]
}

for (const [what, make] of faceless) {
  test.serial(`${what} has no identity to give: ERR_NO_IDENTITY`, async (t) => {
    const [source, close] = await make()
    try {
      const found = t.throws<Error & Partial<Credentials>>(() => peerCredentials(source), { code: 'ERR_NO_IDENTITY' })
      t.is(found.uid, undefined)
    } finally {
      await close()
    }
  })
}

test.serial('what is closed, or no descriptor at all, is an error of its own', async (t) => {
  const [left, right] = pair()
  await Promise.all([left.close(), right.close()])
  t.throws(() => peerCredentials(left), { code: 'ERR_SOCKET_CLOSED' })
  t.throws(() => peerCredentials(0x7ffffff), { code: 'EBADF' })
  for (const wrong of [undefined, null, 'sock', {}, -1]) {
    const error = t.throws<NodeJS.ErrnoException>(() => peerCredentials(wrong as unknown as FdSource))
    t.regex(String(error.code), /^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/)
  }
})
