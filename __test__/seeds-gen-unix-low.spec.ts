// gen_unix, line by line: what it and procket export of the low level (G29 to G35).
// The numbers are those of docs/guide/seeds.md.
import { join } from 'node:path'
import test from 'ava'
import { bind, openSocket, pair } from '../index.js'
import { constants } from '../lib/native.js'
import { guard } from './helpers/leaks.js'
import { received } from './helpers/received.js'

const dir = guard(test)
const path = join(dir, 'sock')
const own = { pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
const [solSocket, soTimestamp] = [1, 29]

async function close(...objects: { close(): unknown }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

test.serial('G29 the structure of credentials is pid, uid and gid as C ints, both ways', async (t) => {
  const [left, right] = pair('seqpacket', { passCredentials: true })
  const data = Buffer.from(Uint32Array.of(own.pid, own.uid, own.gid).buffer)
  await left.send('raw', { control: [{ level: solSocket, type: 2, data }] })
  t.like((await received(right)).credentials, own)
  await t.throwsAsync(left.send('short', { control: [{ level: solSocket, type: 2, data: data.subarray(1) }] }), {
    message: 'sendmsg EINVAL',
  })
  await close(left, right)
})

test.serial('G30 the constants are those of Linux', (t) => {
  t.like(constants, { scmRights: 1, scmCredentials: 2, soPasscred: 16, solSocket: 1, soType: 3, scmFdsMax: 253 })
})

test.serial(
  'G31 a control message that has no field of its own is given raw; one that the kernel has not is EINVAL',
  async (t) => {
    const [left, right] = pair('dgram')
    right.setOption(solSocket, soTimestamp, 1)
    await left.send('x')
    const { control } = await received(right)
    t.is(control.length, 1)
    t.like(control[0], { level: solSocket, type: soTimestamp })
    t.is(control[0]?.data.length, 16)
    const unknown = { level: solSocket, type: 99, data: Buffer.alloc(4) }
    await t.throwsAsync(left.send('y', { control: [unknown] }), { message: 'sendmsg EINVAL' })
    // Linux passes over what is not of its level.
    await left.send('z', { control: [{ ...unknown, level: 41 }] })
    t.is(String((await received(right)).data), 'z')
    await close(left, right)
  },
)

test.serial('G32 any control messages are sent with data and an address, and received with both', async (t) => {
  const receiver = bind(path, { passCredentials: true, maxFds: 1 })
  const sender = bind(join(dir, 'sender'))
  const data = Buffer.from(Uint32Array.of(own.pid, own.uid, own.gid).buffer)
  await sender.send('x', { to: path, fds: [2], control: [{ level: solSocket, type: 2, data }] })
  const message = await received(receiver)
  t.like(message, { data: Buffer.from('x'), from: join(dir, 'sender'), credentials: own, fdsRefused: 0 })
  t.is(message.fds.length, 1)
  t.throws(() => sender.trySend('y', { to: path, control: [{ level: solSocket, type: 1, data: Buffer.alloc(4) }] }), {
    code: 'ERR_INVALID_ARG_VALUE',
  })
  message.close()
  await close(receiver, sender)
})

test.serial('G33 sockets are opened by name or by number, and bound, connected, named, set and asked', async (t) => {
  for (const [domain, type, protocol, kind] of [
    ['inet', 'dgram', 'udp', 'udp'],
    [2, 2, 17, 'udp'],
    ['unix', 'seqpacket', 0, 'unix-seqpacket'],
    [1, 5, 0, 'unix-seqpacket'],
  ] as const) {
    const socket = openSocket(domain, type, protocol)
    t.is(socket.kind, kind)
    t.is(socket.flags & 0o4000, 0o4000)
    socket.close()
  }
  const [here, there] = [openSocket('inet', 'dgram'), openSocket('inet', 'dgram')]
  here.bind({ address: '127.0.0.1' })
  there.connect(here.localAddress as { address: string; port: number })
  await there.write('x')
  const fionread = 0x541b
  await here.readable()
  const waiting = Buffer.alloc(4)
  t.is(here.ioctl(fionread, waiting), 0)
  t.is(waiting.readInt32LE(), 1)
  const soBroadcast = 6
  here.setOption(solSocket, soBroadcast, 1)
  t.is(here.getOption(solSocket, soBroadcast).readInt32LE(), 1)
  await close(here, there)
})

test.serial('G35 a send that the kernel takes in parts passes its descriptors once, with the first byte', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1, sendBufferSize: 8192 })
  const size = 1 << 20
  const sent = left.send(Buffer.alloc(size, 'x'), { fds: [2] })
  const counts: number[] = []
  for (let bytes = 0; bytes < size; ) {
    const message = await received(right)
    bytes += message.data.length
    counts.push(message.fds.length)
    message.close()
  }
  await sent
  t.is(counts[0], 1)
  t.true(counts.length > 1)
  t.true(counts.slice(1).every((count) => count === 0))
  await close(left, right)
})
