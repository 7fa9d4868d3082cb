// gen_unix, line by line: messages with descriptors (G11 to G16) and with credentials (G21 to G28).
// The numbers are those of docs/guide/seeds.md.
import { join } from 'node:path'
import test from 'ava'
import { connect, listen, type OwnedFd, pair } from '../index.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodeOf, inodesOf, openCount, openMarked } from './helpers/marked.js'
import { received, receivedFds } from './helpers/received.js'

const dir = guard(test)
const path = join(dir, 'sock')
const own = { pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
const [solSocket, soPasscred] = [1, 16]

async function close(...objects: { close(): unknown }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

test.serial('G11 a message with two descriptors is one byte and both of them, in the given order', async (t) => {
  const [left, right] = pair('stream', { maxFds: 2 })
  const files = openMarked(dir, 2)
  await left.send('x', { fds: files })
  const message = await received(right)
  t.is(String(message.data), 'x')
  t.deepEqual(inodesOf(message.fds), inodesOf(files))
  message.close()
  closeAll(files)
  await close(left, right)
})

test.serial('G12 a message may have a single descriptor', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  await left.send('x', { fds: [right] })
  const [fd] = (await received(right)).takeFds(1)
  t.is(inodeOf(fd), inodeOf(right.fd))
  await close(fd, left, right)
})

test.serial('G13 sendmsg takes flags', async (t) => {
  const [left, right] = pair('dgram')
  const msgOob = 1
  await left.send('x', { flags: 0 })
  await t.throwsAsync(left.send('y', { flags: msgOob }), { message: 'sendmsg ENOTSUP' })
  t.is(String((await received(right)).data), 'x')
  t.is(right.tryRecv(), 'again')
  await close(left, right)
})

test.serial('G14 the receiver says for how many descriptors it has room; one more and it takes none', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  const before = openCount()
  await left.send('x', { fds: [2] })
  ;(await received(right)).close()
  await left.send('y', { fds: [2, 2] })
  const message = await received(right)
  t.is(message.fdsRefused, 2)
  t.throws(() => message.fds, { code: 'ERR_FDS_REFUSED' })
  t.is(openCount(), before)
  right.maxFds = 2
  await left.send('z', { fds: [2, 2] })
  const both = await received(right)
  t.is(both.fds.length, 2)
  await close(left, right, both)
})

test.serial('G15 received descriptors have new numbers, in the order of the sender', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 20 })
  const files = openMarked(dir, 20)
  await left.send('x', { fds: files })
  const fds = await receivedFds(right, 20)
  t.deepEqual(inodesOf(fds), inodesOf(files))
  t.is(new Set([...files, ...fds.map(({ fd }) => fd)]).size, 40)
  closeAll(files)
  await close(left, right, ...fds)
})

test.serial('G16 a descriptor works after the sender has closed its own, and itself', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  const files = openMarked(dir, 1)
  await left.send('x', { fds: files })
  closeAll(files)
  await left.close()
  const [fd] = await receivedFds(right, 1)
  t.is(String(await fd?.read(10)), '0')
  await close(fd as OwnedFd, right)
})

test.serial('G21 credentials go with one byte: the kernel fills them in, or the sender attaches them', async (t) => {
  const [left, right] = pair('stream', { passCredentials: true })
  await left.send('c')
  t.like(await received(right), { data: Buffer.from('c'), credentials: own })
  await left.send('c', { credentials: true })
  t.like(await received(right), { data: Buffer.from('c'), credentials: own })
  await close(left, right)
})

test.serial('G22 passCredentials turns SO_PASSCRED on and off', async (t) => {
  const [left, right] = pair()
  for (const on of [true, false, true]) {
    right.passCredentials = on
    t.is(right.getOption(solSocket, soPasscred).readInt32LE(), Number(on))
  }
  await close(left, right)
})

test.serial('G23 a received message tells pid, uid and gid', async (t) => {
  const [left, right] = pair('dgram', { passCredentials: true })
  await left.send('c')
  const { credentials } = await received(right)
  t.deepEqual([credentials?.pid, credentials?.uid, credentials?.gid], [own.pid, own.uid, own.gid])
  await close(left, right)
})

test.serial('G24 connect, send, accept, open and receive, in that order, give the truth', async (t) => {
  const listener = listen(path)
  const client = await connect(path)
  await client.send('c', { credentials: true })
  await client.send('d')
  const server = await listener.accept()
  server.passCredentials = true
  // Bytes of one sender may come together.
  t.like(await server.recv({ maxBytes: 1 }), { data: Buffer.from('c'), credentials: own })
  t.like(await server.recv(), { data: Buffer.from('d'), credentials: own })
  await close(client, server, listener)
})

test.serial(
  'G25 sent after accept and before open: the truth where it was attached, else null and never nobody',
  async (t) => {
    const listener = listen(path)
    const client = await connect(path)
    const server = await listener.accept()
    await client.send('bare')
    await client.send('told', { credentials: true })
    server.passCredentials = true
    const bare = await received(server)
    t.is(String(bare.data), 'bare')
    t.is(bare.credentials, null)
    t.like(await received(server), { data: Buffer.from('told'), credentials: own })
    await close(client, server, listener)
  },
)

test.serial('G26 after passCredentials is off again, messages carry none', async (t) => {
  const [left, right] = pair('stream', { passCredentials: true })
  await left.send('x')
  t.not((await received(right)).credentials, null)
  right.passCredentials = false
  await left.send('y', { credentials: true })
  t.is((await received(right)).credentials, null)
  await close(left, right)
})

test.serial('G27 pid, uid and gid are integers, and not the triple of an unconnected socket', async (t) => {
  const [left, right] = pair('stream', { passCredentials: true })
  await left.send('c', { credentials: true })
  const { credentials } = await received(right)
  const triple = [credentials?.pid, credentials?.uid, credentials?.gid]
  t.true(triple.every(Number.isInteger))
  t.notDeepEqual(triple, [0, 4294967295, 4294967295])
  await close(left, right)
})

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`G28 credentials and descriptors come in one ${type} message`, async (t) => {
    const [left, right] = pair(type, { passCredentials: true, maxFds: 2 })
    await left.send('x', { credentials: true, fds: [left, right] })
    const message = await received(right)
    t.like(message.credentials, own)
    t.is(message.fds.length, 2)
    message.close()
    await close(left, right)
  })
}
