// Promise 6, the whole of an identity: a client whose real, effective and saved ids are all different is told exactly, each field
// with its source and its time, whichever way it is asked for.
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { bind, type Credentials, type FdSource, listen, OwnedFd, pair, peerCredentials } from '../index.js'
import { Actor, idsOf, stranger } from './helpers/actor.js'
import { guard } from './helpers/leaks.js'
import { isRoot } from './helpers/script.js'

const folder = guard(test)
const path = join(folder, 'sock')
const who = isRoot ? 'with three different ids' : 'with our ids'
const { real, effective, saved } = idsOf(stranger)
const atConnect = { source: 'SO_PEERCRED', when: 'connect' }
const atSend = { source: 'SCM_CREDENTIALS', when: 'send' }

test.serial.before('others may come in', () => chmodSync(folder, 0o755))

/** Checks the times of what was asked for; gives the sources without them. */
function sourcesWithoutTime({ sources }: Credentials, began: number): object {
  const timeless = Object.entries(sources).map(([field, { at, ...origin }]) => {
    if ((origin.when === 'query') !== (at !== undefined)) throw new Error(`${field} at ${at}`)
    if (at !== undefined && !(at >= began && at <= Date.now())) throw new Error(`${field} at ${at}`)
    return [field, origin] as const
  })
  return Object.fromEntries(timeless.filter(([field]) => field !== 'label'))
}

function sorted(groups: readonly number[] | null | undefined): number[] {
  return [...(groups ?? [])].sort((a, b) => a - b)
}

const asked = { source: 'PIDFD_GET_INFO', when: 'query' }

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`a ${type} client ${who} is told exactly, by its socket, a descriptor of it and a number`, async (t) => {
    const listener = listen(path, { type, mode: 0o666 })
    const actor = new Actor(stranger)
    const pid = await actor.does('connect', type, path)
    const socket = await listener.accept()
    const copy = OwnedFd.dup(socket)
    for (const source of [socket, copy, socket.fd] as FdSource[]) {
      const began = Date.now()
      const found = peerCredentials(source)
      t.like(found, { pid: pid as number, ...effective, real, effective, saved, when: 'connect' })
      t.deepEqual(sorted(found.groups), sorted(stranger.groups))
      t.deepEqual(sourcesWithoutTime(found, began), {
        pid: atConnect,
        uid: atConnect,
        gid: atConnect,
        effective: atConnect,
        real: asked,
        saved: asked,
        groups: { source: 'SO_PEERGROUPS', when: 'connect' },
      })
    }
    copy.close()
    await Promise.all([actor.end(), socket.close(), listener.close()])
  })

  test.serial(
    `a ${type} message of a client ${who} joins what came with it and what the connection knows`,
    async (t) => {
      const listener = listen(path, { type, mode: 0o666, passProcess: true })
      const actor = new Actor(stranger)
      const pid = await actor.does('connect', type, path)
      await actor.does('send', 'hello')
      const socket = await listener.accept()
      const began = Date.now()
      const message = await socket.recv()
      const found = message?.credentials as Credentials & { sentByPeer: boolean | null }
      t.like(found, { pid: pid as number, ...real, real, effective, saved, when: 'send', sentByPeer: true })
      t.deepEqual(sorted(found.groups), sorted(stranger.groups))
      t.deepEqual(sourcesWithoutTime(found, began), {
        pid: atSend,
        uid: atSend,
        gid: atSend,
        effective: atConnect,
        real: asked,
        saved: asked,
        groups: { source: 'SO_PEERGROUPS', when: 'connect' },
      })
      message?.close()
      await Promise.all([actor.end(), socket.close(), listener.close()])
    },
  )
}

test.serial(`a net.Socket tells a client ${who} exactly`, async (t) => {
  const server = net.createServer().listen({ path, writableAll: true, readableAll: true })
  await once(server, 'listening')
  const actor = new Actor(stranger)
  const accepted = once(server, 'connection') as Promise<[net.Socket]>
  const pid = await actor.does('connect', 'stream', path)
  const [socket] = await accepted
  const found = peerCredentials(socket)
  t.like(found, { pid: pid as number, ...effective, real, effective, saved })
  t.deepEqual(sorted(found.groups), sorted(stranger.groups))
  socket.destroy()
  await Promise.all([actor.end(), new Promise((resolve) => server.close(resolve))])
})

test.serial(
  `a datagram of a process ${who} has no connection to join: all is asked of the process itself`,
  async (t) => {
    const receiver = bind(path, { mode: 0o666, passProcess: true })
    const actor = new Actor(stranger)
    const pid = await actor.does('connect', 'dgram', path)
    await actor.does('send', 'hello')
    const began = Date.now()
    const message = await receiver.recv()
    const found = message.credentials as Credentials & { sentByPeer: boolean | null }
    t.like(found, { pid: pid as number, ...real, real, effective, saved, when: 'send', sentByPeer: null })
    t.deepEqual(sorted(found.groups), sorted(stranger.groups))
    t.deepEqual(sourcesWithoutTime(found, began), {
      pid: atSend,
      uid: atSend,
      gid: atSend,
      effective: asked,
      real: asked,
      saved: asked,
      groups: { source: '/proc/PID/status', when: 'query' },
    })
    message.close()
    await Promise.all([actor.end(), receiver.close()])
  },
)

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`a ${type} pair names us who made it, its messages name the child that sends them`, async (t) => {
    const [left, right] = pair(type, { passProcess: true })
    const actor = new Actor(stranger, [left.fd])
    t.is(await actor.does('inherit', 3), actor.pid)
    await actor.does('send', 'from the child')
    const message = await right.recv()
    const found = message?.credentials
    const own = { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() }
    t.like(found, { pid: actor.pid, ...real, real, effective, saved, sentByPeer: false })
    t.deepEqual(sorted(found?.groups), sorted(stranger.groups))
    t.deepEqual(found?.sources.effective?.source, 'PIDFD_GET_INFO')
    t.like(peerCredentials(right), own)
    t.like(peerCredentials(right, { fresh: true }), own)
    t.is(message?.process?.pid, actor.pid)
    message?.close()
    await left.send('from us')
    const ours = await right.recv()
    t.like(ours?.credentials, { pid: process.pid, sentByPeer: true })
    ours?.close()
    await Promise.all([actor.end(), left.close(), right.close()])
  })
}
