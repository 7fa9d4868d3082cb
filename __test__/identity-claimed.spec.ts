// A privileged sender may claim to be anybody. That is told as a claim: never as proved, and never of the connection.
import test from 'ava'
import { type Message, pair, peerCredentials } from '../index.js'
import { Actor } from './helpers/actor.js'
import { guard } from './helpers/leaks.js'
import { isRoot, type Kit, run, unprivileged } from './helpers/script.js'

guard(test)
const own = { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() }
const types = ['stream', 'seqpacket', 'dgram'] as const
const claimed = { source: 'SCM_CREDENTIALS', when: 'send' }

for (const type of isRoot ? types : []) {
  for (const victim of ['the first process', 'another that lives'] as const) {
    test.serial(
      `a ${type} message that claims to be of ${victim} is told as claimed, and not of the peer`,
      async (t) => {
        const [left, right] = pair(type, { passCredentials: true })
        const actor = new Actor()
        const claim = { pid: victim === 'the first process' ? 1 : actor.pid, uid: 12_345, gid: 12_346 }
        await left.send('x', { credentials: claim })
        const { credentials } = (await right.recv()) as Message
        t.like(credentials, { ...claim, when: 'send', sentByPeer: false })
        // Nothing of the one who really sent it, and nothing of the one that it claims to be.
        t.like(credentials, { real: null, effective: null, saved: null, groups: null, label: null })
        t.deepEqual(credentials?.sources, { pid: claimed, uid: claimed, gid: claimed })
        t.like(peerCredentials(right), own)
        t.like(peerCredentials(right, { fresh: true }), own)
        await Promise.all([actor.end(), left.close(), right.close()])
      },
    )
  }

  test.serial(
    `a ${type} message that claims our process and other ids has those ids, and ours where they are proved`,
    async (t) => {
      const [left, right] = pair(type, { passCredentials: true })
      await left.send('x', { credentials: { pid: process.pid, uid: 12_345, gid: 12_346 } })
      const { credentials } = (await right.recv()) as Message
      t.like(credentials, { pid: process.pid, uid: 12_345, gid: 12_346, sentByPeer: true })
      t.deepEqual(credentials?.sources.uid, claimed)
      t.deepEqual(credentials?.effective, { uid: own.uid as number, gid: own.gid as number })
      t.like(peerCredentials(right), own)
      await Promise.all([left.close(), right.close()])
    },
  )

  test.serial(`a ${type} message whose process is claimed brings the handle of the one that it names`, async (t) => {
    const [left, right] = pair(type, { passProcess: true })
    const actor = new Actor()
    await left.send('x', { credentials: { pid: actor.pid, uid: 12_345, gid: 12_346 } })
    const message = (await right.recv()) as Message
    t.like(message.credentials, { pid: actor.pid, uid: 12_345, gid: 12_346, sentByPeer: false })
    // Linux: the pidfd is made of the process id in the claim, also if that was claimed.
    t.is(message.process?.pid, actor.pid)
    t.deepEqual(message.credentials?.sources.uid, claimed)
    t.is(message.credentials?.sources.real?.source, 'PIDFD_GET_INFO')
    message.close()
    await Promise.all([actor.end(), left.close(), right.close()])
  })
}

for (const type of types) {
  test.serial(`an unprivileged sender of ${type} messages that claims to be another is refused: EPERM`, async (t) => {
    const outcome = await run(forge, [type], unprivileged)
    const refused = { code: 'EPERM', errno: -1, syscall: 'sendmsg' }
    t.deepEqual(outcome, { errors: [refused, refused, refused], left: 'again', honest: true })
  })
}

async function forge({ ancillary }: Kit, type: 'stream' | 'seqpacket' | 'dgram'): Promise<object> {
  const [left, right] = ancillary.pair(type, { passProcess: true })
  const truth = { pid: process.pid, uid: process.getuid?.() ?? -1, gid: process.getgid?.() ?? -1 }
  const errors: object[] = []
  for (const claim of [{ uid: 0 }, { gid: 0 }, { pid: process.ppid }]) {
    await left.send('x', { credentials: { ...truth, ...claim } }).catch((error: NodeJS.ErrnoException) => {
      const { code, errno, syscall } = error
      errors.push({ code, errno, syscall })
    })
  }
  const nothing = right.tryRecv()
  await left.send('x', { credentials: truth })
  const message = await right.recv()
  const { pid, uid, gid, sentByPeer } = message?.credentials ?? {}
  const honest = pid === truth.pid && uid === truth.uid && gid === truth.gid && sentByPeer === true
  message?.close()
  await Promise.all([left.close(), right.close()])
  return { errors, left: nothing, honest }
}
