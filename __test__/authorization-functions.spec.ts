// Who may connect, by a function: nothing but true admits, and whatever the function or the observer does, the listener goes on.
import { once } from 'node:events'
import { join } from 'node:path'
import test from 'ava'
import { type Authorize, connect, listen, peerCredentials, type Refusal, type UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'
import { withNativeResult } from './helpers/native-calls.js'

const dir = guard(test)
const path = join(dir, 'sock')
const own = { pid: process.pid, uid: process.geteuid?.(), gid: process.getegid?.() }

interface Outcome {
  admitted: boolean
  refusals: Refusal[]
}

/** What becomes of one client. */
async function judged(authorize: unknown, observe: (refusal: Refusal) => unknown = () => {}): Promise<Outcome> {
  const refusals: Refusal[] = []
  const onRefused = (refusal: Refusal): unknown => {
    refusals.push(refusal)
    return observe(refusal)
  }
  const listener = listen(path, { authorize: authorize as Authorize<UnixSocket<'stream'>>, onRefused })
  const accepting = listener.accept()
  const client = await connect(path)
  const served = accepting.then((socket) => socket.close()).then(() => true)
  const admitted = await Promise.race([served, client.recv().then(() => false)])
  await Promise.all([listener.close(), client.close()])
  await accepting.catch(() => {})
  await served.catch(() => {})
  return { admitted, refusals }
}

const failure = new Error('no database')
const thrown = Object.create(null) as object

function throwing(error: unknown): () => never {
  return () => {
    throw error
  }
}

test.serial('true admits, at once or later', async (t) => {
  t.deepEqual(await judged(() => true), { admitted: true, refusals: [] })
  t.deepEqual(await judged(async () => true), { admitted: true, refusals: [] })
})

for (const answer of [false, undefined, null, 0, 1, 'yes', {}, [true], Object(true) as object]) {
  test.serial(`${JSON.stringify(answer) ?? answer} (${typeof answer}) refuses, at once or later`, async (t) => {
    for (const authorize of [() => answer, async () => answer]) {
      const { admitted, refusals } = await judged(authorize)
      t.false(admitted)
      t.like(refusals, { length: 1, 0: { reason: 'authorize said no' } })
      t.like(refusals[0]?.credentials, own)
      t.false('error' in (refusals[0] as Refusal))
    }
  })
}

for (const [what, error, reason] of [
  ['an error', failure, 'no database'],
  ['a word', 'closed today', 'closed today'],
  ['nothing', undefined, 'undefined'],
  ['an object that has no words', thrown, '[Object: null prototype] {}'],
] as const) {
  test.serial(`a function that throws ${what} refuses, and a rejection does the same`, async (t) => {
    for (const authorize of [throwing(error), () => Promise.reject(error)]) {
      const { admitted, refusals } = await judged(authorize)
      t.false(admitted)
      t.like(refusals, { length: 1, 0: { reason } })
      t.like(refusals[0]?.credentials, own)
      t.true('error' in (refusals[0] as Refusal))
      t.is(refusals[0]?.error, error)
    }
  })
}

test.serial('a function gets who it is, and the very socket that accept gives', async (t) => {
  const seen: unknown[] = []
  const listener = listen(path, { type: 'seqpacket', authorize: (who, socket) => seen.push(who, socket) === 2 })
  const client = await connect(path, { type: 'seqpacket' })
  const socket = await listener.accept()
  t.is(seen[1], socket)
  t.is(seen[0], peerCredentials(socket))
  t.like(seen[0], { ...own, when: 'connect' })
  await Promise.all([listener.close(), client.close(), socket.close()])
})

test.serial('a client whose identity nobody knows is refused before the function is asked', async (t) => {
  for (const facts of [2, 3, 5, -9]) {
    const refusals: Refusal[] = []
    let asked = 0
    const listener = listen(path, { authorize: () => ++asked > 0, onRefused: (refusal) => refusals.push(refusal) })
    const client = await connect(path)
    let accepting: Promise<UnixSocket> | undefined
    withNativeResult('peerFacts', facts, () => {
      accepting = listener.accept()
    })
    t.is(await client.recv(), null)
    t.is(asked, 0)
    t.like(refusals, { length: 1, 0: { credentials: null } })
    t.like(refusals[0]?.error, { code: facts < 0 ? 'EBADF' : 'ERR_NO_IDENTITY', message: refusals[0]?.reason })
    await Promise.all([listener.close(), client.close()])
    await t.throwsAsync(accepting as Promise<UnixSocket>, { code: 'ERR_SOCKET_CLOSED' })
  }
})

test.serial('an observer that throws or rejects only warns', async (t) => {
  for (const observe of [throwing(new Error('disk full')), () => Promise.reject(new Error('disk full'))]) {
    const warned = once(process, 'warning') as Promise<[Error & { code?: string }]>
    const { admitted, refusals } = await judged(() => false, observe)
    t.false(admitted)
    t.is(refusals.length, 1)
    t.like((await warned)[0], { code: 'ANCILLARY_ON_REFUSED', message: 'onRefused has thrown: disk full' })
  }
})

test.serial('a connection that the function closes itself is not given out', async (t) => {
  const seen: number[] = []
  const close = (_: unknown, socket: UnixSocket): boolean => {
    seen.push(socket.fd)
    if (seen.length === 1) socket[Symbol.dispose]()
    return true
  }
  const listener = listen(path, { authorize: close })
  const first = await connect(path)
  const second = await connect(path)
  const socket = await listener.accept()
  t.false(socket.closed)
  t.is(await first.recv(), null)
  t.is(seen.length, 2)
  await Promise.all([listener, first, second, socket].map((each) => each.close()))
})

for (const [how, late] of [
  ['at once', false],
  ['later', true],
] as const) {
  for (const answer of [true, false]) {
    test.serial(`a function that closes the listener and says ${answer} ${how} leaves nothing open`, async (t) => {
      for (const waiting of [true, false]) {
        const authorize = (): boolean | Promise<boolean> => {
          listener[Symbol.dispose]()
          return late ? Promise.resolve(answer) : answer
        }
        const listener = listen(path, { authorize })
        const before = waiting ? [listener.accept(), listener.accept()] : []
        const client = await connect(path)
        const pending = waiting ? before : [listener.accept()]
        for (const each of pending) await t.throwsAsync(each, { code: 'ERR_SOCKET_CLOSED' })
        t.is(await client.recv(), null)
        await client.close()
      }
    })
  }
}

test.serial(
  'a function that aborts the very accept which asks it loses neither the connection nor the next accept',
  async (t) => {
    const controller = new AbortController()
    const authorize = (): boolean => {
      controller.abort()
      return true
    }
    const listener = listen(path, { authorize })
    const aborted = listener.accept({ signal: controller.signal })
    const next = [listener.accept(), listener.accept()]
    const clients = [await connect(path), await connect(path)]
    await t.throwsAsync(aborted, { code: 'ABORT_ERR' })
    const served = await Promise.all(next)
    await Promise.all([...clients, ...served, listener].map((each) => each.close()))
  },
)
