// gen_unix, line by line: sockets (G1 to G10) and what its users pass over them (G17 to G20). The numbers are those of
// docs/guide/seeds.md.
import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { connect, hasCode, listen, OwnedFd, openSocket, pair } from '../index.js'
import { guard } from './helpers/leaks.js'
import { nativeCalls } from './helpers/native-calls.js'
import { echoRequest, hasIpv6, mayOpenRaw, readPackets } from './helpers/ping.js'
import { received } from './helpers/received.js'
import { isRoot, type Kit, start, unprivileged } from './helpers/script.js'
import { stateOf } from './helpers/turns.js'

const dir = guard(test)
const path = join(dir, 'sock')

async function close(...objects: { close(): unknown }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

function option(source: OwnedFd, name: number): number {
  return source.getOption(1, name).readInt32LE()
}

test.serial('G1 listen makes a Unix stream socket, binds it, listens, and gives its number', async (t) => {
  const listener = listen(path)
  const copy = OwnedFd.dup(listener.fd)
  t.true(Number.isInteger(listener.fd) && listener.fd > 2)
  t.true(statSync(path).isSocket())
  const [soType, soAcceptconn, soDomain] = [3, 30, 39]
  t.deepEqual([option(copy, soDomain), option(copy, soType), option(copy, soAcceptconn)], [1, 1, 1])
  t.is(copy.kind, 'unix-stream')
  await close(copy, listener)
})

test.serial('G2 listen takes a backlog, and has a large one without', async (t) => {
  const small = listen(path, { backlog: 0 })
  const first = await connect(path, { timeout: 0 })
  await t.throwsAsync(connect(path, { timeout: 0 }), { code: 'ETIMEDOUT' })
  await close(small, first)
  const usual = listen(path)
  const clients = await Promise.all(Array.from({ length: 100 }, () => connect(path, { timeout: 0 })))
  await close(usual, ...clients)
})

test.serial(
  'G3 a path that gen_unix refuses works, and what cannot work is refused before any system call',
  async (t) => {
    const long = `${dir}/`.padEnd(108, 'p')
    const listener = listen(long)
    t.is(readdirSync(dir)[0], long.slice(dir.length + 1))
    await close(listener)
    const calls = await nativeCalls(() => {
      t.throws(() => listen({ abstract: 'a'.repeat(108) }), { code: 'ERR_PATH_TOO_LONG' })
      t.throws(() => listen('/x'.repeat(1_000_000)), { code: 'ERR_PATH_TOO_LONG' })
    })
    t.deepEqual(calls, [])
  },
)

test.serial('G4 a path may be a string or bytes, and bytes are used as they are', async (t) => {
  for (const name of [Buffer.from('text'), Buffer.from([0xff, 0x01, 0xc3])]) {
    const listener = listen({ path: Buffer.concat([Buffer.from(`${dir}/`), name]) })
    t.deepEqual(readdirSync(dir, { encoding: 'buffer' }), [name])
    await close(listener)
  }
})

test.serial('G5 connect gives a socket; a missing server is ENOENT, a dead one ECONNREFUSED', async (t) => {
  await t.throwsAsync(connect(path), { code: 'ENOENT' })
  const listener = listen(path)
  const client = await connect(path)
  t.true(client.fd > 2)
  listener.detach().close()
  await t.throwsAsync(connect(path), { code: 'ECONNREFUSED' })
  await close(client, listen(path, { replace: 'stale' }))
})

test.serial('G6 accept waits for a client and gives a new descriptor, or ends with its timeout', async (t) => {
  const listener = listen(path)
  await t.throwsAsync(listener.accept({ timeout: 1 }), { code: 'ETIMEDOUT' })
  const pending = listener.accept()
  t.is(await stateOf(pending), 'pending')
  const client = await connect(path)
  const server = await pending
  t.is(new Set([listener.fd, client.fd, server.fd]).size, 3)
  await close(listener, client, server)
})

test.serial("G7 an accepted socket tells its peer's address", async (t) => {
  const listener = listen(path)
  const client = await connect(path, { localAddress: join(dir, 'client') })
  const server = await listener.accept()
  t.is(server.peerAddress, join(dir, 'client'))
  await close(listener, client, server)
})

test.serial(
  'G8 every socket is non-blocking from the start, and waiting for either direction takes a timeout',
  async (t) => {
    const listener = listen(path)
    const client = await connect(path)
    const server = await listener.accept()
    const nonblocking = 0o4000
    for (const source of [listener, client, server]) {
      const copy = OwnedFd.dup(source)
      t.is(copy.flags & nonblocking, nonblocking)
      copy.close()
    }
    await client.writable({ timeout: 0 })
    await t.throwsAsync(client.readable({ timeout: 1 }), { code: 'ETIMEDOUT' })
    const both = Promise.all([server.readable(), server.writable()])
    await client.send('x')
    await both
    await close(listener, client, server)
  },
)

test.serial('G9 close deletes the path; so does the end of the process, for all of its paths', async (t) => {
  await close(listen(path))
  t.false(existsSync(path))
  const script = start(listenTwice, [path, `${path}-2`])
  t.deepEqual(await script.next(), ['sock', 'sock-2'])
  await script.end()
  t.deepEqual(readdirSync(dir), [])
})

function listenTwice({ ancillary, require }: Kit, first: string, second: string): string[] {
  ancillary.listen(first)
  ancillary.listen(second)
  const { readdirSync: list } = require('node:fs') as typeof import('node:fs')
  return list(first.replace(/\/[^/]*$/, '')).sort()
}

test.serial('G10 a system error has its posix name as code, and comes by the Promise', async (t) => {
  const promise = connect(path)
  const error = await promise.catch((reason: unknown) => reason)
  t.true(hasCode(error, 'ENOENT'))
})

test.serial('G17 two UDP sockets are sent, and datagrams are received in the other process', async (t) => {
  const sockets = [1, 2].map(() => openSocket('inet', 'dgram', 'udp'))
  for (const socket of sockets) socket.bind({ address: '127.0.0.1' })
  const ports = sockets.map(({ localAddress }) => localAddress?.port ?? 0)
  const listener = listen(path)
  const script = start(receiveDatagrams, [path])
  const server = await listener.accept()
  await server.send('x', { fds: sockets })
  await close(...sockets)
  const sender = openSocket('inet', 'dgram', 'udp')
  for (const port of ports) await sender.sendTo(`to ${port}`, { address: '127.0.0.1', port })
  t.deepEqual(
    await script.next(),
    ports.map((port) => ({ kind: 'udp', port, data: `to ${port}` })),
  )
  await script.end()
  await close(sender, server, listener)
})

async function receiveDatagrams({ ancillary }: Kit, address: string): Promise<object[]> {
  const socket = await ancillary.connect(address, { maxFds: 2 })
  const fds = (await socket.recv())?.takeFds(2) ?? []
  const seen: object[] = []
  for (const fd of fds) {
    const { data } = await fd.recvFrom(100)
    seen.push({ kind: fd.kind, port: fd.localAddress?.port, data: String(data) })
    fd.close()
  }
  await socket.close()
  return seen
}

test.serial(
  'G18 a process without privilege reads packets from raw ICMP sockets that root opened and sent',
  async (t) => {
    if (!mayOpenRaw()) {
      t.throws(() => openSocket('inet', 'raw', 'icmp'), { message: 'socket EPERM' })
      t.throws(() => openSocket('inet6', 'raw', 'icmp6'), { message: 'socket EPERM' })
      return
    }
    const folder = join(dir, 'open')
    chmodSync(dir, 0o755)
    mkdirSync(folder)
    chmodSync(folder, 0o777)
    const reader = start(readPackets, [join(folder, 'sock')], unprivileged)
    t.deepEqual(await reader.next(), { listening: true, uid: 65_534, opensRawItself: 'EPERM' })
    const socket = await connect(join(folder, 'sock'))
    const versions = hasIpv6() ? (['inet', 'inet6'] as const) : (['inet'] as const)
    const raw = versions.map((version) => openSocket(version, 'raw', version === 'inet' ? 'icmp' : 'icmp6'))
    await socket.send('x', { fds: raw })
    await close(...raw)
    t.is(await reader.next(), versions.length)
    for (const version of versions) {
      const pinger = openSocket(version, 'raw', version === 'inet' ? 'icmp' : 'icmp6')
      await pinger.sendTo(echoRequest(version, 'ancillary ping'), { address: version === 'inet' ? '127.0.0.1' : '::1' })
      pinger.close()
    }
    const [ipv4, ipv6] = await reader.next<number[]>()
    t.is(ipv4, 0x45)
    // Of ICMPv6 the kernel gives no IP header: an echo request (128) or its reply (129).
    if (versions.length === 2) t.true(ipv6 === 128 || ipv6 === 129, `${ipv6}`)
    await Promise.all([reader.end(), socket.close()])
    rmdirSync(folder)
  },
)

test.serial('G19 read, write, writev, recvfrom and sendto work on any received descriptor', async (t) => {
  const [left, right] = pair('stream', { maxFds: 2 })
  const [near, far] = pair().map((socket) => socket.detach()) as [OwnedFd, OwnedFd]
  const udp = openSocket('inet', 'dgram', 'udp')
  udp.bind({ address: '127.0.0.1' })
  await left.send('x', { fds: [far, udp] })
  await close(far, udp)
  const [stream, datagrams] = (await received(right)).takeFds(2)
  t.is(await stream.write([Buffer.from('wri'), Buffer.from('tev')]), 6)
  t.is(String(await near.read(100)), 'writev')
  await near.write('back')
  t.is(String(await stream.read(100)), 'back')
  const to = datagrams.localAddress as { address: string; port: number }
  t.is(await datagrams.sendTo('to myself', to), 9)
  const { data, from } = await datagrams.recvFrom(100)
  t.is(String(data), 'to myself')
  t.like(from, to)
  await close(near, stream, datagrams, left, right)
})

test.serial('G20 it works between unrelated processes, of different users where the path allows it', async (t) => {
  chmodSync(dir, 0o755)
  const listener = listen(path, { mode: 0o666, maxFds: 1 })
  const script = start(sendPipeEnd, [path], unprivileged)
  const server = await listener.accept()
  const message = await received(server)
  t.is(String(message.data), isRoot ? 'from 65534' : `from ${process.getuid?.()}`)
  const [fd] = message.takeFds(1)
  await fd.write('hello')
  t.is(await script.next(), 'hello')
  await script.end()
  await close(fd, server, listener)
})

async function sendPipeEnd({ ancillary }: Kit, address: string): Promise<string> {
  const socket = await ancillary.connect(address)
  const [left, right] = ancillary.pair()
  await socket.send(`from ${process.getuid?.()}`, { fds: [right] })
  const answer = String((await left.recv())?.data)
  await Promise.all([socket.close(), left.close(), right.close()])
  return answer
}
