// Where the kernel has no identity to give, nobody gets one: what has no peer is an error for both questions, by every way in.
import { execFileSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { constants, unlinkSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { bind, type FdSource, listen, openSocket, pair, peerCredentials, peerProcess } from '../index.js'
import { closeSync, openSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const path = join(folder, 'sock')

type Case = [what: string, make: () => Promise<[FdSource, () => unknown]>]

function closable<S extends { readonly fd: number; close(): unknown }>(source: S): [FdSource, () => unknown] {
  return [source, () => source.close()]
}

const cases: Case[] = [
  ['a net.Socket connected over TCP', () => connectedTcp(false)],
  ['a net.Socket accepted over TCP', () => connectedTcp(true)],
  ['a net.Server that listens on TCP', () => listeningServer({ port: 0, host: '127.0.0.1' })],
  ['a net.Server that listens on a path', () => listeningServer({ path })],
  ['a dgram.Socket', boundUdp],
  ['a connected dgram.Socket', connectedUdp],
  ['a TCP socket of openSocket', async () => closable(openSocket('inet', 'stream'))],
  ['a UDP socket of openSocket', async () => closable(openSocket('inet', 'dgram'))],
  ['a UDP socket of IPv6', async () => closable(openSocket('inet6', 'dgram'))],
  ['a connected UDP socket of openSocket', connectedOwnUdp],
  ['a netlink socket', async () => closable(openSocket('netlink', 'raw'))],
  ['an unconnected stream socket', async () => closable(openSocket('unix', 'stream'))],
  ['an unconnected seqpacket socket', async () => closable(openSocket('unix', 'seqpacket'))],
  ['an unconnected datagram socket', async () => closable(openSocket('unix', 'dgram'))],
  ['a bound datagram socket', boundByName],
  ['a datagram socket that is connected by name', connectedByName],
  ['a listening stream socket', async () => closable(listen(path))],
  ['a listening seqpacket socket', async () => closable(listen(path, { type: 'seqpacket' }))],
  ['a file', openFile],
  ['a FIFO', openFifo],
  ['a process handle', ownProcess],
]

async function connectedTcp(other: boolean): Promise<[FdSource, () => unknown]> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = net.connect((server.address() as net.AddressInfo).port, '127.0.0.1')
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [net.Socket],
    unknown,
  ]
  const close = async (): Promise<void> => {
    const closed = [client, accepted].map((socket) => once(socket, 'close'))
    for (const socket of [client, accepted]) socket.destroy()
    await Promise.all(closed)
    await new Promise((resolve) => server.close(resolve))
  }
  return [other ? accepted : client, close]
}

async function listeningServer(where: net.ListenOptions): Promise<[FdSource, () => unknown]> {
  const server = net.createServer().listen(where)
  await once(server, 'listening')
  return [server, () => new Promise((resolve) => server.close(resolve))]
}

async function boundUdp(): Promise<[FdSource, () => unknown]> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return [socket, () => new Promise<void>((resolve) => socket.close(resolve))]
}

async function connectedUdp(): Promise<[FdSource, () => unknown]> {
  const socket = createSocket('udp4')
  socket.connect(9, '127.0.0.1')
  await once(socket, 'connect')
  return [socket, () => new Promise<void>((resolve) => socket.close(resolve))]
}

async function connectedOwnUdp(): Promise<[FdSource, () => unknown]> {
  const socket = openSocket('inet', 'dgram')
  socket.connect({ address: '127.0.0.1', port: 9 })
  return closable(socket)
}

async function boundByName(): Promise<[FdSource, () => unknown]> {
  return closable(bind(path))
}

async function connectedByName(): Promise<[FdSource, () => unknown]> {
  const receiver = bind(path)
  const sender = bind(null, { peer: path })
  return [sender, () => Promise.all([receiver.close(), sender.close()])]
}

async function openFile(): Promise<[FdSource, () => unknown]> {
  const file = join(folder, 'file')
  const fd = openSync(file, 'w')
  unlinkSync(file)
  return [fd, () => closeSync(fd)]
}

async function openFifo(): Promise<[FdSource, () => unknown]> {
  const file = join(folder, 'fifo')
  execFileSync('mkfifo', [file])
  const fd = openSync(file, constants.O_RDWR)
  unlinkSync(file)
  return [fd, () => closeSync(fd)]
}

async function ownProcess(): Promise<[FdSource, () => unknown]> {
  const [left, right] = pair()
  const handle = peerProcess(left)
  await Promise.all([left.close(), right.close()])
  if (handle === null) throw new Error('No process')
  return closable(handle)
}

for (const [what, make] of cases) {
  test.serial(
    `${what} has no peer: ERR_NO_IDENTITY for who it is and for its process, also when asked anew`,
    async (t) => {
      const [source, close] = await make()
      try {
        const none = { code: 'ERR_NO_IDENTITY', message: /no peer identity/ }
        t.throws(() => peerCredentials(source), none)
        t.throws(() => peerCredentials(source, { fresh: true }), none)
        t.throws(() => peerProcess(source), none)
      } finally {
        await close()
      }
    },
  )
}

test.serial('what is closed is ERR_SOCKET_CLOSED for both', async (t) => {
  const [left, right] = pair()
  const owned = right.detach()
  const listener = listen(path)
  await Promise.all([left.close(), owned.close(), listener.close()])
  for (const source of [left, right, owned, listener, new net.Socket()]) {
    t.throws(() => peerCredentials(source), { code: 'ERR_SOCKET_CLOSED' })
    t.throws(() => peerProcess(source), { code: 'ERR_SOCKET_CLOSED' })
  }
})

test.serial('a number that is not open is EBADF, what is no descriptor is refused', (t) => {
  t.throws(() => peerCredentials(0x7ffffff), { code: 'EBADF' })
  t.throws(() => peerProcess(0x7ffffff), { code: 'EBADF' })
  for (const wrong of [undefined, null, 'sock', {}, -1, 1.5]) {
    for (const ask of [peerCredentials, peerProcess]) {
      const error = t.throws<NodeJS.ErrnoException>(() => ask(wrong as unknown as FdSource))
      t.regex(String(error?.code), /^ERR_(INVALID_ARG_TYPE|OUT_OF_RANGE)$/)
    }
  }
})

test.serial('a stream socket whose peer has closed still tells who that was', async (t) => {
  const [left, right] = pair()
  await right.close()
  t.is(peerCredentials(left, { fresh: true }).pid, process.pid)
  const handle = peerProcess(left)
  t.is(handle?.pid, process.pid)
  handle?.close()
  await left.close()
})
