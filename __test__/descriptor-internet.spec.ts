// Internet sockets as descriptors: datagrams to and from addresses, names, and what a stream socket needs to connect.
import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import test from 'ava'
import { openSocket, type SocketError } from '../index.js'
import { guard } from './helpers/leaks.js'
import { stateOf } from './helpers/turns.js'

guard(test)
const SOL_SOCKET = 1
const SO_ERROR = 4

for (const [domain, type, address] of [
  ['inet', 'udp4', '127.0.0.1'],
  ['inet6', 'udp6', '::1'],
] as const) {
  // Not every machine has both.
  const there = Object.values(networkInterfaces()).some((all) => all?.some((one) => one.address === address))
  const run = there ? test.serial : test.serial.skip
  run(`${domain}: datagrams go to an address and tell where they came from`, async (t) => {
    const peer = createSocket(type).bind(0, address)
    await once(peer, 'listening')
    const port = (peer.address() as AddressInfo).port
    const socket = openSocket(domain, 'dgram', 'udp')
    socket.bind({ address })
    t.is(await socket.sendTo('to you', { address, port }), 6)
    const from = await arrival(peer)
    t.deepEqual([from.text, from.address], ['to you', address])
    const waiting = socket.recvFrom(100)
    t.is(await stateOf(waiting), 'pending')
    for (const text of ['and back', '', 'too long']) peer.send(text, from.port, address)
    t.deepEqual(await waiting, { data: Buffer.from('and back'), from: { address, port } })
    t.deepEqual(await socket.recvFrom(100), { data: Buffer.alloc(0), from: { address, port } })
    const error = (await t.throwsAsync(socket.recvFrom(3))) as SocketError
    t.deepEqual([error.code, error.length], ['ERR_MESSAGE_TRUNCATED', 8])
    socket.close()
    await new Promise<void>((resolve) => peer.close(() => resolve()))
  })
}

async function arrival(socket: Socket): Promise<{ text: string } & RemoteInfo> {
  const [data, from] = (await once(socket, 'message')) as [Buffer, RemoteInfo]
  return { text: data.toString(), ...from }
}

test.serial('a connected datagram socket writes and reads, and has an empty datagram, not an end', async (t) => {
  const peer = createSocket('udp4').bind(0, '127.0.0.1')
  await once(peer, 'listening')
  const socket = openSocket('inet', 'dgram', 'udp')
  socket.connect({ address: '127.0.0.1', port: (peer.address() as AddressInfo).port })
  await socket.writable()
  t.is(await socket.write(''), 0)
  const from = await arrival(peer)
  t.is(from.text, '')
  for (const text of ['', 'x']) peer.send(text, from.port, from.address)
  t.deepEqual([await socket.read(10), await socket.read(10)].map(String), ['', 'x'])
  socket.close()
  await new Promise<void>((resolve) => peer.close(() => resolve()))
})

test.serial('a stream socket begins to connect, is writable when connected, and reads to the end', async (t) => {
  const server = createServer((peer) => peer.pipe(peer)).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = openSocket('inet', 'stream', 'tcp')
  socket.connect({ address: '127.0.0.1', port: (server.address() as AddressInfo).port })
  await socket.writable()
  t.is(socket.getOption(SOL_SOCKET, SO_ERROR).readInt32LE(), 0)
  t.is(await socket.write('echo'), 4)
  t.is((await socket.read(10))?.toString(), 'echo')
  const ended = new Promise<void>((resolve) => server.close(() => resolve()))
  socket.close()
  await ended
})

test.serial('errors name the call and the address', async (t) => {
  const socket = openSocket('inet', 'dgram')
  const bindError = t.throws<SocketError>(() => socket.bind({ address: '192.0.2.1', port: 1 }))
  t.deepEqual([bindError?.code, bindError?.message], ['EADDRNOTAVAIL', 'bind EADDRNOTAVAIL 192.0.2.1'])
  t.throws(() => socket.bind({ address: 'localhost' }), { code: 'EINVAL' })
  t.throws(() => socket.connect({ address: '::1' }), { code: 'EAFNOSUPPORT' })
  await t.throwsAsync(socket.sendTo('x', { address: '::1', port: 1 }), { code: 'EAFNOSUPPORT' })
  await t.throwsAsync(socket.write('x'), { code: 'EDESTADDRREQ' })
  await t.throwsAsync(socket.recvFrom(1, { timeout: 0 }), { code: 'ETIMEDOUT', message: 'recvfrom ETIMEDOUT' })
  socket.close()
})
