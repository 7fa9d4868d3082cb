// Descriptors through full buffers to a slow reader, with sends that are made in the callbacks of sends. What must come out is each
// once, in order, with its own message. Knows nothing of the specs.
import { setImmediate } from 'node:timers/promises'
import { type Message, pair, type UnixSocket } from '../../index.js'
import { closeAll, inodeOf, inodesOf, openCount, openMarked } from './marked.js'

const recordSize = 8
const files = 97

/** What became of them. */
export interface Squeezed {
  readonly messages: number
  readonly sent: number
  readonly arrived: number
  /** All that were sent, in their order. */
  readonly ordered: boolean
  /** Messages that came with others' descriptors. */
  readonly misplaced: number[]
  /** The bytes are those that were sent. */
  readonly whole: boolean
  /** Sends that had to wait. */
  readonly waited: number
  readonly leaked: number
}

/** At least `total` descriptors over a pair. */
export async function squeeze(type: 'stream' | 'seqpacket', total: number, folder: string): Promise<Squeezed> {
  const [left, right] = pair(type, { maxFds: 3, sendBufferSize: 8192 })
  const marked = openMarked(folder, files)
  const inodes = marked.map(inodeOf)
  const before = openCount()
  const progress: Progress = { total, next: 0, sent: 0, waited: 0 }
  const chains = Array.from({ length: 50 }, () => chain(left, marked, progress))
  const sending = Promise.all(chains).then(() => left.shutdown('write'))
  const seen = await readSlowly(right, inodes)
  await sending
  const records = Array.from({ length: progress.next }, (_, index) => recordOf(index))
  const found = {
    messages: progress.next,
    sent: progress.sent,
    arrived: seen.inodes.length,
    ordered: seen.inodes.length === progress.sent && seen.inodes.every((inode, at) => inode === inodes[at % files]),
    misplaced: seen.misplaced,
    whole: Buffer.concat(seen.records).equals(Buffer.concat(records)),
    waited: progress.waited,
    leaked: openCount() - before,
  }
  for (const socket of [left, right]) await socket.close()
  closeAll(marked)
  return found
}

/** Message `index` brings `1 + index % 3` descriptors, of files whose sequence has a period of 97. */
function descriptorsOf<T>(files: readonly T[], first: number, index: number): T[] {
  return Array.from({ length: 1 + (index % 3) }, (_, at) => files[(first + at) % files.length] as T)
}

function recordOf(index: number): Buffer {
  return Buffer.from(String(index).padStart(recordSize))
}

interface Progress {
  /** Descriptors, at least. */
  readonly total: number
  next: number
  sent: number
  waited: number
}

/** Sends the next message; when it has gone, the one after it, from within the callback. */
function chain(socket: UnixSocket, files: readonly number[], progress: Progress): Promise<void> | undefined {
  if (progress.sent >= progress.total) return undefined
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
