// Datagrams to an address: a full receiver is waited for without spinning, and one message carries everything at once.
import { join } from 'node:path'
import test from 'ava'
import { bind, type Message, pair, type SocketError } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { fillReceiver } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openMarked } from './helpers/marked.js'
import { nativeCalls } from './helpers/native-calls.js'
import { stateOf } from './helpers/turns.js'

const folder = guard(test)
const path = join(folder, 'd')
const SOL_SOCKET = 1
const SO_TIMESTAMPNS = 35

test.serial('a datagram to a full receiver arrives, in order, when that has room again', async (t) => {
  const [receiver, sender] = [bind(path), bind()]
  const before = fillReceiver(path)
  const sent = [1, 2, 3].map((number) => sender.send(`waits ${number}`, { to: path }))
  t.is(await stateOf(sent[0] as Promise<void>), 'pending')
  const arrived: string[] = []
  while (arrived.length < before + 3) arrived.push((await receiver.recv()).data.toString())
  await Promise.all(sent)
  t.deepEqual(arrived.slice(before), ['waits 1', 'waits 2', 'waits 3'])
  dispose(sender, receiver)
})

test.serial('waiting for a full receiver does not spin', async (t) => {
  const [receiver, sender] = [bind(path), bind()]
  fillReceiver(path)
  const cpu = process.cpuUsage()
  const start = process.hrtime.bigint()
  const calls = await nativeCalls(async () => {
    await t.throwsAsync(sender.send('x', { to: path, timeout: 500 }), { code: 'ETIMEDOUT' })
  })
  const { user, system } = process.cpuUsage(cpu)
  const waited = Number(process.hrtime.bigint() - start) / 1000
  t.true(user + system < waited / 2, `${user + system} of ${waited} microseconds`)
  t.true(calls.filter((name) => name === 'send').length < 60, 'tried at growing distances')
  dispose(sender, receiver)
})

test.serial('an aborted datagram to a full receiver is never sent', async (t) => {
  const [receiver, sender] = [bind(path), bind()]
  const before = fillReceiver(path)
  const abort = new AbortController()
  const sent = sender.send('gone', { to: path, signal: abort.signal })
  abort.abort()
  await t.throwsAsync(sent, { code: 'ABORT_ERR' })
  for (let left = before; left > 0; left--) receiver.tryRecv()
  await sender.send('next', { to: path })
  t.is((await receiver.recv()).data.toString(), 'next')
  dispose(sender, receiver)
})

test.serial('when a datagram to a full receiver is given up, those behind it go at once', async (t) => {
  const [receiver, other, sender] = [bind(path), bind(join(folder, 'o')), bind()]
  fillReceiver(path)
  const abort = new AbortController()
  const given = t.throwsAsync(sender.send('gone', { to: path, signal: abort.signal }), { code: 'ABORT_ERR' })
  const behind = sender.send('behind', { to: join(folder, 'o') })
  t.is(other.tryRecv(), 'again')
  abort.abort()
  t.is((other.tryRecv() as Message).data.toString(), 'behind')
  await Promise.all([given, behind])
  dispose(sender, receiver, other)
})

test.serial('a connected datagram socket waits for its full receiver too', async (t) => {
  const receiver = bind(path)
  const sender = bind(null, { peer: path })
  const taken = fillReceiver(path)
  const sent = sender.send('late')
  t.is(await stateOf(sent), 'pending')
  for (let left = taken; left > 0; left--) await receiver.recv()
  await sent
  t.is((await receiver.recv()).data.toString(), 'late')
  dispose(sender, receiver)
})

test.serial('an error of a datagram names its destination', async (t) => {
  const sender = bind()
  const error = (await t.throwsAsync(sender.send('x', { to: path }))) as SocketError
  t.deepEqual([error.code, error.syscall, error.path, error.address], ['ENOENT', 'sendmsg', path, path])
  await t.throwsAsync(sender.send('x'), { code: 'ENOTCONN' })
  dispose(sender)
})

test.serial('a destination is for datagram sockets only', async (t) => {
  const [left, right] = pair('stream')
  await t.throwsAsync(left.send('x', { to: path } as object), { code: 'ERR_INVALID_ARG_VALUE' })
  dispose(left, right)
})

test.serial('data, descriptors, credentials, a destination and several messages go in one call', async (t) => {
  const receiver = bind(path, { maxFds: 4, passCredentials: true })
  const sender = bind(join(folder, 's'))
  receiver.setOption(SOL_SOCKET, SO_TIMESTAMPNS, 1)
  const fds = openMarked(folder, 3)
  const rights = { to: path, credentials: true }
  await sender.sendMany([
    { data: ['da', 'ta'].map((part) => Buffer.from(part)), fds, ...rights },
    { data: '', fds: fds.slice(1), control: [], flags: 0, ...rights },
  ])
  const [first, second] = (await receiver.recvMany()) as [Message, Message]
  t.deepEqual([first, second].map(facts), [
    { data: 'data', inodes: inodesOf(fds), pid: process.pid, from: join(folder, 's'), control: [SO_TIMESTAMPNS] },
    { data: '', inodes: inodesOf(fds.slice(1)), pid: process.pid, from: join(folder, 's'), control: [SO_TIMESTAMPNS] },
  ])
  for (const message of [first, second]) message.close()
  closeAll(fds)
  dispose(sender, receiver)
})

function facts(message: Message): object {
  return {
    data: message.data.toString(),
    inodes: inodesOf(message.fds),
    pid: message.credentials?.pid,
    from: message.from,
    control: message.control.map(({ type }) => type),
  }
}

test.serial('control messages that are not known are handed on as they came', async (t) => {
  const [left, right] = pair('dgram')
  right.setOption(SOL_SOCKET, SO_TIMESTAMPNS, 1)
  const before = BigInt(Date.now()) / 1000n
  await left.send('timed')
  const { control } = await right.recv()
  t.deepEqual(
    control.map(({ level, type, data }) => [level, type, data.length]),
    [[SOL_SOCKET, SO_TIMESTAMPNS, 16]],
  )
  const seconds = control[0]?.data.readBigInt64LE(0) as bigint
  t.true(seconds >= before - 1n && seconds <= before + 60n, 'the bytes are those of the kernel')
  dispose(left, right)
})

test.serial('raw control messages are sent as they are', async (t) => {
  const [left, right] = pair('dgram')
  const [pid, uid, gid] = [process.pid, process.getuid?.() ?? 0, process.getgid?.() ?? 0]
  right.passCredentials = true
  const scmCredentials = { level: SOL_SOCKET, type: 2, data: Buffer.from(Int32Array.of(pid, uid, gid).buffer) }
  await left.send('x', { control: [scmCredentials] })
  t.is((await right.recv()).credentials?.pid, pid)
  const scmRights = { level: SOL_SOCKET, type: 1, data: Buffer.alloc(4) }
  await t.throwsAsync(left.send('x', { control: [scmRights] }), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.throwsAsync(left.send('x', { control: [{ ...scmCredentials, type: 77 }] }), { code: 'EINVAL' })
  dispose(left, right)
})
