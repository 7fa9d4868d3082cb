// Scenarios for a process with few descriptors, which waits rather than loses some: run by child.ts with a low limit.
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { connect, descriptorUsage, listen, type Message, OwnedFd, pair, type UnixSocket } from '../../index.js'
import { serveScenarios } from './child.js'
import { dispose } from './dispose.js'
import { exhaust } from './exhaust.js'
import { makeFolder, removeFolder } from './tmp.js'
import { stateOf, turns } from './turns.js'

type Type = 'stream' | 'seqpacket' | 'dgram'

const warnings: string[] = []
process.on('warning', (warning) => warnings.push((warning as NodeJS.ErrnoException).code ?? warning.name))

const free = (): number => descriptorUsage().limit - (descriptorUsage().open as number)
const many = (count: number): number[] => new Array(count).fill(0)

/** Sends as long as `may` says; what is in flight is limited for a user, too. */
async function sendAll(
  socket: UnixSocket,
  count: number,
  fds: number[],
  may: (sent: number) => boolean,
): Promise<void> {
  for (let sent = 0; sent < count; await turn()) {
    if (!may(sent)) continue
    await socket.send(`${sent};`, { fds }).then(
      () => sent++,
      (error: NodeJS.ErrnoException) => {
        if (error.code !== 'ETOOMANYREFS') throw error
      },
    )
  }
}

/** A reader that keeps its messages until he has to wait for room, and each for some turns; far more descriptors come than that. */
async function flood(type: Type): Promise<unknown> {
  const [left, right] = pair(type, { maxFds: 30 })
  const each = 30
  const count = 40
  const answer = { messages: 0, fds: 0, truncated: 0 }
  let received = 0
  const sent = sendAll(left, count, many(each), (number) => number - received < 4)
  let hasWaited = false
  const closeLater = async (messages: Message[]): Promise<void> => {
    while (!hasWaited && received < count) {
      await turn()
      hasWaited = descriptorUsage().paused > 0
    }
    await turns(3)
    for (const message of messages) {
      answer.messages++
      if (message.fdsTruncated) answer.truncated++
      else answer.fds += message.fds.length
      message.close()
    }
  }
  const closed: Promise<void>[] = []
  while (received < count) {
    const messages = (await right.recvMany()) as Message[]
    received += messages.length
    closed.push(closeLater(messages))
  }
  await Promise.all([sent, ...closed])
  dispose(left, right)
  return { ...answer, warnings }
}

/** More in one batch than the table holds, though there is room for several messages. */
async function batch(): Promise<unknown> {
  const [left, right] = pair('seqpacket', { maxFds: 253 })
  await sendAll(left, 4, many(253), () => true)
  const sizes: number[] = []
  while (sizes.length < 4) {
    for (const message of (await right.recvMany()) as Message[]) {
      sizes.push(message.fdsTruncated ? -1 : message.fds.length)
      message.close()
    }
  }
  dispose(left, right)
  return sizes
}

/** Waits while Node holds the descriptors; nothing of ours is closed. */
async function byTimer(type: Type): Promise<unknown> {
  const [left, right] = pair(type, { maxFds: 5 })
  await left.send('data', { fds: many(5) })
  const restore = exhaust(2)
  const pending = right.recv()
  const readable = right.readable()
  const states = [await stateOf(pending), right.tryRecv(), descriptorUsage().paused]
  restore()
  const message = (await pending) as Message
  await left.send('more')
  await readable
  const answer = { states, fds: message.fds.length, paused: descriptorUsage().paused, warnings }
  dispose(left, right, message)
  return answer
}

/** As if no time passed: only a close can wake who waits. */
function stopTimers(): void {
  const stopped = { unref: () => stopped }
  globalThis.setTimeout = (() => stopped) as unknown as typeof setTimeout
}

async function byClose(make: () => Promise<OwnedFd[]>): Promise<unknown> {
  stopTimers()
  const [left, right] = pair('seqpacket', { maxFds: 5 })
  const held = await make()
  await left.send('data', { fds: many(5) })
  const restore = exhaust(2)
  const pending = right.recv()
  const before = await stateOf(pending)
  for (const fd of held) fd.close()
  const message = (await pending) as Message
  const answer = [before, message.fds.length]
  restore()
  dispose(left, right, message)
  return answer
}

async function received(): Promise<OwnedFd[]> {
  const [left, right] = pair('stream', { maxFds: 25 })
  await left.send('x', { fds: many(25) })
  const fds = ((await right.recv()) as Message).takeFds()
  dispose(left, right)
  return fds
}

/** Data alone does not wait, also on a socket that accepts descriptors; nor does a socket that accepts none. */
async function dataAlone(): Promise<unknown> {
  const [left, right] = pair('stream', { maxFds: 5 })
  const [from, to] = pair('stream')
  await Promise.all([left.send('data'), from.send('other')])
  const restore = exhaust(3)
  const answer = [String((await right.recv())?.data), String((await to.recv())?.data), descriptorUsage().paused]
  restore()
  dispose(left, right, from, to)
  return answer
}

/** An abort ends the wait, and leaves the message. */
async function aborted(): Promise<unknown> {
  const [left, right] = pair('stream', { maxFds: 5 })
  await left.send('data', { fds: many(5) })
  const restore = exhaust(2)
  const controller = new AbortController()
  const pending = right.recv({ signal: controller.signal })
  const before = await stateOf(pending)
  controller.abort()
  const code = await pending.catch((error: NodeJS.ErrnoException) => error.code)
  restore()
  const message = (await right.recv()) as Message
  const answer = [before, code, message.fds.length]
  dispose(left, right, message)
  return answer
}

/** What can never fit is not waited for. */
async function tooMany(): Promise<unknown> {
  const [left, right] = pair('seqpacket', { maxFds: 253 })
  await left.send('data', { fds: many(60) })
  const message = (await right.recv()) as Message
  const answer = [String(message.data), message.fdsTruncated, warnings]
  dispose(left, right, message)
  return answer
}

/** Connections while few descriptors are free: all are served, and some stay free at any moment. */
async function accept(pauseWhenScarce?: boolean): Promise<unknown> {
  const folder = makeFolder()
  const path = join(folder, 's')
  const listener = listen(path, pauseWhenScarce === undefined ? {} : { pauseWhenScarce })
  const clients: UnixSocket[] = []
  // The poller opens its descriptors at the first wait.
  const other = pair()
  await other[0].readable({ timeout: 0 }).catch(() => {})
  dispose(...other)
  while (free() > 22) clients.push(await connect(path))
  await Promise.all(clients.map((client, number) => client.send(String(number))))
  let fewest = Number.POSITIVE_INFINITY
  const served: number[] = []
  const serve = async (peer: UnixSocket): Promise<void> => {
    served.push(Number((await peer.recv())?.data))
    await turns(5)
    peer[Symbol.dispose]()
  }
  const all: Promise<void>[] = []
  for await (const peer of listener) {
    fewest = Math.min(fewest, free())
    all.push(serve(peer))
    if (all.length === clients.length) break
  }
  await Promise.all(all)
  const whole = served.sort((a, b) => a - b).every((number, at) => number === at)
  dispose(...clients, listener)
  removeFolder(folder)
  return { whole, fewest, warnings: [...warnings] }
}

async function acceptByTimer(): Promise<unknown> {
  const folder = makeFolder()
  const path = join(folder, 's')
  const listener = listen(path)
  const client = await connect(path)
  const restore = exhaust(10)
  const pending = listener.accept()
  const before = [await stateOf(pending), descriptorUsage().paused]
  restore()
  const peer = await pending
  const answer = [...before, peer.closed]
  dispose(client, peer, listener)
  removeFolder(folder)
  return answer
}

void serveScenarios({
  floodStream: () => flood('stream'),
  floodSeqpacket: () => flood('seqpacket'),
  floodDatagram: () => flood('dgram'),
  batch,
  timerStream: () => byTimer('stream'),
  timerSeqpacket: () => byTimer('seqpacket'),
  timerDatagram: () => byTimer('dgram'),
  byOwnClose: () => byClose(async () => Array.from({ length: 25 }, () => OwnedFd.dup(0))),
  byReaper: () => byClose(received),
  dataAlone,
  aborted,
  tooMany,
  accept: () => accept(),
  acceptWithout: () => accept(false),
  acceptByTimer,
})
