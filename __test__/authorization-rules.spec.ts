// The conditions of rules that need no other user: labels, our own user; and rules that are wrong.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { connect, listen, type PeerRule } from '../index.js'
import { native } from '../lib/native.js'
import { guard } from './helpers/leaks.js'

const dir = guard(test)
const path = join(dir, 'sock')
const ours = { uid: process.geteuid?.() ?? -1 }

type Rules = PeerRule | readonly PeerRule[]

/** Lets the kernel tell this label of every peer. */
async function withLabel(label: string, action: () => Promise<void>): Promise<void> {
  const original = native.peerFacts
  native.peerFacts = (fd, facts, found, text) => {
    const answer = original(fd, facts, found, text)
    facts[16] = facts[9] as number
    facts[18] = Buffer.from(label).copy(text)
    return answer
  }
  try {
    await action()
  } finally {
    native.peerFacts = original
  }
}

async function isAdmitted(authorize: Rules): Promise<boolean> {
  const listener = listen(path, { authorize })
  const client = await connect(path)
  const accepting = listener.accept()
  const answer = await Promise.race([
    accepting.then((socket) => socket.close()).then(() => true),
    client.recv().then(() => false),
  ])
  await listener.close()
  await accepting.catch(() => {})
  await client.close()
  return answer
}

test.serial('a label is the whole label, or a pattern, which gives the same answer each time', async (t) => {
  await withLabel('system_u:system_r:httpd_t:s0', async () => {
    t.true(await isAdmitted({ label: 'system_u:system_r:httpd_t:s0' }))
    t.false(await isAdmitted({ label: 'httpd_t' }))
    t.true(await isAdmitted({ label: /:httpd_t:/ }))
    t.false(await isAdmitted({ label: /^httpd_t/ }))
    const label = /httpd_t/g
    for (let round = 0; round < 2; round++) t.true(await isAdmitted({ label }))
    t.false(await isAdmitted({ label: /httpd_t/, uid: ours.uid + 1 }))
  })
})

test.serial('our own user is the same user', async (t) => {
  t.true(await isAdmitted({ sameUser: true }))
  t.true(await isAdmitted({ sameUser: true, uid: ours.uid }))
})

const wrong = [
  {},
  { uid: undefined },
  { user: 1 },
  { sameUser: false },
  { uid: -1 },
  { uid: 1.5 },
  { uid: '0' },
  { gid: [0, -1] },
]
const wronger = [
  { group: 0xffffffff },
  { label: 1 },
  { uid: 0, typo: 1 },
  [{ uid: 0 }, {}],
  [[{ uid: 0 }]],
  [null],
  null,
  'x',
  1,
  true,
]

test.serial('a rule that is wrong, or says nothing, is an error before there is any file', (t) => {
  for (const authorize of [...wrong, ...wronger]) {
    const error = t.throws<NodeJS.ErrnoException>(() => listen(path, { authorize: authorize as PeerRule }).close())
    t.regex(String(error?.code), /^ERR_(INVALID_ARG_(TYPE|VALUE)|OUT_OF_RANGE)$/, JSON.stringify(authorize))
    t.false(existsSync(path))
  }
  for (const options of [{ onRefused: 1 }, { onRefused: 1, authorize: { uid: 0 } }, { onRefused: null }]) {
    t.throws(() => listen(path, options as object).close(), { code: 'ERR_INVALID_ARG_TYPE' })
    t.false(existsSync(path))
  }
})

test.serial('a list that is changed later changes nothing', async (t) => {
  const allowed = [ours.uid + 1]
  const listener = listen(path, { authorize: { uid: allowed } })
  allowed.push(ours.uid)
  const client = await connect(path)
  const accepting = listener.accept()
  t.is(await client.recv(), null)
  await Promise.all([listener.close(), client.close()])
  await t.throwsAsync(accepting, { code: 'ERR_SOCKET_CLOSED' })
})
