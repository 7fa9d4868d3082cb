// A descriptor and its only owner: adopting, duplicating, giving away, closing, and what it says about itself.
import * as fs from 'node:fs'
import { constants as fsConstants, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, listen, type Message, OwnedFd, openSocket, pair, type UnixSocket } from '../index.js'
import { closeSync, fstatSync, openSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { inodeOf, openMarked } from './helpers/marked.js'
import { nativeCalls } from './helpers/native-calls.js'

const folder = guard(test)
const closeOnExec = 0o2000000
const accessMode = 3
const FIONREAD = 0x541b
const SOL_SOCKET = 1
const SO_TYPE = 3
const SO_RCVBUF = 8

function closeAll(...closable: { close(): unknown }[]): void {
  for (const one of closable) one.close()
}

/** Flags of the descriptor and of its description, as the kernel tells them. */
function kernelFlags(fd: number): number {
  return Number.parseInt(/^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8)
}

test.serial('adopting takes ownership of a number once', (t) => {
  const [fd] = openMarked(folder, 1) as [number]
  const owned = OwnedFd.adopt(fd)
  t.is(owned.fd, fd)
  t.throws(() => OwnedFd.adopt(fd), { code: 'EEXIST' })
  owned.close()
  t.throws(() => fstatSync(fd), { code: 'EBADF' })
  t.throws(() => OwnedFd.adopt(fd), { code: 'EBADF', message: 'fcntl EBADF' })
})

test.serial('a socket’s own number cannot be adopted', (t) => {
  const [left, right] = pair()
  t.throws(() => OwnedFd.adopt(left.fd), { code: 'EEXIST' })
  closeAll(left, right)
})

test.serial('a duplicate is the same open file under its own number, closed on its own', (t) => {
  const [fd] = openMarked(folder, 1) as [number]
  const first = OwnedFd.dup(fd)
  const second = first.dup()
  t.is(new Set([fd, first.fd, second.fd]).size, 3)
  t.deepEqual([inodeOf(first), inodeOf(second)], [inodeOf(fd), inodeOf(fd)])
  first.close()
  t.is(inodeOf(second), inodeOf(fd))
  second.close()
  closeSync(fd)
})

test.serial('detach gives the number away: nobody closes it any more', (t) => {
  const [marked] = openMarked(folder, 1) as [number]
  const owned = OwnedFd.adopt(marked)
  const fd = owned.detach()
  t.is(fd, marked)
  t.true(owned.closed)
  owned.close()
  t.true(fstatSync(fd).isFile())
  OwnedFd.adopt(fd).close()
})

test.serial('what fs has opened and we have closed is not closed once more when fs opens other files', (t) => {
  for (let round = 0; round < 3; round++) OwnedFd.adopt(fs.openSync(__filename, 'r')).close()
  const opened = Array.from({ length: 5 }, () => fs.openSync('/dev/null', 'r'))
  t.deepEqual(
    opened.map((fd) => readlinkSync(`/proc/self/fd/${fd}`)),
    opened.map(() => '/dev/null'),
  )
  for (const fd of opened) fs.closeSync(fd)
})

test.serial('closing twice closes once, though the number was handed out again', (t) => {
  const [marked] = openMarked(folder, 1) as [number]
  const owned = OwnedFd.adopt(marked)
  owned.close()
  const [again] = openMarked(folder, 1) as [number]
  t.is(again, marked, 'the system hands out the lowest free number')
  owned.close()
  owned[Symbol.dispose]()
  t.true(fstatSync(again).isFile())
  closeSync(again)
})

test.serial('after close every method refuses before any system call', async (t) => {
  const owned = OwnedFd.dup(0)
  owned.close()
  t.deepEqual([owned.fd, owned.closed], [-1, true])
  const local = { address: '127.0.0.1' }
  const throwing: (() => unknown)[] = [
    () => owned.kind,
    () => owned.flags,
    () => owned.getOption(1, 3),
    () => owned.setOption(1, 8, 1),
    () => owned.ioctl(FIONREAD),
    () => owned.bind(local),
    () => owned.connect(local),
    () => owned.dup(),
    () => owned.detach(),
  ]
  const rejecting: (() => Promise<unknown>)[] = [
    () => owned.read(1),
    () => owned.write('x'),
    () => owned.sendTo('x', local),
    () => owned.recvFrom(1),
    () => owned.readable(),
    () => owned.writable(),
  ]
  const calls = await nativeCalls(async () => {
    for (const method of throwing) t.throws(method, { code: 'ERR_SOCKET_CLOSED' }, String(method))
    for (const method of rejecting) await t.throwsAsync(method(), { code: 'ERR_SOCKET_CLOSED' }, String(method))
  })
  t.deepEqual(calls, [])
})

test.serial('it says what it is', (t) => {
  const kinds: Record<string, () => number> = {
    file: () => openMarked(folder, 1)[0] as number,
    directory: () => openSync(folder, 'r'),
    'char-device': () => openSync('/dev/null', 'r'),
    'unix-stream': () => openSocket('unix', 'stream').detach(),
    'unix-dgram': () => openSocket('unix', 'dgram').detach(),
    'unix-seqpacket': () => openSocket('unix', 'seqpacket').detach(),
    tcp: () => openSocket('inet', 'stream').detach(),
    udp: () => openSocket('inet', 'dgram', 'udp').detach(),
    netlink: () => openSocket('netlink', 'raw', 0).detach(),
  }
  for (const [kind, open] of Object.entries(kinds)) {
    const owned = OwnedFd.adopt(open())
    t.is(owned.kind, kind)
    owned.close()
  }
})

test.serial('it tells the anonymous descriptors of this process apart', (t) => {
  const links = new Map(readdirSync('/proc/self/fd').map((fd) => [linkOf(fd), Number(fd)]))
  for (const [link, kind] of [
    ['anon_inode:[eventpoll]', 'epoll'],
    ['anon_inode:[eventfd]', 'eventfd'],
  ] as const) {
    const owned = OwnedFd.dup(links.get(link) as number)
    t.is(owned.kind, kind)
    owned.close()
  }
})

function linkOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

test.serial('its flags are those of the open file', (t) => {
  const path = '/dev/null'
  for (const [mode, flags] of [
    ['r', fsConstants.O_RDONLY],
    ['a', fsConstants.O_WRONLY | fsConstants.O_APPEND],
    ['r+', fsConstants.O_RDWR],
  ] as const) {
    const owned = OwnedFd.adopt(openSync(path, mode))
    t.is(owned.flags & (accessMode | fsConstants.O_APPEND), flags)
    owned.close()
  }
})

test.serial('every descriptor that we make or receive is closed on exec', async (t) => {
  const path = join(folder, 's')
  const listener = listen(path, { maxFds: 1 })
  const client = await connect(path)
  const peer = await listener.accept()
  const [left, right] = pair('dgram')
  const bound = bind(join(folder, 'd'))
  await client.send('x', { fds: [0] })
  const message = (await peer.recv()) as Message
  const received = message.takeFds(1)[0]
  const made = [listener, client, peer, left, right, bound, received, received.dup(), openSocket('inet', 'dgram')]
  const poller = pollerNumbers()
  t.true(poller.length >= 4)
  for (const fd of [...made.map((one) => one.fd), ...poller]) {
    t.is(kernelFlags(fd) & closeOnExec, closeOnExec, linkOf(String(fd)))
  }
  for (const one of made) await one.close()
})

/** The epolls and eventfds of this process: libuv's own and our poller's. */
function pollerNumbers(): number[] {
  const links = ['anon_inode:[eventpoll]', 'anon_inode:[eventfd]']
  return readdirSync('/proc/self/fd')
    .filter((fd) => links.includes(linkOf(fd)))
    .map(Number)
}

test.serial('O_NONBLOCK of a received descriptor stays as its sender set it', async (t) => {
  for (const nonblock of [0, fsConstants.O_NONBLOCK]) {
    const fifo = OwnedFd.adopt(openSync('/dev/zero', fsConstants.O_RDONLY | nonblock))
    const [left, right] = pair('stream', { maxFds: 1 })
    await left.send('x', { fds: [fifo] })
    const [received] = ((await right.recv()) as Message).takeFds(1)
    await received.read(10)
    await received.readable()
    t.is(received.flags & fsConstants.O_NONBLOCK, nonblock)
    t.is(fifo.flags & fsConstants.O_NONBLOCK, nonblock)
    closeAll(fifo, received, left, right)
  }
})

test.serial('ioctl reads into a Buffer and returns what the system call does', async (t) => {
  const [left, right] = pair()
  await left.send('12345')
  const owned: OwnedFd = right.detach()
  const answer = Buffer.alloc(4)
  t.is(owned.ioctl(FIONREAD, answer), 0)
  t.is(answer.readInt32LE(), 5)
  t.throws(() => owned.ioctl(0x5401, Buffer.alloc(64)), { code: 'ENOTTY', message: 'ioctl ENOTTY' })
  closeAll(left, owned)
})

test.serial('options are read as bytes and set as numbers or bytes', (t) => {
  const owned = openSocket('inet', 'dgram')
  t.is(owned.getOption(SOL_SOCKET, SO_TYPE).readInt32LE(), 2)
  owned.setOption(SOL_SOCKET, SO_RCVBUF, 10_000)
  t.is(owned.getOption(SOL_SOCKET, SO_RCVBUF).readInt32LE(), 20_000)
  owned.setOption(SOL_SOCKET, SO_RCVBUF, Buffer.from(Int32Array.of(20_000).buffer))
  t.is(owned.getOption(SOL_SOCKET, SO_RCVBUF, 64).length, 4)
  t.is(owned.getOption(SOL_SOCKET, SO_RCVBUF, 2).length, 2)
  t.throws(() => owned.getOption(SOL_SOCKET, 0x7fff), { code: 'ENOPROTOOPT' })
  t.throws(() => owned.setOption(SOL_SOCKET, 0x7fff, 1), { code: 'ENOPROTOOPT' })
  owned.close()
  const file = OwnedFd.adopt(openSync('/dev/null', 'r'))
  t.throws(() => file.getOption(SOL_SOCKET, SO_TYPE), { code: 'ENOTSOCK' })
  file.close()
})

test.serial('a duplicate of a socket of this package is a descriptor like any other', async (t) => {
  const [left, right] = pair() as [UnixSocket<'stream'>, UnixSocket<'stream'>]
  const copy = OwnedFd.dup(left)
  await left.close()
  t.is(copy.kind, 'unix-stream')
  t.is(await copy.write('from the copy'), 13)
  t.is((await right.recv())?.data.toString(), 'from the copy')
  closeAll(copy, right)
})
