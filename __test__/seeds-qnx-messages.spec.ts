// The QNX page on Unix sockets, line by line (Q9 to Q21: descriptors, credentials, the API). The numbers are those of docs/guide/seeds.md.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, listen, type OwnedFd, openSocket, pair, peerCredentials, UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openMarked } from './helpers/marked.js'
import { kindsOf, openOneOfEach } from './helpers/one-of-each.js'
import { received, receivedFds } from './helpers/received.js'
import { isRoot, type Kit, run, unprivileged } from './helpers/script.js'

const dir = guard(test)
const path = join(dir, 'sock')
const own = { pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
const [solSocket, soPasscred] = [1, 16]

async function close(...objects: { close(): unknown }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

for (const type of ['stream', 'dgram'] as const) {
  test.serial(`Q9 descriptors pass over ${type} sockets`, async (t) => {
    const [left, right] = pair(type, { maxFds: 2 })
    const files = openMarked(dir, 2)
    await left.send('x', { fds: files })
    const fds = await receivedFds(right, 2)
    t.deepEqual(inodesOf(fds), inodesOf(files))
    closeAll(files)
    await close(left, right, ...fds)
  })
}

test.serial('Q10 descriptors of any kind pass, even the socket itself', async (t) => {
  const [left, right] = pair('stream', { maxFds: 64 })
  const all = await openOneOfEach(dir)
  const fds = [...all.map(({ fd }) => fd), left.fd, right.fd]
  await left.send('x', { fds })
  const came = await receivedFds(right, fds.length)
  t.deepEqual(kindsOf(came), [...all.map(({ kind }) => kind), 'unix-stream', 'unix-stream'])
  await close(left, right, ...came, ...all)
})

test.serial('Q11 one message carries from 1 to 253 descriptors', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 253 })
  for (const count of [1, 2, 3, 64, 252, 253]) {
    await left.send('x', { fds: Array(count).fill(2) })
    const message = await received(right)
    t.is(message.fds.length, count)
    message.close()
  }
  await t.throwsAsync(left.send('x', { fds: Array(254).fill(2) }), { code: 'ERR_TOO_MANY_FDS', message: /253/ })
  t.is(right.tryRecv(), 'again')
  await close(left, right)
})

test.serial(
  'Q12 a received descriptor shares offset and status flags, and has a close-on-exec of its own',
  async (t) => {
    const [left, right] = pair('stream', { maxFds: 1 })
    const [original, far] = pair().map((socket) => socket.detach()) as [OwnedFd, OwnedFd]
    const [file] = openMarked(dir, 1) as [number]
    await left.send('x', { fds: [original] })
    const [copy] = (await receivedFds(right, 1)) as [OwnedFd]
    const fionbio = 0x5421
    t.is(copy.flags & 0o4000, 0o4000)
    original.ioctl(fionbio, Buffer.alloc(4))
    t.is(copy.flags & 0o4000, 0)
    await left.send('x', { fds: [file] })
    const [reader] = (await receivedFds(right, 1)) as [OwnedFd]
    t.is(String(await reader.read(10)), '0')
    t.is(readFileSync(file, 'utf8'), '', 'the offset has moved for both')
    const closeOnExec = /^flags:\s+0\d*2\d{6}$/m
    t.regex(readFileSync(`/proc/self/fdinfo/${reader.fd}`, 'utf8'), closeOnExec)
    closeAll([file])
    await close(left, right, original, far, copy, reader)
  },
)

test.serial('Q13 descriptors that wait to be received are closed with the destination', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  const [near, far] = pair().map((socket) => socket.detach()) as [OwnedFd, OwnedFd]
  await left.send('x', { fds: [far] })
  far.close()
  const end = near.read(10)
  await right.close()
  t.is(await end, null)
  await close(near, left)
})

test.serial('Q14 descriptors that were not asked for are closed, and both sides can know', async (t) => {
  const [left, bare] = pair().map((socket) => socket.detach()) as [OwnedFd, OwnedFd]
  const passRights = 83
  for (const fd of [left, bare]) allow(fd, passRights)
  const [sender, receiver] = [UnixSocket.adopt(left), UnixSocket.adopt(bare)]
  const [near, far] = pair().map((socket) => socket.detach()) as [OwnedFd, OwnedFd]
  await sender.send('x', { fds: [far] })
  far.close()
  const message = await received(receiver)
  t.is(String(message.data), 'x')
  t.is(message.fdsRefused, 1)
  t.is(await near.read(10), null)
  await close(near, sender, receiver)
})

/** As before Linux 6.16, where no socket can refuse. */
function allow(socket: OwnedFd, passRights: number): void {
  try {
    socket.setOption(solSocket, passRights, 1)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOPROTOOPT') throw error
  }
}

for (const type of ['dgram', 'stream'] as const) {
  test.serial(`Q15 the option for credentials can be set and read back on a ${type} socket`, async (t) => {
    const [left, right] = pair(type)
    for (const on of [true, false]) {
      right.passCredentials = on
      t.is(right.passCredentials, on)
      t.is(right.getOption(solSocket, soPasscred).readInt32LE(), Number(on))
    }
    await close(left, right)
  })
}

test.serial('Q16 real ids come with the message, effective ids and groups with the connection', async (t) => {
  const seen = await run(realAndEffective, [isRoot])
  t.deepEqual(
    seen,
    isRoot
      ? { real: [0, 0], effective: [1234, 4321], groups: [7, 8] }
      : { real: [own.uid, own.gid], effective: [own.uid, own.gid] },
  )
})

async function realAndEffective({ ancillary }: Kit, mayChange: boolean): Promise<object> {
  if (mayChange) {
    process.setgroups?.([7, 8])
    process.setegid?.(4321)
    process.seteuid?.(1234)
  }
  const [left, right] = ancillary.pair('stream', { passCredentials: true })
  await left.send('x')
  const sender = (await right.recv())?.credentials
  const { effective, groups } = ancillary.peerCredentials(right)
  await Promise.all([left.close(), right.close()])
  const ids = { real: [sender?.uid, sender?.gid], effective: [effective?.uid, effective?.gid] }
  return mayChange ? { ...ids, groups } : ids
}

test.serial('Q17 the sender does nothing special and cannot forge it', async (t) => {
  const [left, right] = pair('dgram', { passCredentials: true })
  await left.send('x')
  t.like((await received(right)).credentials, own)
  await close(left, right)
  t.is(await run(forge, [], unprivileged), 'EPERM')
})

async function forge({ ancillary }: Kit): Promise<unknown> {
  const [left] = ancillary.pair('dgram')
  const claim = { pid: process.pid, uid: 0, gid: 0 }
  return await left.send('x', { credentials: claim }).then(
    () => 'forged',
    (error: NodeJS.ErrnoException) => error.code,
  )
}

for (const type of ['stream', 'dgram'] as const) {
  test.serial(`Q19 on a ${type} socket credentials come with every message, also beside descriptors`, async (t) => {
    const [left, right] = pair(type, { passCredentials: true, maxFds: 1 })
    for (const fds of [[], [2], []]) {
      await left.send('x', { fds })
      const message = await received(right)
      t.like(message.credentials, own)
      t.is(message.fds.length, fds.length)
      message.close()
    }
    await close(left, right)
  })
}

test.serial(
  'Q20 the effective ids of the peer are those of connect for a server, of listen for a client',
  async (t) => {
    const listener = listen(path)
    const client = await connect(path)
    const server = await listener.accept()
    const effective = { uid: process.geteuid?.(), gid: process.getegid?.() }
    for (const socket of [client, server]) {
      t.deepEqual(peerCredentials(socket).effective, effective)
      t.is(peerCredentials(socket).when, 'connect')
    }
    await close(client, server, listener)
  },
)

test.serial('Q21 socket, options, sendto, recvmsg, dup and unlink are all within reach', async (t) => {
  const socket = openSocket('unix', 'dgram')
  const copy = socket.dup()
  t.not(copy.fd, socket.fd)
  copy.setOption(solSocket, soPasscred, 1)
  t.is(socket.getOption(solSocket, soPasscred).readInt32LE(), 1)
  socket.setOption(solSocket, soPasscred, 0)
  const sender = UnixSocket.adopt(socket)
  const receiver = bind(path)
  await sender.send('x', { to: path } as object)
  t.is(String((await received(receiver)).data), 'x')
  await close(sender, copy, receiver)
  t.false(existsSync(path))
})
