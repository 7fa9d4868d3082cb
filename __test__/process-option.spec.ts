// passProcess as an option and as a property: where it can be set, what it implies, and that it is put back.
import { unlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, listen, type Message, OwnedFd, pair, UnixListener, UnixSocket } from '../index.js'
import { constants } from '../lib/native.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const path = join(folder, 'sock')

async function senderOf(socket: UnixSocket): Promise<number | undefined> {
  const message = (await socket.recv()) as Message
  const pid = message.process?.pid
  message.close()
  return pid
}

/** The two options as the kernel has them. */
function passing(fd: OwnedFd): { credentials: number; process: number } {
  const read = (name: number): number => fd.getOption(constants.solSocket, name).readInt32LE()
  return { credentials: read(constants.soPasscred), process: read(constants.soPasspidfd) }
}

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`set at listen, every accepted ${type} socket has it from its first message on`, async (t) => {
    const listener = listen(path, { type, passProcess: true })
    const client = await connect(path, { type })
    await client.send('early')
    const server = await listener.accept()
    t.true(server.passProcess)
    t.true(server.passCredentials)
    t.false(client.passProcess)
    t.is(await senderOf(server), process.pid)
    await client.send('late')
    t.is(await senderOf(server), process.pid)
    await Promise.all([client.close(), server.close(), listener.close()])
  })

  test.serial(`set at connect, a ${type} client has it, and no name of that`, async (t) => {
    const listener = listen(path, { type })
    const client = await connect(path, { type, passProcess: true })
    const server = await listener.accept()
    t.deepEqual([client.passProcess, client.passCredentials, server.passProcess], [true, true, false])
    await client.send('x')
    t.is(client.localAddress, null)
    t.is(server.peerAddress, null)
    await server.send('y')
    t.is(await senderOf(client), process.pid)
    await Promise.all([client.close(), server.close(), listener.close()])
  })
}

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`set at pair, both ${type} ends have it`, async (t) => {
    const [left, right] = pair(type, { passProcess: true })
    for (const end of [left, right]) t.deepEqual([end.passProcess, end.passCredentials], [true, true])
    await left.send('x')
    await right.send('y')
    for (const end of [left, right]) t.is(await senderOf(end), process.pid)
    await Promise.all([left.close(), right.close()])
  })

  test.serial(`the property of a ${type} socket switches it, and passCredentials on with it but not off`, async (t) => {
    const [left, right] = pair(type)
    t.deepEqual([right.passProcess, right.passCredentials], [false, false])
    right.passProcess = true
    t.deepEqual([right.passProcess, right.passCredentials], [true, true])
    await left.send('x')
    t.is(await senderOf(right), process.pid)
    right.passProcess = false
    t.deepEqual([right.passProcess, right.passCredentials], [false, true])
    await left.send('x')
    const message = await right.recv()
    t.is(message?.process, null)
    t.is(message?.credentials?.pid, process.pid)
    await Promise.all([left.close(), right.close()])
  })
}

test.serial('set at bind, a datagram socket has it', async (t) => {
  const receiver = bind(path, { passProcess: true })
  const sender = bind()
  t.deepEqual([receiver.passProcess, receiver.passCredentials, sender.passProcess], [true, true, false])
  await sender.send('x', { to: path })
  t.is(await senderOf(receiver), process.pid)
  await Promise.all([receiver.close(), sender.close()])
})

test.serial('set at adopt of a socket or of a listener', async (t) => {
  const [left, right] = pair()
  const adopted = UnixSocket.adopt(right.detach(), { passProcess: true })
  t.deepEqual([adopted.passProcess, adopted.passCredentials], [true, true])
  await left.send('x')
  t.is(await senderOf(adopted), process.pid)
  const listener = UnixListener.adopt(listen(path).detach(), { passProcess: true })
  const client = await connect(path)
  await client.send('x')
  const server = await listener.accept()
  t.is(await senderOf(server), process.pid)
  await Promise.all([left, adopted, client, server, listener].map((object) => object.close()))
  unlinkSync(path)
})

test.serial('not named at adopt, it is as it was', async (t) => {
  const [left, right] = pair('stream')
  const raw = right.detach()
  raw.setOption(constants.solSocket, constants.soPasspidfd, 1)
  const adopted = UnixSocket.adopt(raw)
  t.deepEqual([adopted.passProcess, adopted.passCredentials], [true, false])
  await left.send('x')
  t.is(await senderOf(adopted), process.pid)
  await Promise.all([left.close(), adopted.close()])
})

for (const set of ['option', 'property'] as const) {
  test.serial(`detach puts both options back that the ${set} had set`, async (t) => {
    const [left, right] = pair('stream', set === 'option' ? { passProcess: true } : {})
    if (set === 'property') right.passProcess = true
    const copy = OwnedFd.dup(right)
    t.deepEqual(passing(copy), { credentials: 1, process: 1 })
    const raw = right.detach()
    t.deepEqual(passing(copy), { credentials: 0, process: 0 })
    copy.close()
    raw.close()
    await left.close()
  })
}

test.serial('detach of a listener puts them back; its accepted sockets keep theirs', async (t) => {
  const listener = listen(path, { passProcess: true })
  const client = await connect(path)
  const server = await listener.accept()
  const raw = listener.detach()
  t.deepEqual(passing(raw), { credentials: 0, process: 0 })
  t.true(server.passProcess)
  raw.close()
  await Promise.all([client.close(), server.close()])
  unlinkSync(path)
})

for (const type of ['seqpacket', 'dgram'] as const) {
  test.serial(`an unnamed ${type} socket with passProcess is not named by sending`, async (t) => {
    const [left, right] = pair(type, { passProcess: true })
    await left.send('x')
    t.true(left.trySend('y'))
    await left.sendMany([{ data: 'z' }])
    t.is(left.localAddress, null)
    t.deepEqual([left.passProcess, left.passCredentials], [true, true])
    for (let count = 0; count < 3; count++) t.is(await senderOf(right), process.pid)
    await Promise.all([left.close(), right.close()])
  })

  test.serial(`an unnamed ${type} socket with nothing but SO_PASSPIDFD is not named by sending`, async (t) => {
    const [left, right] = pair(type)
    left.passProcess = true
    left.passCredentials = false
    t.deepEqual([left.passProcess, left.passCredentials], [true, false])
    await left.send('x')
    t.is(left.localAddress, null)
    t.deepEqual([left.passProcess, left.passCredentials], [true, false])
    await Promise.all([left.close(), right.close()])
  })
}

test.serial('an unnamed datagram socket with passProcess is not named by sending to a name', async (t) => {
  const receiver = bind(path)
  const sender = bind(null, { passProcess: true })
  await sender.send('x', { to: path })
  t.is((await receiver.recv()).from, null)
  t.is(sender.localAddress, null)
  t.true(sender.passProcess)
  await Promise.all([receiver.close(), sender.close()])
})

test.serial('what is no boolean is refused before anything is made or changed', (t) => {
  const [left, right] = pair()
  for (const wrong of [1, 'yes', null, {}]) {
    const passProcess = wrong as unknown as boolean
    for (const attempt of [
      () => pair('stream', { passProcess }),
      () => bind(path, { passProcess }),
      () => listen(path, { passProcess }),
      () => {
        left.passProcess = passProcess
      },
    ])
      t.regex(String(t.throws<NodeJS.ErrnoException>(attempt)?.code), /^ERR_INVALID_ARG_(TYPE|VALUE)$/)
  }
  t.false(left.passProcess)
  left.close()
  right.close()
})
