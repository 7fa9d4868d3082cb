// Scenarios that forget to close: everything is left to the garbage collector, and the warnings are counted.
import { existsSync, mkdtempSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { bind, connect, listen, type Message, OwnedFd, pair, type UnixSocket } from '../../index.js'
import { serveScenarios } from './child.js'
import { openCount } from './marked.js'

const folder = mkdtempSync(join(tmpdir(), 'anc-'))
process.on('exit', () => rmdirSync(folder))

const warnings: { name: string; code: string; message: string; detail: string }[] = []
process.on('warning', (warning) => {
  const { code = '', detail = '' } = warning as { code?: string; detail?: string }
  warnings.push({ name: warning.name, code, message: warning.message, detail })
})

/** What is forgotten that many may be made of. */
const many = Number(process.env.ANCILLARY_TEST_COUNT ?? 20)

/** Collects until the descriptors are down to `count`; gives up after many rounds. */
async function collect(count: number): Promise<number> {
  const { gc } = globalThis as { gc?: () => void }
  for (let round = 0; round < 200 && openCount() > count; round++) {
    gc?.()
    await setImmediate()
  }
  return openCount() - count
}

async function forget(make: () => unknown): Promise<unknown> {
  await warmUp()
  const before = openCount()
  await make()
  const grown = openCount() - before
  const left = await collect(before)
  await setImmediate()
  return { grown, left, warnings: warnings.map(({ name, code }) => `${name} ${code}`) }
}

/** The poller opens its descriptors at the first wait, and Node some of its own at the first warning. */
async function warmUp(): Promise<void> {
  process.emitWarning('warming up')
  while (warnings.length === 0) await setImmediate()
  warnings.length = 0
  const [left, right] = pair()
  await left.readable({ timeout: 0 }).catch(() => {})
  left[Symbol.dispose]()
  right[Symbol.dispose]()
}

/** Sockets that were used, so that they have been in the poller. */
async function forgetSockets(): Promise<void> {
  for (let count = 0; count < 10; count++) {
    const [left, right] = pair('seqpacket')
    const waiting = right.recv()
    await left.send('x')
    await waiting
  }
}

async function forgetMessage(): Promise<void> {
  const [left, right] = pair('seqpacket', { maxFds: 2 })
  await left.send('x', { fds: [0, 1] })
  await right.recv()
  await left.close()
  await right.close()
}

/** Read ahead for a loop and never delivered. */
async function forgetUnread(): Promise<void> {
  const [left, right] = pair('seqpacket', { maxFds: 2 })
  for (let count = 0; count < 5; count++) await left.send('x', { fds: [0, 1] })
  await left.close()
  for await (const message of right) {
    message.close()
    break
  }
}

async function forgetBound(): Promise<unknown> {
  const path = join(folder, 'd')
  const answer = await forget(() => void bind(path))
  return { ...(answer as object), exists: existsSync(path) }
}

/** One with everything that a listener may hold: a signal, a connection, and a client that was accepted ahead. */
async function forgetListener(): Promise<unknown> {
  const path = join(folder, 'l')
  const { signal } = new AbortController()
  const clients: UnixSocket[] = []
  const answer = await forget(async () => {
    const listener = listen(path, { signal, maxConnections: 5 })
    for (let count = 0; count < 3; count++) clients.push(await connect(path))
    for await (const peer of listener) {
      clients.push(peer)
      break
    }
    for (const client of clients.slice(0, 3)) await client.close()
  })
  await clients[3]?.close()
  return { ...(answer as object), signal: signal.aborted, exists: existsSync(path) }
}

/** What was closed or given away says nothing. */
async function rememberAll(): Promise<unknown> {
  await warmUp()
  const before = openCount()
  await (async () => {
    const [left, right] = pair('seqpacket', { maxFds: 1 })
    await left.send('x', { fds: [0] })
    ;((await right.recv()) as Message).close()
    const bare = left.detach()
    const number = bare.detach()
    OwnedFd.adopt(number).close()
    await right.close()
  })()
  await collect(-1)
  return { left: openCount() - before, warnings }
}

/** A waiting operation holds its socket. */
async function waitingKeepsOpen(): Promise<unknown> {
  const begin = (): [OwnedFd, Promise<Message | null>] => {
    const [left, right] = pair('seqpacket')
    return [left.detach(), right.recv()]
  }
  const [other, waiting] = begin()
  await collect(-1)
  await other.write('still there')
  const message = await waiting
  other.close()
  return { data: message?.data.toString(), warnings }
}

async function debugShowsStacks(): Promise<unknown> {
  await forget(forgetSockets)
  return { count: warnings.length, stacks: warnings.every(({ detail }) => detail.includes('forgetSockets')) }
}

void serveScenarios({
  sockets: () => forget(forgetSockets),
  message: () => forget(forgetMessage),
  unread: () => forget(forgetUnread),
  duplicates: () => forget(() => Array.from({ length: many }, () => OwnedFd.dup(0)).length),
  forgetBound,
  forgetListener,
  rememberAll,
  waitingKeepsOpen,
  debugShowsStacks,
})
