// The four answers of peerProcess: a handle, ESRCH, null, EMFILE. None of them is ever found by the number of a process.
import { readFileSync } from 'node:fs'
import { constants as osConstants } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { listen, pair, peerCredentials, peerProcess, type SocketError, type UnixSocket } from '../index.js'
import { Actor } from './helpers/actor.js'
import { runScenario } from './helpers/child.js'
import { guard } from './helpers/leaks.js'
import { nativeCalls, withNativeResult } from './helpers/native-calls.js'
import { type Kit, run, unprivileged } from './helpers/script.js'

const folder = guard(test)
const path = join(folder, 'sock')

/** A connection of a process whose parent reaps it only when told. */
async function childOfActor(
  type: 'stream' | 'seqpacket',
  code = 0,
): Promise<{ actor: Actor; pid: number; socket: UnixSocket }> {
  const listener = listen(path, { type })
  const actor = new Actor()
  const pid = (await actor.does('fork_connect', type, path, code)) as number
  const socket = await listener.accept()
  await listener.close()
  return { actor, pid, socket }
}

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`the peer of a ${type} socket is a handle while it lives, and ESRCH from its end on`, async (t) => {
    const { actor, pid, socket } = await childOfActor(type, 7)
    const handle = peerProcess(socket)
    t.like(handle, { pid, alive: true })
    const gone = { code: 'ESRCH', errno: -3, syscall: 'getsockopt', message: 'getsockopt ESRCH' }
    await actor.does('end_child')
    // A zombie: it has ended, and nobody has asked how.
    t.like(
      t.throws<SocketError>(() => peerProcess(socket)),
      gone,
    )
    t.false(handle?.alive)
    await handle?.exited({ timeout: 0 })
    t.is(handle?.exitStatus, null)
    await actor.does('reap')
    t.like(
      t.throws<SocketError>(() => peerProcess(socket)),
      gone,
    )
    t.deepEqual(handle?.exitStatus, { code: 7, signal: null })
    handle?.close()
    await Promise.all([actor.end(), socket.close()])
  })
}

test.serial(
  'who connected stays known when it has been reaped; what it was since then is null, if asked again',
  async (t) => {
    const { actor, pid, socket } = await childOfActor('stream')
    const before = peerCredentials(socket)
    t.like(before, { pid, real: { uid: process.getuid?.(), gid: process.getgid?.() } })
    await actor.does('end_child')
    await actor.does('reap')
    t.is(peerCredentials(socket), before)
    const after = peerCredentials(socket, { fresh: true })
    const { uid, gid, effective, groups, label } = before
    t.like(after, { pid, uid, gid, effective, groups, label, real: null, saved: null, when: 'connect' })
    t.false('real' in after.sources || 'saved' in after.sources)
    await Promise.all([actor.end(), socket.close()])
  },
)

test.serial('null where the kernel has no such option, and nothing else is tried', async (t) => {
  const [left, right] = pair()
  const calls = await nativeCalls(() => {
    withNativeResult('peerProcess', -osConstants.errno.ENOPROTOOPT, () => t.is(peerProcess(left), null))
  })
  t.deepEqual(calls, ['peerFacts'])
  await Promise.all([left.close(), right.close()])
})

for (const [name, number] of [
  ['EINVAL', -22],
  ['ENODATA', -61],
  ['ESRCH', -3],
] as const) {
  test.serial(`${name}, which older kernels say of a peer that was reaped, is ESRCH`, async (t) => {
    const [left, right] = pair()
    withNativeResult('peerProcess', number, () => t.throws(() => peerProcess(left), { code: 'ESRCH' }))
    await Promise.all([left.close(), right.close()])
  })
}

for (const [name, number] of [
  ['ENFILE', -23],
  ['ENOMEM', -12],
  ['EACCES', -13],
] as const) {
  test.serial(`${name} is told as it is, not as one of the other answers`, async (t) => {
    const [left, right] = pair()
    withNativeResult('peerProcess', number, () => t.throws(() => peerProcess(left), { code: name }))
    await Promise.all([left.close(), right.close()])
  })
}

test.serial(
  'out of descriptors: EMFILE, while who connected is known but for what a descriptor is needed for',
  async (t) => {
    const { answer, code, stderr } = await runScenario('scarce-identity', 'peer', { descriptors: 64 })
    t.is(code, 0, stderr)
    const { uid, gid } = { uid: process.geteuid?.(), gid: process.getegid?.() }
    t.deepEqual(answer, {
      process: { code: 'EMFILE', errno: -24, syscall: 'getsockopt' },
      facts: { own: true, uid, gid, effective: { uid, gid }, groups: true, real: null, saved: null },
      sources: { real: false, saved: false },
      again: { real: true, alive: true },
      leaked: 0,
    })
  },
)

test.serial('out of descriptors a message lives without its process: EMFILE for that alone', async (t) => {
  for (const type of ['stream', 'seqpacket', 'dgram']) {
    const { answer, code, stderr } = await runScenario('scarce-identity', type, { descriptors: 64 })
    t.is(code, 0, stderr)
    const refused = { code: 'EMFILE', errno: -24, syscall: 'recvmsg' }
    t.deepEqual(answer, {
      data: 'data',
      process: refused,
      take: refused,
      credentials: { own: true, uid: process.getuid?.(), sentByPeer: null },
      leaked: 0,
      next: { data: 'next', alive: true, sentByPeer: true },
    })
  }
})

test.serial(
  'nobody is known as soon as there is a descriptor again to find out whether 65534 is an id here',
  async (t) => {
    const outcome = await run(beNobody, [], { ...unprivileged, shell: 'ulimit -n 64' })
    const uid = process.getuid?.() === 0 ? 65_534 : process.getuid?.()
    t.deepEqual(outcome, { poor: 'null or the id', later: everyIdIsMapped || uid !== 65_534 ? uid : null })
  },
)

const everyIdIsMapped = /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8'))

function beNobody({ ancillary, require }: Kit): object {
  const { closeSync, openSync } = require('node:fs') as typeof import('node:fs')
  const [left, right] = ancillary.pair()
  const taken: number[] = []
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch {}
  const { uid } = ancillary.peerCredentials(left)
  for (const fd of taken) closeSync(fd)
  const later = ancillary.peerCredentials(left, { fresh: true }).uid
  left[Symbol.dispose]()
  right[Symbol.dispose]()
  return { poor: uid === null || uid === process.getuid?.() ? 'null or the id' : uid, later }
}
