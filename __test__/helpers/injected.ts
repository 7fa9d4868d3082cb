// The program into whose system calls errors are injected: run by injection.ts under strace, with one worker thread per socket
// type, because strace counts the calls of each thread for itself. It opens, connects, sends and receives, tries again whatever
// failed, and tells what arrived and what failed. It does not know which call is hit.
import { accessSync } from 'node:fs'
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import {
  bind,
  connect,
  listen,
  type Message,
  memfd,
  type OwnedFd,
  pair,
  type SocketError,
  type SocketType,
  type UnixListener,
  type UnixSocket,
} from '../../index.js'
import { serveScenarios } from './child.js'
import { descriptorCount, leakedSince } from './descriptor-count.js'
import { dispose } from './dispose.js'
import { readSync } from './fs-numbers.js'

/** One operation that failed. */
export interface Failure {
  readonly operation: string
  readonly code: string | undefined
  readonly syscall: string | undefined
}

/** What one worker did. */
export interface Account {
  /** The numbers of the messages in the order in which they arrived, one list per connection. */
  readonly arrived: number[][]
  /** How many were sent. */
  readonly sent: number[]
  /** The numbers in the memory files that came with them, and those that were sent. */
  readonly files: number[][]
  readonly filesSent: number[][]
  readonly failures: Failure[]
  /** Descriptors that are open at the end and were not at the beginning. */
  readonly leaked: number
}

/** Small enough for the kernel to take all or nothing, on a stream too. */
const SIZE = 4096
/** Much more than it takes at once. */
const LARGE = 1 << 20
const CONNECTIONS = 4
const TRIES = 12
const LAST = -1
const patience = 20_000

/** A system call that does nothing but stand in strace's log. */
function mark(name: string): void {
  try {
    accessSync(`/injection/${name}`)
  } catch {}
}

/** What one socket type does. */
class Scenario {
  readonly #type: SocketType
  readonly #folder: string
  readonly account = { arrived: [], sent: [], files: [], filesSent: [], failures: [] } as Omit<Account, 'leaked'>
  #names = 0

  constructor(type: SocketType, folder: string) {
    this.#type = type
    this.#folder = folder
  }

  async run(): Promise<void> {
    if (this.#type === 'dgram') await this.#datagrams()
    else await this.#connections(this.#type)
  }

  async #connections(type: 'stream' | 'seqpacket'): Promise<void> {
    const listener = await this.#persist('listen', () => listen<typeof type>(this.#path(), { type, maxFds: 8 }))
    for (let round = 0; round < CONNECTIONS; round++) {
      const [client, server] = await this.#connected(listener)
      await this.#talk(client, server, {})
      await this.#ends(client, server)
    }
    dispose(listener)
    if (type === 'stream') await this.#large()
  }

  /** A message that goes in many parts: if it fails in the middle, what arrives is what the error says, and nothing follows. */
  async #large(): Promise<void> {
    const [from, to] = pair()
    const arriving = this.#bytesUntilEnd(to)
    const written = await this.#sendLarge(from)
    dispose(from)
    const arrived = await arriving
    if (arrived !== written) throw new Error(`${arrived} bytes of a message arrived, of which ${written} were sent`)
    dispose(to)
  }

  async #sendLarge(socket: UnixSocket): Promise<number> {
    for (;;) {
      try {
        await socket.send(Buffer.alloc(LARGE))
        return LARGE
      } catch (error) {
        this.#note('send', error as SocketError)
        const { bytesWritten = 0, code } = error as SocketError
        if (bytesWritten > 0 && code !== 'EPIPE' && !socket.closed)
          throw new Error('It may go on behind half a message')
        if (bytesWritten > 0) return bytesWritten
      }
    }
  }

  async #bytesUntilEnd(socket: UnixSocket): Promise<number> {
    for (let count = 0; ; ) {
      const message = await this.#persist('receive', () => socket.recv())
      if (message === null) return count
      count += message.data.length
    }
  }

  /** The accept waits before anybody comes. */
  async #connected(listener: UnixListener): Promise<[UnixSocket, UnixSocket]> {
    const [server, client] = await Promise.all([
      this.#persist('accept', () => listener.accept()),
      this.#persist('connect', () => connect(listener.address, { type: this.#type })),
    ])
    return [client, server]
  }

  /** With a destination for each datagram, then connected. */
  async #datagrams(): Promise<void> {
    for (let round = 0; round < CONNECTIONS; round++) {
      const path = this.#path()
      const receiver = await this.#persist('bind', () => bind(path, { maxFds: 8 }))
      const sender = await (round === 0
        ? this.#persist('bind', () => bind())
        : this.#persist('connect', () => connect(path, { type: 'dgram' })))
      await this.#talk(sender, receiver, round === 0 ? { to: path } : {})
      dispose(sender, receiver)
    }
  }

  #path(): string {
    return `${this.#folder}/${process.pid}${this.#type}${this.#names++}`
  }

  /** Until it succeeds; every failure is noted. */
  async #persist<T>(operation: string, action: () => T | Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await action()
      } catch (error) {
        const { code } = error as SocketError
        if (code === 'ABORT_ERR') throw error
        this.#note(operation, error as SocketError)
        if (attempt === TRIES || code === undefined) throw error
      }
    }
  }

  #note(operation: string, { code, syscall }: SocketError): void {
    this.account.failures.push({ operation, code, syscall })
  }

  /** Single messages, as many as there is room for, one that has to wait, then many in one call. */
  async #talk(from: UnixSocket, to: UnixSocket, options: { to?: string }): Promise<void> {
    const filesSent: number[] = []
    this.account.filesSent.push(filesSent)
    const sendWithFile = (data: number): Promise<void> => {
      filesSent.push(data)
      return this.#send(from, data, options, memfd('injected', { data: String(data) }))
    }
    const receiving = this.#receive(to)
    const idle = this.#idle(from)
    let number = 0
    for (; number < 6; number++) await (number % 3 === 0 ? sendWithFile(number) : this.#send(from, number, options))
    while (await this.#persist('trySend', () => from.trySend(payload(number), options as object))) number++
    await sendWithFile(number++)
    for (let count = 0; count < 3; count++) number = await this.#sendMany(from, number, number + 5, options)
    await this.#send(from, LAST, options)
    this.account.sent.push(number)
    await receiving
    await idle()
  }

  /** Waits for what never comes: what the poller is to tell of this socket changes when it sends as well. */
  #idle(socket: UnixSocket): () => Promise<void> {
    const over = new AbortController()
    const { signal } = over
    const waiting = this.#persist('readable', () => socket.readable({ signal })).catch((error) => {
      if (!signal.aborted) throw error
    })
    return () => {
      over.abort()
      return waiting
    }
  }

  async #send(socket: UnixSocket, number: number, options: object, file?: OwnedFd): Promise<void> {
    const fds = file === undefined ? {} : { fds: [file] }
    await this.#persist('send', () => socket.send(payload(number), { ...options, ...fds }))
    file?.close()
  }

  /** What did not go is sent again: `error.sent` says how many did. */
  async #sendMany(socket: UnixSocket, first: number, end: number, options: object): Promise<number> {
    let next = first
    await this.#persist('sendMany', async () => {
      const messages = Array.from({ length: end - next }, (_, at) => ({ data: payload(next + at), ...options }))
      await socket.sendMany(messages).catch((error: SocketError) => {
        next += error.sent ?? 0
        throw error
      })
    })
    return end
  }

  /** By each way of receiving in turn, up to the message that is the last. */
  async #receive(socket: UnixSocket): Promise<void> {
    const intake = new Intake()
    this.account.arrived.push(intake.numbers)
    this.account.files.push(intake.files)
    for (let turn = 0; !intake.over; turn++) {
      await this.#persist('receive', () => ways[turn % ways.length]?.(socket, intake))
    }
  }

  /** Both ends come to their end. */
  async #ends(client: UnixSocket, server: UnixSocket): Promise<void> {
    client.shutdown('write')
    const end = await this.#persist('receive', () => server.recv())
    if (end !== null) throw new Error('Something came behind the last message')
    dispose(client, server)
  }
}

const ways: ((socket: UnixSocket, intake: Intake) => Promise<void>)[] = [
  async (socket, intake) => intake.take(await socket.recv()),
  async (socket, intake) => {
    for (const message of (await socket.recvMany()) ?? []) intake.take(message)
  },
  async (socket, intake) => {
    for await (const message of socket) {
      intake.take(message)
      if (intake.over || intake.numbers.length % 7 === 0) break
    }
  },
  async (socket, intake) => {
    for await (const batch of socket.batches({ max: 4 })) {
      for (const message of batch) intake.take(message)
      break
    }
  },
]

/** Puts the bytes of a stream together again and opens what came along. */
class Intake {
  readonly numbers: number[] = []
  readonly files: number[] = []
  over = false
  #bytes = Buffer.alloc(0)

  take(message: Message | null): void {
    if (message === null) throw new Error('The end came before the last message')
    for (const file of message.takeFds()) {
      const text = Buffer.alloc(16)
      this.files.push(Number(text.toString('latin1', 0, readSync(file.fd, text, 0, 16, 0))))
      file.close()
    }
    this.#bytes = Buffer.concat([this.#bytes, message.data])
    for (; this.#bytes.length >= SIZE; this.#bytes = this.#bytes.subarray(SIZE)) this.#note(this.#bytes)
  }

  #note(bytes: Buffer): void {
    const number = bytes.readInt32LE(0)
    if (!bytes.subarray(4, SIZE).every((byte) => byte === (number & 0xff))) throw new Error(`${number} is not whole`)
    if (number === LAST) this.over = true
    else this.numbers.push(number)
  }
}

function payload(number: number): Buffer {
  const bytes = Buffer.alloc(SIZE, number & 0xff)
  bytes.writeInt32LE(number, 0)
  return bytes
}

/** The poller starts, and this thread makes more calls of it than Node's own threads do while they start. */
async function warmUp(): Promise<void> {
  for (let count = 0; count < 8; count++) {
    const [left, right] = pair()
    await right.readable({ timeout: 0 }).catch(() => {})
    dispose(left, right)
  }
}

async function work({ type, folder }: { type: SocketType; folder: string }): Promise<Account> {
  await warmUp()
  const before = descriptorCount()
  const scenario = new Scenario(type, folder)
  mark(type)
  await scenario.run()
  mark('end')
  return { ...scenario.account, leaked: await leakedSince(before) }
}

/** What the worker told, or how it ended instead. */
function accountOf(type: SocketType): Promise<Account | string> {
  const worker = new Worker(__filename, { workerData: { type, folder: process.env.ANCILLARY_TEST_FOLDER } })
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve('it hangs')
      void worker.terminate()
    }, patience)
    worker.once('message', resolve)
    worker.once('error', (error) => resolve(`it died: ${error.stack}`))
    worker.once('exit', (code) => {
      clearTimeout(timer)
      resolve(`it ended with ${code}`)
    })
  })
}

/** One after the other: each counts the descriptors of the process. */
async function accountsOf(types: SocketType[]): Promise<Record<string, Account | string>> {
  const accounts: Record<string, Account | string> = {}
  for (const type of types) accounts[type] = await accountOf(type)
  return accounts
}

if (isMainThread) {
  void serveScenarios({
    all: () => accountsOf(['stream', 'seqpacket', 'dgram']),
    stream: () => accountsOf(['stream']),
    seqpacket: () => accountsOf(['seqpacket']),
    dgram: () => accountsOf(['dgram']),
  })
} else {
  void work(workerData).then((answer) => parentPort?.postMessage(answer))
}
