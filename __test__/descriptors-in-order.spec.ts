// Twenty thousand descriptors through full buffers to a slow reader: each arrives once, in order, with its own message,
// also when sends are made in the callbacks of sends.
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { type Message, pair, type UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodeOf, inodesOf, openCount, openMarked } from './helpers/marked.js'

const folder = guard(test)
const total = 20_000
const recordSize = 8

/** Message `index` brings `1 + index % 3` descriptors, of files whose sequence has a period of 97. */
function descriptorsOf<T>(files: readonly T[], first: number, index: number): T[] {
  return Array.from({ length: 1 + (index % 3) }, (_, at) => files[(first + at) % files.length] as T)
}

function recordOf(index: number): Buffer {
  return Buffer.from(String(index).padStart(recordSize))
}

interface Progress {
  next: number
  sent: number
  waited: number
}

/** Sends the next message; when it has gone, the one after it, from within the callback. */
function chain(socket: UnixSocket, files: readonly number[], progress: Progress): Promise<void> | undefined {
  if (progress.sent >= total) return undefined
  const index = progress.next++
  const fds = descriptorsOf(files, progress.sent, index)
  progress.sent += fds.length
  let settled = false
  const sent = socket.send(recordOf(index), { fds })
  void setImmediate().then(() => (progress.waited += Number(!settled)))
  return sent.then(() => {
    settled = true
    return chain(socket, files, progress)
  })
}

interface Seen {
  readonly inodes: number[]
  readonly records: Buffer[]
  readonly misplaced: number[]
}

/** On a stream, a chunk may begin with bytes of earlier messages; its descriptors are those of its last whole record. */
function note(seen: Seen, message: Message, inodes: readonly number[]): void {
  const fds = message.takeFds()
  const last = Math.floor((message.offset + message.data.length - 1) / recordSize)
  const expected = descriptorsOf(inodes, seen.inodes.length, last)
  const found = inodesOf(fds)
  if (found.length > 0 && found.join() !== expected.join()) seen.misplaced.push(last)
  seen.inodes.push(...found)
  seen.records.push(message.data)
  for (const fd of fds) fd.close()
}

/** Reads a little, then lets many turns pass: the buffers are full nearly all the time. */
async function readSlowly(socket: UnixSocket, inodes: readonly number[]): Promise<Seen> {
  const seen: Seen = { inodes: [], records: [], misplaced: [] }
  for (let count = 1; ; count++) {
    const message = await socket.recv()
    if (message === null) return seen
    note(seen, message, inodes)
    if (count % 16 === 0) await setImmediate()
  }
}

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`${type}: every descriptor arrives once and in order`, async (t) => {
    const [left, right] = pair(type, { maxFds: 3, sendBufferSize: 8192 })
    const files = openMarked(folder, 97)
    const inodes = files.map(inodeOf)
    const before = openCount()
    const progress: Progress = { next: 0, sent: 0, waited: 0 }
    const chains = Array.from({ length: 50 }, () => chain(left, files, progress))
    const sending = Promise.all(chains).then(() => left.shutdown('write'))
    const seen = await readSlowly(right, inodes)
    await sending
    const expected = Array.from({ length: progress.sent }, (_, at) => inodes[at % 97] as number)
    t.true(progress.sent >= total)
    t.is(seen.inodes.join(), expected.join())
    t.deepEqual(seen.misplaced, [], 'each came with its own message')
    const records = Array.from({ length: progress.next }, (_, index) => recordOf(index))
    t.true(Buffer.concat(seen.records).equals(Buffer.concat(records)))
    t.true(progress.waited > progress.next / 2, 'most sends had to wait')
    t.is(openCount(), before, 'and none is left')
    for (const socket of [left, right]) await socket.close()
    closeAll(files)
  })
}
