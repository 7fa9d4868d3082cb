// Rounds against a hostile peer (hostile-peer.py): from a seed it makes a script of what the peer does and decides how we receive
// meanwhile; then it compares what arrived with what the kernel took from the peer. Knows nothing of the specs.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setImmediate, setTimeout } from 'node:timers/promises'
import {
  bind,
  capabilities,
  type Envelope,
  hasCode,
  listen,
  type Message,
  type OwnedFd,
  type SocketOptions,
  type SocketType,
  type UnixListener,
  type UnixSocket,
} from '../../index.js'
import { python } from './actor.js'
import { descriptorCount, leakedSince } from './descriptor-count.js'

const patience = 30_000
/** Descriptors that one message may bring. */
const LIMITS = [0, 1, 3, 253]
/** The byte that is sent out of band; no payload has it. */
const URGENT = 0x21
const KINDS = [
  'null pipe writing_end folder path memory terminal event poller process udp listening itself nested',
  'null pipe memory',
].flatMap((names) => names.split(' '))
/** Closing one of these takes its last owner a second. */
const LINGERING = 0.002

/** Numbers that are the same for the same seed (mulberry32). */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  /** From 0 up to 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let mixed = this.#state
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }

  below(limit: number): number {
    return Math.floor(this.next() * limit)
  }

  chance(probability: number): boolean {
    return this.next() < probability
  }

  of<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T
  }
}

/** One thing that the peer does: its name and what it needs. */
export type Step = readonly [string, ...unknown[]]

/** What the peer sent on one connection, or would have sent if it had not failed. */
interface Sent {
  readonly data: Buffer
  /** How many descriptors came with it. */
  readonly fds: number
  /** The error that the peer got; null: it is on its way. */
  readonly error: string | null
}

/** What came on one connection. */
interface Arrived {
  readonly data: Buffer[]
  /** How many descriptors each message with any had, refused ones included. */
  readonly fds: number[]
  /** We closed before the end. */
  cut: boolean
}

/** The other process; a killed one is followed by another. */
export class Peer {
  #child: ChildProcess | undefined
  #lines: AsyncIterator<string> | undefined

  /** What the kernel said to each step: null or an error; shorter than the script when it was killed in between. */
  async perform(script: readonly Step[]): Promise<(string | null)[]> {
    const answers: (string | null)[] = []
    const { stdin } = this.start()
    stdin?.write(`${JSON.stringify(script)}\n`)
    for (;;) {
      const line = await this.#lines?.next()
      const answer = line === undefined || line.done === true ? 'killed' : JSON.parse(line.value)
      if (answer === 'over') return answers
      if (answer === 'killed') {
        await this.end()
        return answers
      }
      answers.push(answer)
    }
  }

  /** Where it runs already, nothing happens. */
  start(): ChildProcess {
    if (this.#child !== undefined) return this.#child
    const child = spawn(python, [join(__dirname, 'hostile-peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#child = child
    this.#lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    return child
  }

  async end(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined) return
    const closed = once(child, 'close')
    child.kill('SIGKILL')
    await closed
  }
}

/** A script for one type: one connection or several, and sometimes a sudden death. */
function scriptFor(type: SocketType, path: string, random: Random): Step[] {
  const steps: Step[] = []
  for (let connection = random.below(3); connection >= 0; connection--) {
    steps.push(['connect', type, path])
    for (let count = random.below(12); count > 0; count--) steps.push(stepFor(type, steps.length, random))
    if (random.chance(0.3)) steps.push(['shutdown', random.of(['read', 'write', 'both'])])
    if (random.chance(0.5)) steps.push(['close'])
  }
  if (random.chance(0.15)) steps.splice(1 + random.below(steps.length), steps.length, ['kill'])
  return steps
}

function stepFor(type: SocketType, number: number, random: Random): Step {
  if (random.chance(0.1)) return ['read']
  if (type === 'stream' && random.chance(0.15)) return ['urgent']
  const size = sizeFor(type, random)
  if (size > 0 && random.chance(0.1)) return ['odd', number, size, random.below(3)]
  return ['send', number, size, random.chance(0.5) && size > 0 ? kindsFor(random) : []]
}

function sizeFor(type: SocketType, random: Random): number {
  if (type !== 'stream' && random.chance(0.1)) return 0
  return 12 + (random.chance(0.2) ? random.below(type === 'stream' ? 300_000 : 100_000) : random.below(200))
}

function kindsFor(random: Random): string[] {
  if (random.chance(LINGERING)) return ['lingering']
  if (random.chance(0.02)) return Array.from({ length: 253 }, () => 'null')
  return Array.from({ length: 1 + random.below(random.chance(0.1) ? 60 : 4) }, () => random.of(KINDS))
}

/** What our socket wants to be given. */
function wishes(random: Random): SocketOptions {
  const passProcess = random.chance(0.2) && capabilities().passProcess.available
  return { maxFds: random.of(LIMITS), passCredentials: random.chance(0.2), passProcess }
}

/** As the peer makes it. */
function payload(number: number, size: number): Buffer {
  const data = Buffer.alloc(size, 97 + (number % 26))
  data.write(`#${number}:`)
  return data
}

/** What was sent, one list per connection. */
function sentOf(script: readonly Step[], answers: readonly (string | null)[]): Sent[][] {
  const connections: Sent[][] = []
  for (const [at, [name, number, size, kinds]] of script.entries()) {
    if (answers[at] === undefined) break
    if (name === 'connect') connections.push([])
    if (name !== 'send' && name !== 'odd') continue
    const fds = name === 'send' ? (kinds as string[]).length : 0
    const error = answers[at] ?? null
    connections.at(-1)?.push({ data: payload(number as number, size as number), fds, error })
  }
  return connections
}

/** Receives on one socket until its end, in all ways by turns. */
class Intake {
  readonly arrived: Arrived = { data: [], fds: [], cut: false }
  readonly #socket: UnixSocket
  readonly #random: Random
  #resets = 0

  constructor(socket: UnixSocket, random: Random) {
    this.#socket = socket
    this.#random = random
  }

  /** To the end, or until we have had enough. */
  async run(): Promise<Arrived> {
    const enough = this.#random.chance(0.1) ? this.#random.below(6) : Number.POSITIVE_INFINITY
    while (this.arrived.data.length < enough) {
      if (this.#random.chance(0.2)) this.#reply()
      if (this.#random.chance(0.1)) await setImmediate()
      if (!(await this.#survive())) break
    }
    this.arrived.cut = this.arrived.data.length >= enough
    for (const message of this.#socket.takeUnread()) message.close()
    await this.#socket.close()
    return this.arrived
  }

  /** A datagram socket has no end: until `over`, then what is still there. */
  async until(over: Promise<unknown>): Promise<Arrived> {
    const giveUp = new AbortController()
    void over.finally(() => giveUp.abort()).catch(() => {})
    while (!giveUp.signal.aborted) {
      await this.#socket.readable({ signal: giveUp.signal }).catch(() => {})
      this.#drain(1 + this.#random.below(20))
    }
    this.#drain(Number.POSITIVE_INFINITY)
    await this.#socket.close()
    return this.arrived
  }

  #drain(most: number): void {
    for (let count = 0; count < most; count++) {
      const message = this.#socket.tryRecv()
      if (message === 'again') return
      this.#take(message)
    }
  }

  /** The peer may never read it. */
  #reply(): void {
    this.#socket.send('reply', {}).catch(() => {})
  }

  /** Whether more may come. That a peer closed without reading our replies is told once. */
  async #survive(): Promise<boolean> {
    try {
      return await this.#random.of(this.#ways)()
    } catch (error) {
      if (!hasCode(error, 'ECONNRESET') || ++this.#resets > 1) throw error
      return true
    }
  }

  readonly #ways: (() => Promise<boolean>)[] = [
    async () => this.#take(await this.#socket.recv()),
    async () => this.#take(await this.#socket.recv({ maxBytes: 1 << 20 })),
    async () =>
      ((await this.#socket.recvMany({ max: 1 + this.#random.below(32) })) ?? [null]).every((one) => this.#take(one)),
    async () => this.#aborted(),
    async () => {
      for await (const message of this.#socket) {
        this.#take(message)
        if (this.#random.chance(0.3)) return true
      }
      return false
    },
    async () => {
      for await (const batch of this.#socket.batches({ borrow: true })) {
        for (const message of batch) this.#note(message.copy(), message)
        if (this.#random.chance(0.3)) return true
      }
      return false
    },
  ]

  /** Given up at once, or when it may have succeeded already: nothing is lost by it. */
  async #aborted(): Promise<boolean> {
    const giveUp = new AbortController()
    const receiving = this.#socket.recv({ signal: giveUp.signal })
    if (this.#random.chance(0.5)) giveUp.abort()
    else void setImmediate().then(() => giveUp.abort())
    try {
      return this.#take(await receiving)
    } catch (error) {
      if (!hasCode(error, 'ABORT_ERR')) throw error
      return true
    }
  }

  #take(message: Message | null): boolean {
    if (message === null) return false
    this.#note(message.data, message)
    return true
  }

  #note(data: Buffer, message: Envelope): void {
    this.arrived.data.push(data)
    const fds: readonly OwnedFd[] = message.fdsRefused > 0 ? [] : message.fds
    if (message.fdsRefused + fds.length > 0) this.arrived.fds.push(message.fdsRefused + fds.length)
    for (const fd of fds) if (fd.kind === '') throw new Error('A descriptor is of no kind')
    if (message.fdsRefused === 0 && this.#random.chance(0.5)) for (const fd of message.takeFds()) fd.close()
    if (this.#random.chance(0.3)) message.takeProcess()?.close()
    message.close()
  }
}

/** Takes connections and receives on each of them, until the listener is closed. */
class Reception {
  readonly intakes: Promise<Arrived>[] = []
  readonly #accepting: Promise<void>

  constructor(listener: UnixListener, random: Random) {
    this.#accepting = this.#accept(listener, random)
    // Met by `all`.
    this.#accepting.catch(() => {})
  }

  async #accept(listener: UnixListener, random: Random): Promise<void> {
    for await (const socket of listener) {
      const intake = new Intake(socket, random).run()
      intake.catch(() => {})
      this.intakes.push(intake)
    }
  }

  async all(): Promise<Arrived[]> {
    await this.#accepting
    return Promise.all(this.intakes)
  }
}

/** What a peer is told whose other end has gone. */
const ENDED: ReadonlySet<string> = new Set(['EPIPE', 'ECONNRESET'])

/** What is wrong with what came on one connection; null: nothing. */
function mismatch(type: SocketType, sent: readonly Sent[], { data, fds, cut }: Arrived): string | null {
  // What was being sent as we closed may have arrived in part.
  const due = sent.filter(({ error }) => error === null || (cut && ENDED.has(error)))
  const expected = due.map((one) => one.data)
  const batches = due.map((one) => one.fds).filter((count) => count > 0)
  if (JSON.stringify(fds) !== JSON.stringify(cut ? batches.slice(0, fds.length) : batches)) {
    return `descriptors ${fds} of ${batches}`
  }
  if (type !== 'stream') {
    const first = cut ? expected.slice(0, data.length) : expected
    const same = data.length === first.length && data.every((one, at) => one.equals(first[at] as Buffer))
    return same ? null : `records ${data.map(head)} of ${expected.map(head)}`
  }
  const bytes = Buffer.concat(data).filter((byte) => byte !== URGENT)
  const all = Buffer.concat(expected)
  return Buffer.from(bytes).equals(cut ? all.subarray(0, bytes.length) : all)
    ? null
    : `${bytes.length} of ${all.length} bytes`
}

const head = (data: Buffer): string => data.toString('latin1', 0, 6)

/** Rounds with one peer after the other. */
export class Arena {
  readonly #folder: string
  readonly #peer = new Peer()
  #rounds = 0

  constructor(folder: string) {
    this.#folder = folder
  }

  /** One round; throws what was broken in it. */
  async round(seed: number): Promise<void> {
    const random = new Random(seed)
    const type = random.of(['stream', 'seqpacket', 'dgram'] as const)
    const path = join(this.#folder, `hostile${this.#rounds++}`)
    const script = scriptFor(type, path, random)
    this.#peer.start()
    const before = descriptorCount()
    const timer = setTimeout(1)
    const doing =
      type === 'dgram' ? this.#datagrams(path, script, random) : this.#connections(type, path, script, random)
    const broken = await withDeadline(Promise.all([doing, timer])).catch((error) => String(error.stack))
    this.#peer.start()
    const leaked = broken === null ? await leakedSince(before) : 0
    const what = broken ?? (leaked > 0 ? `${leaked} descriptors leaked` : null)
    if (what !== null) throw new Error(`${what}\n${type}, seed ${seed}: ${JSON.stringify(script)}`)
  }

  async #connections(
    type: 'stream' | 'seqpacket',
    path: string,
    script: Step[],
    random: Random,
  ): Promise<string | null> {
    const listener = listen<typeof type>(path, { type, ...wishes(random) })
    const reception = new Reception(listener, random)
    const sent = sentOf(script, await this.#peer.perform(script))
    while (reception.intakes.length < sent.length) await setImmediate()
    await listener.close()
    const arrived = await reception.all()
    return arrived.map((one, at) => mismatch(type, sent[at] ?? [], one)).find((found) => found !== null) ?? null
  }

  async #datagrams(path: string, script: Step[], random: Random): Promise<string | null> {
    const socket = bind(path, wishes(random))
    const intake = new Intake(socket, random)
    const performing = this.#peer.perform(script)
    const received = intake.until(performing)
    const sent = sentOf(script, await performing).flat()
    return mismatch('dgram', sent, await received)
  }

  async end(): Promise<void> {
    await this.#peer.end()
  }
}

/** What a round found, or that it or its timer never ended. */
async function withDeadline(doing: Promise<[string | null, unknown]>): Promise<string | null> {
  const over = new AbortController()
  const hangs = setTimeout(patience, 'it hangs', { signal: over.signal }).catch(() => null)
  try {
    return await Promise.race([doing.then(([found]) => found), hangs])
  } finally {
    over.abort()
  }
}
