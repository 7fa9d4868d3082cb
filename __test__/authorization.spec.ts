// Who may connect, by rules: each condition against a client that is another user, on both types of sockets.
import { chmodSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { connect, listen, type PeerRule, type Refusal, UnixListener, type UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'
import { isRoot, type Kit, type Script, start } from './helpers/script.js'
import { stateOf } from './helpers/turns.js'

const dir = guard(test)
const path = join(dir, 'sock')

type Rules = PeerRule | readonly PeerRule[]
interface Who {
  uid: number
  gid: number
  groups: number[]
}

const ours: Who = {
  uid: process.geteuid?.() ?? -1,
  gid: process.getegid?.() ?? -1,
  groups: process.getgroups?.() ?? [],
}
/** Another user where we may choose, else who we are. */
const visitor: Who = isRoot ? { uid: 1234, gid: 2345, groups: [3456, 4567] } : ours
const { uid, gid, groups } = visitor

/** Connects as often as it is told, and tells what it sees. */
async function visit({ ancillary, tell, told }: Kit, address: string, type: 'stream', as: Who | null): Promise<void> {
  if (as !== null) {
    process.setgroups?.(as.groups)
    process.setgid?.(as.gid)
    process.setuid?.(as.uid)
  }
  while ((await told()) === 'come') {
    const socket = await ancillary.connect(address, { type })
    const message = await socket.recv()
    await tell(message === null ? 'end' : String(message.data))
    await socket.close()
  }
}

/** Whether the visitor is admitted, as it sees it itself, or why not. */
async function judged(script: Script, authorize: Rules, type: 'stream' | 'seqpacket'): Promise<[string, Refusal?]> {
  const refusals: Refusal[] = []
  const listener = listen(path, { mode: 0o666, type, authorize, onRefused: (refusal) => refusals.push(refusal) })
  const greeted = listener.accept().then(
    async (socket) => {
      await socket.send('welcome')
      await socket.close()
    },
    () => {},
  )
  script.tell('come')
  const seen = await script.next<string>()
  await listener.close()
  await greeted
  return [seen, ...refusals] as [string, Refusal?]
}

/** A rule, and the reason against the visitor; nothing where it is admitted. */
const cases: [title: string, rule: Rules, reason?: RegExp][] = [
  ['its uid', { uid }],
  ['another uid', { uid: uid + 1 }, /^uid \d+ is not \d+$/],
  ['several uids, its own among them', { uid: [uid + 1, uid] }],
  ['several uids without its own', { uid: [uid + 1, uid + 2] }, /^uid \d+ is not \d+ or \d+$/],
  ['an empty list of uids', { uid: [] }, /^uid \d+ is not any: none is named$/],
  ['its gid', { gid }],
  ['another gid', { gid: gid + 1 }, /^gid \d+ is not \d+$/],
  ['several gids, its own among them', { gid: [gid + 1, gid] }],
  ['a group that is its gid', { group: gid }],
  ['a group that it is not in', { group: 54_321 }, /^groups \d+.* is not 54321$/],
  ['several groups, one of which it is in', { group: [54_321, gid] }],
  ['all conditions of a rule', { uid, gid, group: gid }],
  ['a rule of which one condition does not hold', { uid, gid: gid + 1, group: gid }, /^gid/],
  ['several rules of which the last holds', [{ uid: uid + 1 }, { gid: gid + 1 }, { uid }]],
  [
    'several rules that each hold by half',
    [
      { uid, gid: gid + 1 },
      { uid: uid + 1, gid },
    ],
    /^gid .*; uid /,
  ],
  ['an empty list of rules', [], /^there is no rule that admits anybody$/],
  ['a label where it has none', { label: 'unconfined' }, /^label .* is not unconfined$/],
  isRoot
    ? ['the same user, which it is not', { sameUser: true }, /^uid 1234 is not 0$/]
    : ['the same user', { sameUser: true }],
]
for (const group of groups.slice(-1)) {
  cases.push(['a supplementary group', { group }])
  if (group !== gid) cases.push(['a gid that is only a supplementary group', { gid: group }, /^gid/])
}

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`rules over a ${type} client of another user`, async (t) => {
    chmodSync(dir, 0o755)
    const script = start(visit, [path, type as 'stream', isRoot ? visitor : null])
    for (const [title, rule, reason] of cases) {
      const [seen, refusal] = await judged(script, rule, type)
      t.is(seen, reason === undefined ? 'welcome' : 'end', title)
      t.is(refusal === undefined, reason === undefined, title)
      if (reason === undefined) continue
      t.regex(refusal?.reason ?? '', reason, title)
      t.like(refusal?.credentials, { pid: script.pid, uid, gid }, title)
      t.true(Object.isFrozen(refusal), title)
      t.false('error' in (refusal as Refusal), title)
    }
    script.tell('leave')
    t.is(await script.end(), 0)
  })
}

test.serial('accept never gives a client that was refused, and goes on waiting', async (t) => {
  const listener = listen(path, { authorize: { uid: ours.uid + 1 } })
  const early = await connect(path)
  const accepting = listener.accept()
  const late = await connect(path)
  t.deepEqual([await early.recv(), await late.recv()], [null, null])
  t.is(await stateOf(accepting), 'pending')
  t.deepEqual(listener.takeAccepted(), [])
  await Promise.all([listener.close(), early.close(), late.close()])
  await t.throwsAsync(accepting, { code: 'ERR_SOCKET_CLOSED' })
})

test.serial('an adopted listener has rules as well', async (t) => {
  const listener = UnixListener.adopt(listen(path).detach(), { authorize: { uid: ours.uid + 1 } })
  const client = await connect(path)
  const accepting = listener.accept()
  t.is(await client.recv(), null)
  t.is(await stateOf(accepting), 'pending')
  const second = UnixListener.adopt(listener.detach(), { authorize: { uid: ours.uid } })
  await t.throwsAsync(accepting, { code: 'ERR_SOCKET_CLOSED' })
  const other = await connect(path)
  const served: UnixSocket = await second.accept()
  await Promise.all([served, client, other, second].map((each) => each.close()))
  unlinkSync(path)
})
