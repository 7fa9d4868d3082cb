// Connections that wait for their judgement: they hold up nobody, count as open, and are closed with the listener.
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { type Authorize, connect, type ListenOptions, listen, type UnixSocket } from '../index.js'
import { native } from '../lib/native.js'
import { guard } from './helpers/leaks.js'
import { stateOf, turns } from './helpers/turns.js'

const dir = guard(test)
const path = join(dir, 'sock')

/** A judge that is asked for each connection, in order, and answers when it is told. */
class Judge {
  readonly sockets: UnixSocket<'stream'>[] = []
  readonly answers: ((answer: boolean) => void)[] = []
  /** From now on everybody is admitted at once. */
  open = false

  readonly authorize: Authorize<UnixSocket<'stream'>> = (_, socket) => {
    this.sockets.push(socket)
    if (this.open) return true
    return new Promise<boolean>((resolve) => {
      this.answers.push(resolve)
    })
  }

  answer(number: number, admitted: boolean): void {
    this.answers[number]?.(admitted)
  }

  socket(number: number): UnixSocket<'stream'> {
    return this.sockets[number] as UnixSocket<'stream'>
  }
}

async function close(...objects: { close(): Promise<void> }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

async function clients(count: number): Promise<UnixSocket[]> {
  const sockets: UnixSocket[] = []
  for (let number = 0; number < count; number++) sockets.push(await connect(path))
  return sockets
}

/** The next connection, by each of the two ways. */
const ways: [name: string, next: (listener: ReturnType<typeof listen>) => Promise<UnixSocket>][] = [
  ['accept', (listener) => listener.accept()],
  ['the loop', async (listener) => (await listener[Symbol.asyncIterator]().next()).value as UnixSocket],
]

for (const [name, next] of ways) {
  test.serial(`${name} gives a client though another one before it is still being judged`, async (t) => {
    const judge = new Judge()
    const listener = listen(path, { authorize: judge.authorize })
    const opened = await clients(2)
    const first = next(listener)
    t.is(await stateOf(first), 'pending')
    t.is(judge.sockets.length, 2)
    judge.answer(1, true)
    t.is(await first, judge.socket(1))
    const second = next(listener)
    t.is(await stateOf(second), 'pending')
    judge.answer(0, true)
    t.is(await second, judge.socket(0))
    await close(listener, ...opened, ...judge.sockets)
  })
}

test.serial('64 are judged at once; the others stay in the backlog until one of those is settled', async (t) => {
  const judge = new Judge()
  const listener = listen(path, { authorize: judge.authorize })
  const opened = await clients(70)
  const accepting = listener.accept()
  await turns()
  t.is(judge.sockets.length, 64)
  judge.answer(5, false)
  t.is(await opened[5]?.recv(), null)
  await turns()
  t.is(judge.sockets.length, 65)
  t.is(await stateOf(accepting), 'pending')
  judge.answer(64, true)
  t.is(await accepting, judge.socket(64))
  judge.open = true
  for (const answer of judge.answers) answer(true)
  const rest: UnixSocket[] = []
  while (rest.length < 68) rest.push(await listener.accept())
  t.is(judge.sockets.length, 70)
  t.is(new Set([...rest, await accepting]).size, 69)
  await close(listener, ...opened, ...judge.sockets)
})

test.serial('close ends those that are being judged; a late answer changes nothing', async (t) => {
  const judge = new Judge()
  const listener = listen(path, { authorize: judge.authorize })
  const opened = await clients(2)
  const accepting = listener.accept()
  await turns()
  await listener.close()
  await t.throwsAsync(accepting, { code: 'ERR_SOCKET_CLOSED' })
  t.deepEqual(await Promise.all(opened.map((client) => client.recv())), [null, null])
  t.deepEqual(
    judge.sockets.map((socket) => socket.closed),
    [true, true],
  )
  judge.answer(0, true)
  judge.answer(1, false)
  await turns()
  await close(...opened)
})

test.serial('detach waits for no judgement: it throws while there is one', async (t) => {
  const judge = new Judge()
  const listener = listen(path, { authorize: judge.authorize })
  const opened = await clients(1)
  const accepting = listener.accept()
  await turns()
  t.throws(() => listener.detach(), { code: 'ERR_MESSAGES_HELD', message: /judged/ })
  t.false(listener.closed)
  judge.answer(0, true)
  await close(await accepting, listener, ...opened)
})

test.serial('those that are being judged count for maxConnections', async (t) => {
  const judge = new Judge()
  const listener = listen(path, { authorize: judge.authorize, maxConnections: 2 })
  const opened = await clients(3)
  const accepting = listener.accept()
  await turns()
  t.is(judge.sockets.length, 2)
  judge.answer(0, false)
  await turns()
  t.is(judge.sockets.length, 3)
  judge.answer(2, true)
  t.is(await accepting, judge.socket(2))
  await close(listener, ...opened, ...judge.sockets)
})

test.serial('a client that has gone while it was judged is given out as one that has ended, or refused', async (t) => {
  const judge = new Judge()
  const listener = listen(path, { authorize: judge.authorize })
  const opened = await clients(2)
  const accepting = listener.accept()
  await turns()
  await close(...opened)
  judge.answer(0, false)
  judge.answer(1, true)
  const socket = await accepting
  t.is(await socket.recv(), null)
  t.deepEqual(
    judge.sockets.map(({ closed }) => closed),
    [true, false],
  )
  await close(listener, socket)
})

test.serial('a connection that is closed while it is judged is not given out', async (t) => {
  const judge = new Judge()
  const listener = listen(path, { authorize: judge.authorize })
  const opened = await clients(2)
  const accepting = listener.accept()
  await turns()
  await judge.sockets[0]?.close()
  judge.answer(0, true)
  t.is(await stateOf(accepting), 'pending')
  judge.answer(1, true)
  t.is(await accepting, judge.socket(1))
  await close(listener, ...opened, ...judge.sockets)
})

/** Refuses all but the last of 201. */
function onlyLast(late: boolean): () => boolean | Promise<boolean> {
  let count = 0
  return () => {
    const admitted = ++count > 200
    return late ? Promise.resolve(admitted) : admitted
  }
}

for (const late of [false, true]) {
  test.serial(`200 clients refused ${late ? 'later' : 'at once'} do not keep a good one out`, async (t) => {
    const listener = listen(path, { authorize: onlyLast(late) })
    const bad = await clients(200)
    const good = await connect(path)
    const socket = await listener.accept()
    await socket.send('welcome')
    t.is(String((await good.recv())?.data), 'welcome')
    for (const client of bad) t.is(await client.recv(), null)
    await close(listener, socket, good, ...bad)
  })

  for (const options of [{}, { maxConnections: 1 }] as ListenOptions[]) {
    const title = `${late ? 'late' : 'immediate'} refusals without end let the event loop turn (${JSON.stringify(options)})`
    test.serial(title, async (t) => {
      let asked = 0
      const authorize = (): boolean | Promise<boolean> => {
        asked++
        return late ? Promise.resolve(false) : false
      }
      const listener = listen(path, { ...options, authorize } as ListenOptions<'stream'>)
      const accept = native.accept
      // One client after the other, as long as anybody asks; not for ever, so that the test ends in any case.
      const both = new Int32Array(2)
      native.accept = () => {
        if (asked >= 2000 || native.pair(1, both) < 0) return -11
        native.close(both[1] as number)
        return both[0] as number
      }
      try {
        const accepting = listener.accept()
        for (let turn = 0; turn < 3; turn++) await setImmediate()
        t.true(asked > 0)
        t.true(asked < 2000)
        await listener.close()
        await t.throwsAsync(accepting, { code: 'ERR_SOCKET_CLOSED' })
      } finally {
        native.accept = accept
      }
    })
  }
}
