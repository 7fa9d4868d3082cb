// Aborts and deadlines: whenever they come, the message stays at the head of the queue, whole and with its descriptors.
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { hasCode, type Message, pair, type SocketType, type UnixSocket } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodeOf, openCount, openMarked } from './helpers/marked.js'

const folder = guard(test)
const rounds = 10_000

/** Moments for the abort, earlier and later than the arrival. */
const moments: (() => unknown)[] = [
  () => {},
  () => Promise.resolve(),
  () => new Promise<void>((resolve) => process.nextTick(resolve)),
  () => setImmediate(),
  () => setImmediate().then(() => setImmediate()),
]

interface Race {
  readonly sender: UnixSocket
  readonly receiver: UnixSocket
  /** What goes with message `index`. */
  fds(index: number): number[]
  note(message: Message): void
  aborted: number
}

type Receive = (signal: AbortSignal) => Promise<Message[]>

/** One receive that is aborted around the time when its message is sent: before, between or after. What is left is read. */
async function raceOnce(race: Race, index: number, receive: Receive): Promise<void> {
  const abort = new AbortController()
  const received = receive(abort.signal).then(
    (messages) => {
      for (const message of messages) race.note(message)
    },
    (error: unknown) => {
      if (!hasCode(error, 'ABORT_ERR')) throw error
      race.aborted++
    },
  )
  const early = index % 7 === 0
  if (early) abort.abort()
  await race.sender.send(String(index), { fds: race.fds(index) })
  await moments[index % moments.length]?.()
  abort.abort()
  await received
  drainInto(race)
}

function drainInto(race: Race): void {
  for (let message = race.receiver.tryRecv(); message !== 'again'; message = race.receiver.tryRecv()) {
    race.note(message as Message)
  }
}

for (const [type, how] of [
  ['seqpacket', 'recv'],
  ['dgram', 'recvMany'],
  ['seqpacket', 'a loop'],
] as const) {
  test.serial(`${type}: ${rounds} aborts of ${how} around the arrival lose and repeat nothing`, async (t) => {
    const [sender, receiver] = pair(type as SocketType)
    const seen: number[] = []
    const race: Race = { sender, receiver, fds: () => [], note: ({ data }) => seen.push(Number(data)), aborted: 0 }
    const receives = receivesOf(receiver)
    for (let index = 0; index < rounds; index++) await raceOnce(race, index, receives[how])
    t.is(seen.length, rounds)
    t.true(seen.every((number, index) => number === index))
    t.true(race.aborted > rounds / 10 && race.aborted < rounds, 'some won, some lost')
    dispose(sender, receiver)
  })
}

function receivesOf(socket: UnixSocket): Record<'recv' | 'recvMany' | 'a loop', Receive> {
  return {
    recv: async (signal) => [(await socket.recv({ signal })) as Message],
    recvMany: async (signal) => (await socket.recvMany({ signal })) as Message[],
    'a loop': async (signal) => {
      for await (const message of socket.messages({ signal })) return [message]
      return []
    },
  }
}

test.serial(`a stream's bytes and descriptors survive ${rounds} aborts, each once and in order`, async (t) => {
  const [sender, receiver] = pair('stream', { maxFds: 253 })
  const files = openMarked(folder, 7)
  const inodes = files.map(inodeOf)
  const before = openCount()
  let text = ''
  const found: number[] = []
  const note = (message: Message): void => {
    text += message.data.toString()
    found.push(...message.fds.map(inodeOf))
    message.close()
  }
  const race: Race = { sender, receiver, note, aborted: 0, fds: (index) => [files[index % 7] as number] }
  const { recv } = receivesOf(receiver)
  for (let index = 0; index < rounds; index++) await raceOnce(race, index, recv)
  t.true(text === Array.from({ length: rounds }, (_, index) => index).join(''))
  t.true(found.length === rounds && found.every((inode, index) => inode === inodes[index % 7]))
  t.is(openCount(), before, 'and none is left open')
  closeAll(files)
  dispose(sender, receiver)
})

test.serial('a deadline rejects with ETIMEDOUT and leaves the message where it is', async (t) => {
  const [left, right] = pair('seqpacket')
  const error = await t.throwsAsync(right.recv({ timeout: 1 }), { code: 'ETIMEDOUT', message: 'recvmsg ETIMEDOUT' })
  t.true(hasCode(error, 'ETIMEDOUT'))
  await left.send('late')
  t.is((await right.recv({ timeout: 0 }))?.data.toString(), 'late', 'what need not wait has no deadline')
  await t.throwsAsync(right.recvMany({ timeout: 0 }), { code: 'ETIMEDOUT' })
  await t.throwsAsync(right.readable({ timeout: 0 }), { code: 'ETIMEDOUT' })
  await t.throwsAsync(right.hangup({ timeout: 0 }), { code: 'ETIMEDOUT' })
  dispose(left, right)
})

test.serial('deadlines race with arrivals and nothing is lost', async (t) => {
  const [left, right] = pair('seqpacket')
  const seen: string[] = []
  for (let index = 0; index < 300; index++) {
    const received = right.recv({ timeout: index % 3 }).then(
      (message) => seen.push(String(message?.data)),
      (error: unknown) => hasCode(error, 'ETIMEDOUT') || t.fail(String(error)),
    )
    if (index % 2 === 0) await received
    await left.send(String(index))
    await received
  }
  for (let message = right.tryRecv(); message !== 'again'; message = right.tryRecv()) seen.push(String(message?.data))
  t.deepEqual(
    seen,
    Array.from({ length: 300 }, (_, index) => String(index)),
  )
  dispose(left, right)
})

test.serial(
  'a deadline of for ever is none, and an aborted signal rejects at once though there is a message',
  async (t) => {
    const [left, right] = pair('seqpacket')
    const waiting = right.recv({ timeout: Number.POSITIVE_INFINITY })
    await setImmediate()
    await left.send('1')
    t.is((await waiting)?.data.toString(), '1')
    await left.send('2')
    const reason = new Error('reason')
    const error = await t.throwsAsync(right.recv({ signal: AbortSignal.abort(reason) }), { code: 'ABORT_ERR' })
    t.is(error?.cause, reason)
    t.is(error?.name, 'AbortError')
    t.is((await right.recv())?.data.toString(), '2')
    dispose(left, right)
  },
)

test.serial('an operation that has ended keeps nothing of its signal', async (t) => {
  const [left, right] = pair('seqpacket')
  const { signal } = new AbortController()
  const calls: string[] = []
  const [add, remove] = [signal.addEventListener.bind(signal), signal.removeEventListener.bind(signal)]
  signal.addEventListener = (...values: Parameters<typeof add>) => {
    calls.push('add')
    add(...values)
  }
  signal.removeEventListener = (...values: Parameters<typeof remove>) => {
    calls.push('remove')
    remove(...values)
  }
  const waiting = right.recv({ signal })
  await left.send('x', { signal })
  await waiting
  t.deepEqual(calls, ['add', 'remove'])
  dispose(left, right)
})
