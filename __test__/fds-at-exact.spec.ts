// fdsAt: 'exact': a message with descriptors begins at the byte to which they were attached, by whatever way it is received.
import test from 'ava'
import { capabilities, connect, listen, type Message, pair, UnixSocket } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { readAll } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openCount, openMarked } from './helpers/marked.js'
import { nativeCalls, withNativeResult } from './helpers/native-calls.js'
import { run } from './helpers/script.js'
import { turns } from './helpers/turns.js'

const folder = guard(test)
const ENOTSUP = -95
const EMFILE = -24
const SO_TIMESTAMP = 29
const SOL_SOCKET = 1

type Way = 'chunk' | 'exact'
type Stream = UnixSocket<'stream'>

/** Where each message began, how long it was, and how many descriptors it brought. */
type Row = [number, number, number]

function rowsOf(messages: readonly Message[]): Row[] {
  const rows = messages.map(({ offset, data, fds }): Row => [offset, data.length, fds.length])
  for (const message of messages) message.close()
  return rows
}

/** Plain bytes in two messages, 3 with a descriptor, 1 with two, plain, 100,000 with one, plain; then the end. */
async function sendMixed(socket: Stream): Promise<void> {
  for (const [length, count] of [
    [4, 0],
    [5, 0],
    [3, 1],
    [1, 2],
    [6, 0],
    [100_000, 1],
    [7, 0],
  ] as const) {
    await socket.send(Buffer.alloc(length), { fds: Array.from({ length: count }, () => socket.fd) })
  }
  socket.shutdown('write')
}

/** All messages up to the end, in each way of receiving. */
const ways: Record<string, (socket: Stream) => Promise<Row[]>> = {
  recv: async (socket) => untilEnd(async () => wrap((await socket.recv()) as Message | null)),
  tryRecv: async (socket) => untilEnd(async () => wrap(socket.tryRecv() as Message | null)),
  recvMany: async (socket) => untilEnd(() => socket.recvMany({ max: 3 })),
  messages: (socket) => collect(socket.messages(), (message) => rowsOf([message])),
  batches: (socket) => collect(socket.batches(), (batch) => rowsOf([...batch])),
}

const wrap = (message: Message | null): Message[] | null => (message === null ? null : [message])

async function untilEnd(next: () => Promise<Message[] | null>): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const messages = await next()
    if (messages === null) return rows
    rows.push(...rowsOf(messages))
  }
}

async function collect<T>(source: AsyncIterable<T>, rows: (item: T) => Row[]): Promise<Row[]> {
  const found: Row[] = []
  for await (const item of source) found.push(...rows(item))
  return found
}

const carriers = (rows: readonly Row[]): [number, number][] =>
  rows.filter(([, , count]) => count > 0).map(([offset, , count]) => [offset, count])

for (const [name, receive] of Object.entries(ways)) {
  test.serial(`${name}: the first byte of a message with descriptors is theirs`, async (t) => {
    const [left, right] = pair('stream', { maxFds: 2, fdsAt: 'exact' })
    await sendMixed(left)
    const rows = await receive(right)
    t.deepEqual(rows.slice(0, 4), [
      [0, 9, 0],
      [9, 3, 1],
      [12, 1, 2],
      [13, 6, 0],
    ])
    t.deepEqual(carriers(rows), [
      [9, 1],
      [12, 2],
      [19, 1],
    ])
    t.is(
      rows
        .at(-1)
        ?.slice(0, 2)
        .reduce((sum, count) => sum + count),
      100_026,
      'and every byte came',
    )
    dispose(left, right)
  })
}

test.serial('by default earlier bytes are glued in front of it', async (t) => {
  for (const options of [{}, { fdsAt: 'chunk' }] as const) {
    const [left, right] = pair('stream', { maxFds: 2, ...options })
    await sendMixed(left)
    t.deepEqual(carriers(await (ways.recv as (socket: Stream) => Promise<Row[]>)(right)), [
      [0, 1],
      [12, 2],
      [13, 1],
    ])
    dispose(left, right)
  }
})

test.serial('sockets that connect, are accepted and are adopted can have it', async (t) => {
  const listener = listen(`${folder}/exact`, { maxFds: 2, fdsAt: 'exact' })
  const client = await connect(`${folder}/exact`, { maxFds: 2, fdsAt: 'exact' })
  const accepted = await listener.accept()
  const [plain, other] = pair('stream', { maxFds: 2 })
  const adopted = UnixSocket.adopt(plain.detach(), { maxFds: 2, fdsAt: 'exact' })
  t.true(adopted.is('stream'))
  for (const [from, to] of [
    [client, accepted],
    [accepted, client],
    [other, adopted as Stream],
  ] as const) {
    await from.send('plain')
    await from.send('more', { fds: [0] })
    t.deepEqual(rowsOf((await to.recvMany()) as Message[]), [
      [0, 5, 0],
      [5, 4, 1],
    ])
  }
  dispose(listener, client, accepted, adopted, other)
})

for (const type of ['seqpacket', 'dgram'] as const) {
  test.serial(`${type}: it is accepted and changes nothing`, async (t) => {
    const [left, right] = pair(type, { maxFds: 1, fdsAt: 'exact' })
    for (const text of ['', '12', '345']) await left.send(text, { fds: [0] })
    t.deepEqual(
      rowsOf((await right.recvMany()) as Message[]).map(([, length, count]) => [length, count]),
      [
        [0, 1],
        [2, 1],
        [3, 1],
      ],
    )
    dispose(left, right)
  })
}

test.serial('a word that it does not know is refused', (t) => {
  for (const fdsAt of ['byte', '', null, true]) {
    t.throws(() => pair('stream', { fdsAt: fdsAt as never }), { code: 'ERR_INVALID_ARG_VALUE' }, String(fdsAt))
  }
  dispose(...pair('stream', { fdsAt: undefined as never }))
})

test.serial('plain bytes stay together, and a message ends where its carrier does', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1, fdsAt: 'exact' })
  for (const text of ['a', 'bb', 'ccc', 'dddd']) await left.send(text)
  t.deepEqual(rowsOf([(await right.recv()) as Message]), [[0, 10, 0]])
  dispose(left, right)
})

test.serial('maxBytes divides plain bytes and carriers, the descriptors with the first byte', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1, fdsAt: 'exact' })
  await left.send('aaaaa')
  await left.send('bbbbb', { fds: [0] })
  const rows: Row[] = []
  for (const maxBytes of [3, 4, 1, 2, 9]) rows.push(...rowsOf([(await right.recv({ maxBytes })) as Message]))
  t.deepEqual(rows, [
    [0, 3, 0],
    [3, 2, 0],
    [5, 1, 1],
    [6, 2, 0],
    [8, 2, 0],
  ])
  dispose(left, right)
})

test.serial('what was read ahead is divided as exactly', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1, fdsAt: 'exact' })
  for (const [text, fds] of [
    ['a', [0]],
    ['bbbb', []],
    ['cccc', [0]],
  ] as const) {
    await left.send(text, { fds })
  }
  for await (const message of right) {
    message.close()
    break
  }
  const rows: Row[] = []
  for (let count = 0; count < 4; count++) rows.push(...rowsOf([(await right.recv({ maxBytes: 3 })) as Message]))
  t.deepEqual(rows, [
    [1, 3, 0],
    [4, 1, 0],
    [5, 3, 1],
    [8, 1, 0],
  ])
  dispose(left, right)
})

test.serial('a receive that waits gets each message when it comes', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1, fdsAt: 'exact' })
  const receives = [1, 2, 3].map(() => right.recv())
  await turns()
  left.trySend('plain')
  left.trySend('carrier', { fds: [0] })
  left.trySend('more')
  t.deepEqual(rowsOf((await Promise.all(receives)) as Message[]), [
    [0, 5, 0],
    [5, 7, 1],
    [12, 4, 0],
  ])
  dispose(left, right)
})

test.serial(
  'credentials, process handles and timestamps change no place, and looking for it leaves nothing open',
  async (t) => {
    const withProcess = capabilities().passProcess.available ? [{ passProcess: true }] : []
    for (const options of [{}, { passCredentials: true }, ...withProcess]) {
      const [left, right] = pair('stream', { maxFds: 2, fdsAt: 'exact', ...options })
      right.setOption(SOL_SOCKET, SO_TIMESTAMP, 1)
      const before = openCount()
      await sendMixed(left)
      const messages = (await readAll(right)) as unknown as Message[]
      t.is(
        messages.every(({ credentials }) => credentials?.pid === process.pid),
        Object.values(options).includes(true),
      )
      for (const message of messages) message.takeProcess()?.close()
      t.deepEqual(carriers(rowsOf(messages)), [
        [9, 1],
        [12, 2],
        [19, 1],
      ])
      t.is(openCount(), before)
      dispose(left, right)
    }
  },
)

test.serial('more descriptors than maxFds are refused at their place', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1, fdsAt: 'exact' })
  await left.send('plain')
  await left.send('two', { fds: [0, 1] })
  const [plain, two] = (await right.recvMany()) as [Message, Message]
  t.deepEqual([plain.fdsRefused, plain.fds.length], [0, 0])
  t.deepEqual([two.offset, two.data.toString(), two.fdsRefused], [5, 'two', 2])
  t.throws(() => two.fds, { code: 'ERR_FDS_REFUSED' })
  dispose(left, right)
})

test.serial('out of descriptors, the message at their place says so, and the next one is whole', async (t) => {
  const answer = await run(
    async ({ ancillary, require }) => {
      const { closeSync, openSync, readdirSync } = require('node:fs') as typeof import('node:fs')
      const openCount = (): number => readdirSync('/proc/self/fd').length
      const [left, right] = ancillary.pair('stream', { maxFds: 5, fdsAt: 'exact', pauseWhenScarce: false })
      await left.send('plain')
      await left.send('lost', { fds: [0, 1, 2, 0, 1] })
      const before = openCount()
      const taken: number[] = []
      try {
        for (;;) taken.push(openSync('/dev/null', 'r'))
      } catch {
        for (const fd of taken.splice(0, 2)) closeSync(fd)
      }
      const messages = [await right.recv(), await right.recv()]
      for (const fd of taken) closeSync(fd)
      // Those of the message that came short are closed on a thread.
      const patience = Date.now() + 20_000
      while (openCount() > before && Date.now() < patience) await new Promise(setImmediate)
      const leaked = openCount() - before
      await left.send('more')
      await left.send('next', { fds: [0, 1] })
      messages.push(await right.recv(), await right.recv())
      return { leaked, rows: messages.map((one) => one && [one.offset, `${one.data}`, one.fdsTruncated]) }
    },
    [],
    { shell: 'ulimit -n 64' },
  )
  t.deepEqual(answer, {
    leaked: 0,
    rows: [
      [0, 'plain', false],
      [5, 'lost', true],
      [9, 'more', false],
      [13, 'next', false],
    ],
  })
})

test.serial('where the kernel cannot, streams say so, other sockets do without, and nothing stays open', (t) => {
  const before = openCount()
  withNativeResult('exactWorks', ENOTSUP, () => {
    t.throws(() => pair('stream', { fdsAt: 'exact' }), { code: 'ERR_UNSUPPORTED_PLATFORM', message: /fdsAt/ })
    dispose(...pair('seqpacket', { fdsAt: 'exact' }), ...pair('dgram', { fdsAt: 'exact' }), ...pair('stream'))
    const { available, reason } = capabilities().fdsAtExact
    t.deepEqual([available, reason?.includes('the kernel')], [false, true])
  })
  withNativeResult('exactWorks', EMFILE, () => {
    t.throws(() => pair('stream', { fdsAt: 'exact' }), { code: 'EMFILE' })
    t.throws(() => capabilities(), { code: 'EMFILE' })
  })
  t.deepEqual(capabilities().fdsAtExact, { available: true })
  t.is(openCount(), before)
})

test.serial('without it nothing is asked', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1, fdsAt: 'chunk' })
  await left.send('plain')
  const calls = await nativeCalls(async () => void (await right.recv()))
  t.deepEqual(calls, ['receive'])
  const births = await nativeCalls(() => dispose(...pair('stream', { fdsAt: 'chunk' })))
  t.false(births.includes('exactWorks'))
  dispose(left, right)
})

/** Numbers that are always the same, from 0 to below `end` (mulberry32). */
function randomFrom(seed: number): (end: number) => number {
  let state = seed
  return (end) => {
    state = (state + 0x6d2b79f5) | 0
    let word = Math.imul(state ^ (state >>> 15), 1 | state)
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word
    return ((word ^ (word >>> 14)) >>> 0) % end
  }
}

const MESSAGES = 10_000
const LONGEST = 200 * 1024
const PERIOD = 65_521

/** Bytes that tell their place in the stream. */
const pattern = Buffer.from(Array.from({ length: PERIOD }, (_, at) => (at * 31 + (at >> 8)) & 0xff))
const bytes = Buffer.concat(Array.from({ length: 6 }, () => pattern))
const bytesAt = (offset: number, length: number): Buffer => bytes.subarray(offset % PERIOD, (offset % PERIOD) + length)

/** Where descriptors were attached, and of which files. */
type Place = `${number}: ${string}`

/** Sends random messages in bursts, so that many wait together; the log is what the receiver must find. */
async function sendRandomly(
  socket: Stream,
  files: readonly number[],
  random: (end: number) => number,
): Promise<Place[]> {
  const log: Place[] = []
  let at = 0
  for (let sent = 0; sent < MESSAGES; ) {
    const burst: Promise<void>[] = []
    for (let left = 1 + random(24), size = 0; left > 0 && size < 400_000 && sent < MESSAGES; left--, sent++) {
      const length =
        1 + random([8, 64, 64, 3000, 40_000][random(5)] as number) + (random(100) === 0 ? random(LONGEST - 40_000) : 0)
      const fds = Array.from(
        { length: [0, 0, 0, 1, 2, 5][random(6)] as number },
        () => files[random(files.length)] as number,
      )
      if (fds.length > 0) log.push(`${at}: ${inodesOf(fds)}`)
      burst.push(socket.send(bytesAt(at, length), { fds }))
      at += length
      size += length
    }
    await Promise.all(burst)
  }
  socket.shutdown('write')
  return log
}

interface Seen {
  readonly places: Place[]
  /** Bytes received, and how many of them where others should be. */
  at: number
  wrong: number
}

function note(seen: Seen, message: Message): void {
  const { offset, data } = message
  if (offset !== seen.at || !data.equals(bytesAt(offset, data.length))) seen.wrong += data.length
  seen.at = offset + data.length
  if (message.fds.length > 0) seen.places.push(`${offset}: ${inodesOf([...message.fds])}`)
  message.close()
}

/** Receives to the end, each time in another way. */
async function receiveRandomly(socket: Stream, random: (end: number) => number): Promise<Seen> {
  const seen: Seen = { places: [], at: 0, wrong: 0 }
  const take = (messages: Iterable<Message> | null): boolean => {
    for (const message of messages ?? []) note(seen, message)
    return messages !== null
  }
  const maxBytes = (): number => [1, 2 + random(100), 1 + random(70_000), 65_536][random(4)] as number
  const receives: (() => Promise<boolean>)[] = [
    async () => take(wrap((await socket.recv()) as Message | null)),
    async () => take(wrap((await socket.recv({ maxBytes: maxBytes() })) as Message | null)),
    async () => {
      const message = socket.tryRecv(random(2) === 0 ? {} : { maxBytes: maxBytes() })
      return message === 'again' || take(wrap(message as Message | null))
    },
    async () => take(await socket.recvMany({ max: 1 + random(32) })),
    async () => {
      for await (const message of socket) {
        take([message])
        if (random(10) === 0) return true
      }
      return false
    },
    async () => {
      for await (const batch of socket.batches({ max: 1 + random(32) })) {
        take(batch)
        if (random(3) === 0) return true
      }
      return false
    },
  ]
  while (await receives[random(receives.length)]?.()) if (random(8) === 0) await turns(1)
  return seen
}

async function relayRandomly(
  fdsAt: Way,
  passCredentials: boolean,
): Promise<{ log: Place[]; seen: Seen; leaked: number }> {
  const files = openMarked(folder, 16)
  const [left, right] = pair('stream', { maxFds: 5, fdsAt, passCredentials })
  const before = openCount()
  const [log, seen] = await Promise.all([
    sendRandomly(left, files, randomFrom(20_261_121)),
    receiveRandomly(right, randomFrom(7)),
  ])
  const leaked = openCount() - before
  dispose(left, right)
  closeAll(files)
  return { log, seen, leaked }
}

for (const passCredentials of [false, true]) {
  test.serial(
    `ten thousand random messages${passCredentials ? ' with credentials' : ''}: every place is exact`,
    async (t) => {
      const { log, seen, leaked } = await relayRandomly('exact', passCredentials)
      t.true(log.length > MESSAGES / 3)
      t.is(seen.places.join('\n'), log.join('\n'))
      t.deepEqual([seen.wrong, leaked], [0, 0])
    },
  )
}

test.serial('the same messages in chunks: the bytes and descriptors are the same, the places are not', async (t) => {
  const { log, seen, leaked } = await relayRandomly('chunk', false)
  const filesOf = (places: readonly Place[]): string[] => places.map((place) => place.replace(/^\d+: /, ''))
  t.deepEqual(filesOf(seen.places), filesOf(log))
  const misplaced = seen.places.filter((place, index) => place !== log[index])
  t.true(misplaced.length > log.length / 10, `${misplaced.length} of ${log.length}`)
  t.deepEqual([seen.wrong, leaked], [0, 0])
})
