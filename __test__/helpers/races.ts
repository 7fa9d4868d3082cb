// Aborts that race with the arrival of a message: one receive each, given up before, between or after. What must come out is every
// message once, in order, with its descriptor. Knows nothing of the specs.
import { setImmediate } from 'node:timers/promises'
import { hasCode, type Message, pair, type SocketType, type UnixSocket } from '../../index.js'
import { dispose } from './dispose.js'
import { closeAll, inodeOf, openCount, openMarked } from './marked.js'

export const ways = ['recv', 'recvMany', 'a loop'] as const
export type Way = (typeof ways)[number]

/** What became of the messages; each is one number. */
export interface Raced {
  readonly seen: number[]
  /** How many receives ended by their abort. */
  readonly aborted: number
}

/** As many aborts on records. */
export async function raceRecords(type: 'seqpacket' | 'dgram', way: Way, rounds: number): Promise<Raced> {
  const [sender, receiver] = pair(type as SocketType)
  const seen: number[] = []
  const race: Race = { sender, receiver, fds: () => [], note: ({ data }) => seen.push(Number(data)), aborted: 0 }
  const receive = receivesOf(receiver)[way]
  for (let index = 0; index < rounds; index++) await raceOnce(race, index, receive)
  dispose(sender, receiver)
  return { seen, aborted: race.aborted }
}

export interface RacedBytes {
  /** The bytes are those that were sent. */
  readonly whole: boolean
  /** Each descriptor came once, and in order. */
  readonly ordered: boolean
  readonly leaked: number
}

/** As many on a stream, each message with a descriptor. */
export async function raceBytes(folder: string, rounds: number): Promise<RacedBytes> {
  const [sender, receiver] = pair('stream', { maxFds: 253 })
  const files = openMarked(folder, 7)
  const inodes = files.map(inodeOf)
  const before = openCount()
  const text: string[] = []
  const found: number[] = []
  const note = (message: Message): void => {
    text.push(message.data.toString())
    found.push(...message.fds.map(inodeOf))
    message.close()
  }
  const race: Race = { sender, receiver, note, aborted: 0, fds: (index) => [files[index % 7] as number] }
  const { recv } = receivesOf(receiver)
  for (let index = 0; index < rounds; index++) await raceOnce(race, index, recv)
  const whole = text.join('') === Array.from({ length: rounds }, (_, index) => index).join('')
  const ordered = found.length === rounds && found.every((inode, index) => inode === inodes[index % 7])
  const leaked = openCount() - before
  closeAll(files)
  dispose(sender, receiver)
  return { whole, ordered, leaked }
}

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

function receivesOf(socket: UnixSocket): Record<Way, Receive> {
  return {
    recv: async (signal) => [(await socket.recv({ signal })) as Message],
    recvMany: async (signal) => (await socket.recvMany({ signal })) as Message[],
    'a loop': async (signal) => {
      for await (const message of socket.messages({ signal })) return [message]
      return []
    },
  }
}
