// The process that sent a message: it comes with passProcess, belongs to the message until it is taken, and no descriptor is left
// of it whatever becomes of the message.
import { join } from 'node:path'
import test from 'ava'
import { bind, listen, type Message, pair, peerProcess } from '../index.js'
import { Actor } from './helpers/actor.js'
import { guard } from './helpers/leaks.js'
import { openCount } from './helpers/marked.js'

const folder = guard(test)
const path = join(folder, 'sock')
const types = ['stream', 'seqpacket', 'dgram'] as const

for (const type of types) {
  test.serial(`a ${type} message has a handle of its sender, closed with the message`, async (t) => {
    const [left, right] = pair(type, { passProcess: true })
    const actor = new Actor(null, [left.fd])
    await actor.does('inherit', 3)
    await actor.does('send', 'x')
    const message = (await right.recv()) as Message
    const handle = message.process
    t.like(handle, { pid: actor.pid, alive: true, exitStatus: null })
    t.is(message.process, handle)
    message.close()
    t.is(handle?.fd, -1)
    t.throws(() => handle?.alive, { code: 'ERR_SOCKET_CLOSED' })
    await Promise.all([actor.end(), left.close(), right.close()])
  })

  test.serial(
    `takeProcess of a ${type} message gives the handle away: closing the message leaves it open`,
    async (t) => {
      const [left, right] = pair(type, { passProcess: true })
      const actor = new Actor(null, [left.fd])
      await actor.does('inherit', 3)
      await actor.does('send', 'x')
      const message = (await right.recv()) as Message
      const handle = message.takeProcess()
      t.is(message.process, null)
      t.is(message.takeProcess(), null)
      // What is joined through the handle was joined before it left.
      t.like(message.credentials, { pid: actor.pid, real: { uid: process.getuid?.(), gid: process.getgid?.() } })
      message.close()
      t.true(handle?.alive)
      const exited = handle?.exited()
      handle?.kill('SIGKILL')
      await exited
      t.is(await actor.ended(), 'SIGKILL')
      t.deepEqual(handle?.exitStatus, { code: null, signal: 'SIGKILL' })
      handle?.close()
      await Promise.all([left.close(), right.close()])
    },
  )

  test.serial(
    `what was queued on a ${type} socket before passProcess has no process and nobody who sent it`,
    async (t) => {
      const [left, right] = pair(type)
      await left.send('early')
      right.passProcess = true
      const early = await right.recv({ maxBytes: 5 })
      t.is(early?.process, null)
      t.is(early?.takeProcess(), null)
      t.is(early?.credentials, null)
      await left.send('later')
      const later = await right.recv()
      t.is(later?.process?.pid, process.pid)
      t.like(later?.credentials, { pid: process.pid, sentByPeer: true })
      later?.close()
      await Promise.all([left.close(), right.close()])
    },
  )

  test.serial(`without passProcess a ${type} message has none, also with credentials`, async (t) => {
    const [left, right] = pair(type, { passCredentials: true })
    await left.send('x')
    const message = await right.recv()
    t.is(message?.process, null)
    t.not(message?.credentials, null)
    await Promise.all([left.close(), right.close()])
  })

  test.serial(`a ${type} message of a process that has ended has a handle that is not alive`, async (t) => {
    const [left, right] = pair(type, { passProcess: true })
    const actor = new Actor(null, [left.fd])
    await actor.does('inherit', 3)
    await actor.does('send', 'last words')
    await actor.end()
    const message = (await right.recv()) as Message
    const handle = message.takeProcess()
    t.like(handle, { pid: actor.pid, alive: false })
    await handle?.exited({ timeout: 0 })
    t.throws(() => handle?.kill(0), { code: 'ESRCH' })
    t.throws(() => handle?.kill(), { code: 'ESRCH' })
    t.like(message.credentials, { pid: actor.pid, real: null, effective: null, saved: null, groups: null })
    handle?.close()
    message.close()
    await Promise.all([left.close(), right.close()])
  })
}

test.serial('a stream chunk that is read in two has its process in the first part', async (t) => {
  const [left, right] = pair('stream', { passProcess: true })
  const before = openCount()
  await left.send('twice')
  const [first, second] = [await right.recv({ maxBytes: 2 }), await right.recv()]
  t.deepEqual([String(first?.data), String(second?.data)], ['tw', 'ice'])
  t.is(first?.process?.pid, process.pid)
  for (const part of [first, second]) t.like(part?.credentials, { pid: process.pid, sentByPeer: true })
  first?.close()
  second?.close()
  t.is(openCount(), before)
  await Promise.all([left.close(), right.close()])
})

test.serial('the process of a datagram to a name is who sent it, though there is no peer to ask for', async (t) => {
  const receiver = bind(path, { passProcess: true })
  const sender = bind()
  await sender.send('x', { to: path })
  const message = await receiver.recv()
  t.is(message.process?.pid, process.pid)
  t.throws(() => peerProcess(receiver), { code: 'ERR_NO_IDENTITY' })
  t.is(message.credentials?.sentByPeer, null)
  message.close()
  await Promise.all([receiver.close(), sender.close()])
})

test.serial('a process can be taken from the first message that a listener gives, sent before accept', async (t) => {
  const listener = listen(path, { passProcess: true })
  const actor = new Actor()
  await actor.does('connect', 'stream', path)
  await actor.does('send', 'early')
  const socket = await listener.accept()
  const message = await socket.recv()
  t.is(message?.process?.pid, actor.pid)
  message?.close()
  await Promise.all([actor.end(), socket.close(), listener.close()])
})
