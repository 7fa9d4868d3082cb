// Promise 6, the sender of a message: attached by the sender and checked by the kernel, or null.
import { join } from 'node:path'
import test from 'ava'
import {
  bind,
  type Credentials,
  connect,
  listen,
  pair,
  peerCredentials,
  type SenderCredentials,
  type UnixSocket,
} from '../index.js'
import { Actor, stranger } from './helpers/actor.js'
import { guard } from './helpers/leaks.js'
import { isRoot, type Kit, run, unprivileged } from './helpers/script.js'

const dir = guard(test)
const path = join(dir, 'sock')
const own = { pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
const types = ['stream', 'seqpacket', 'dgram'] as const

async function close(...objects: { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

async function credentialsOfNext(socket: UnixSocket): Promise<Credentials<'send'> | null> {
  const message = await socket.recv()
  if (message === null) throw new Error('The end, not a message')
  return message.credentials
}

for (const type of types) {
  test.serial(`with passCredentials every ${type} message tells its sender, which does nothing for it`, async (t) => {
    const [left, right] = pair(type)
    right.passCredentials = true
    for (let round = 0; round < 2; round++) {
      await left.send('x')
      t.like(await credentialsOfNext(right), { ...own, when: 'send' })
    }
    await close(left, right)
  })

  test.serial(`without passCredentials a ${type} message has none, though they were attached`, async (t) => {
    const [left, right] = pair(type)
    await left.send('x', { credentials: true })
    t.is(await credentialsOfNext(right), null)
    right.passCredentials = true
    await left.send('x')
    t.not(await credentialsOfNext(right), null)
    right.passCredentials = false
    t.false(right.passCredentials)
    await left.send('x', { credentials: true })
    t.is(await credentialsOfNext(right), null)
    await close(left, right)
  })

  test.serial(`a ${type} message queued before the option has those that its sender attached, else none`, async (t) => {
    const [left, right] = pair(type)
    await left.send('bare')
    await left.send('told', { credentials: true })
    right.passCredentials = true
    const [first, second] = [await right.recv({ maxBytes: 4 }), await right.recv({ maxBytes: 4 })]
    t.deepEqual([String(first?.data), String(second?.data)], ['bare', 'told'])
    t.is(first?.credentials, null)
    t.like(second?.credentials, own)
    await close(left, right)
  })
}

test.serial('every field says its source; what a message does not carry is null', async (t) => {
  const [left, right] = pair('stream', { passCredentials: true })
  await left.send('x', { credentials: true })
  const told = { source: 'SCM_CREDENTIALS', when: 'send' } as const
  // We made the pair and sent the message: what the connection knows of its maker is true of the sender.
  const { effective, groups, label, sources } = peerCredentials(right)
  const { effective: from, groups: groupsFrom, label: labelFrom } = sources
  t.deepEqual(await credentialsOfNext(right), {
    ...own,
    real: null,
    effective,
    saved: null,
    groups,
    label,
    sources: {
      pid: told,
      uid: told,
      gid: told,
      ...(effective && { effective: from }),
      ...(groups && { groups: groupsFrom }),
      ...(label !== null && { label: labelFrom }),
    },
    when: 'send',
    sentByPeer: true,
  } as SenderCredentials)
  t.deepEqual(from, { source: 'SO_PEERCRED', when: 'connect' })
  t.deepEqual(groupsFrom, { source: 'SO_PEERGROUPS', when: 'connect' })
  await close(left, right)
})

test.serial('what was sent before accept is true, however late the option is set', async (t) => {
  const listener = listen(path)
  const client = await connect(path)
  await client.send('early')
  const server = await listener.accept()
  server.passCredentials = true
  t.like(await credentialsOfNext(server), own)
  await close(client, server, listener)
})

test.serial('the option of a listener is that of its connections, from their first message on', async (t) => {
  const listener = listen(path, { passCredentials: true })
  const client = await connect(path)
  await client.send('early')
  const server = await listener.accept()
  t.true(server.passCredentials)
  t.like(await credentialsOfNext(server), own)
  await client.send('late')
  t.like(await credentialsOfNext(server), own)
  await close(client, server, listener)
})

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`the end of a ${type} socket with passCredentials is null, not a message of root`, async (t) => {
    const [left, right] = pair(type, { passCredentials: true })
    await left.send('last')
    left.shutdown('write')
    t.like(await credentialsOfNext(right), own)
    t.is(await right.recv(), null)
    t.is(right.tryRecv(), null)
    t.is(await right.recvMany(), null)
    await close(left, right)
  })
}

test.serial('bytes of different senders on one stream are never one message', async (t) => {
  const listener = listen(path, { passCredentials: true })
  const client = await connect(path)
  const server = await listener.accept()
  await client.send('mine')
  const other = isRoot ? { pid: 1, uid: 1234, gid: 4321 } : own
  await client.send('other', { credentials: other })
  const first = await server.recv()
  t.is(String(first?.data).startsWith('mine'), true)
  if (isRoot) {
    t.is(String(first?.data), 'mine')
    t.like(await credentialsOfNext(server), other)
  }
  await close(client, server, listener)
})

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`what two processes write to one ${type} socket is told apart, as root by their users too`, async (t) => {
    const listener = listen(path, { type, passCredentials: true })
    const client = await connect(path, { type })
    const server = await listener.accept()
    const other = new Actor(stranger, [client.fd])
    await other.does('inherit', 3)
    for (const round of [1, 2]) {
      await client.send(`mine ${round}`)
      await other.does('send', `other ${round}`)
    }
    for (const round of [1, 2]) {
      const [mine, others] = [await server.recv(), await server.recv()]
      t.deepEqual(
        [mine, others].map((message) => String(message?.data)),
        [`mine ${round}`, `other ${round}`],
      )
      t.like(mine?.credentials, { pid: process.pid, uid: own.uid })
      t.like(others?.credentials, { pid: other.pid, uid: stranger.uids[0] })
    }
    await other.end()
    await close(client, server, listener)
  })
}

test.serial('without privilege a false claim is EPERM, and nothing is sent', async (t) => {
  const outcome = await run(forge, [], unprivileged)
  const refused = { code: 'EPERM', errno: -1, syscall: 'sendmsg', message: 'sendmsg EPERM' }
  t.deepEqual(outcome, { errors: [refused, refused, refused, refused], left: 'again', honest: true })
})

/** Claims to be somebody else in each field, and once with a descriptor; then tells the truth. */
async function forge({ ancillary }: Kit): Promise<object> {
  const [left, right] = ancillary.pair('seqpacket', { passCredentials: true, maxFds: 1 })
  const truth = { pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
  const errors: object[] = []
  const attempt = async (claim: object, fds: number[] = []): Promise<void> => {
    const failure = left.send('x', { credentials: { ...truth, ...claim }, fds })
    await failure.catch(({ code, errno, syscall, message }) => errors.push({ code, errno, syscall, message }))
  }
  await attempt({ uid: 0 })
  await attempt({ gid: 0 })
  await attempt({ pid: 1 })
  await attempt({ uid: 0 }, [1])
  const before = right.tryRecv()
  await left.send('x', { credentials: truth })
  const seen = (await right.recv())?.credentials
  const honest = seen?.uid === truth.uid && seen.pid === truth.pid
  await Promise.all([left.close(), right.close()])
  return { errors, left: before, honest }
}

test.serial("a claim that the kernel lets pass is shown as claimed: root's any, ours our own", async (t) => {
  const [left, right] = pair('stream', { passCredentials: true })
  const claim = isRoot ? { pid: 1, uid: 1234, gid: 4321 } : own
  await left.send('x', { credentials: claim })
  t.like(await credentialsOfNext(right), claim)
  await close(left, right)
})

test.serial('a claim that is no set of ids is refused before any system call', (t) => {
  const [left, right] = pair()
  const claims = [
    { pid: 0, uid: 1, gid: 1 },
    { pid: 1, uid: -1, gid: 1 },
    { pid: 1, uid: 0xffffffff, gid: 1 },
    { pid: 1.5, uid: 1, gid: 1 },
  ]
  for (const credentials of claims) t.throws(() => left.trySend('x', { credentials }), { code: 'ERR_OUT_OF_RANGE' })
  t.throws(() => left.trySend('x', { credentials: 7 as unknown as true }), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => left.trySend('', { credentials: true }), { code: 'ERR_MESSAGE_EMPTY' })
  t.is(right.tryRecv(), 'again')
  left.close()
  right.close()
})

test.serial('credentials and descriptors come in one message', async (t) => {
  const [left, right] = pair('stream', { passCredentials: true, maxFds: 2 })
  await left.send('x', { credentials: true, fds: [left, right] })
  const message = await right.recv()
  t.like(message?.credentials, own)
  const fds = message?.takeFds(2) ?? []
  t.deepEqual(
    fds.map((fd) => fd.kind),
    ['unix-stream', 'unix-stream'],
  )
  for (const fd of fds) fd.close()
  await close(left, right)
})

for (const type of ['seqpacket', 'dgram'] as const) {
  test.serial(`an unnamed ${type} socket with passCredentials is not named by sending`, async (t) => {
    const [left, right] = pair(type, { passCredentials: true })
    await left.send('x')
    t.true(left.trySend('y', { credentials: true }))
    await left.sendMany([{ data: 'z' }])
    t.is(left.localAddress, null)
    t.true(left.passCredentials)
    for (let count = 0; count < 3; count++) t.like(await credentialsOfNext(right), own)
    await close(left, right)
  })

  test.serial(`with autobind an unnamed ${type} socket has a name of the kernel's choice at once`, async (t) => {
    const [left, right] = pair(type, { passCredentials: true, autobind: true })
    t.regex(String(left.localAddress), /^\0[0-9a-f]{5}$/)
    t.not(left.localAddress, right.localAddress)
    await left.send('x')
    t.like(await credentialsOfNext(right), own)
    await close(left, right)
  })
}

test.serial('a datagram to a name comes from nobody, or from the name that autobind gave', async (t) => {
  const receiver = bind(path, { passCredentials: true })
  const [nameless, named] = [
    bind(null, { passCredentials: true }),
    bind(null, { passCredentials: true, autobind: true }),
  ]
  await nameless.send('x', { to: path })
  t.like(await receiver.recv(), { from: null, credentials: own })
  t.is(nameless.localAddress, null)
  await named.send('y', { to: path })
  t.is((await receiver.recv()).from, named.localAddress)
  await receiver.send('z', { to: String(named.localAddress) })
  t.is(String((await named.recv()).data), 'z')
  await close(receiver, nameless, named)
})

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`a ${type} socket that connects with passCredentials is not named by that`, async (t) => {
    const listener = listen(path, { type })
    const client = await connect(path, { type, passCredentials: true })
    const server = await listener.accept()
    await client.send('x')
    t.is(client.localAddress, null)
    t.is(server.peerAddress, null)
    await close(client, server, listener)
  })
}
