// Scenarios for `keepSentFds` in a process of its own: run by child.ts, with few descriptors or with nothing else that keeps it alive.
import { type Message, pair, type UnixSocket } from '../../index.js'
import { native } from '../../lib/native.js'
import { serveScenarios } from './child.js'
import { descriptorCount } from './descriptor-count.js'
import { dispose } from './dispose.js'
import { exhaust } from './exhaust.js'
import { startPoller } from './leaks.js'

const kept = { maxFds: 8, keepSentFds: true }

/** How many more are open than `before`, when what is closed on a thread has been closed. */
function openedSince(before: number): number {
  native.awaitClosed(20_000)
  return descriptorCount() - before
}

async function sendMany(socket: UnixSocket, other: UnixSocket, count: number): Promise<void> {
  for (let sent = 0; sent < count; sent++) {
    await socket.send('x', { fds: [0] })
    ;((await other.recv()) as Message).close()
    // On a thread, which has little room here.
    native.awaitClosed(20_000)
  }
}

/** More than there may be, by two sockets. */
async function many(): Promise<unknown> {
  await startPoller()
  const before = descriptorCount()
  const [first, second] = [pair('stream', kept), pair('seqpacket', kept)]
  const sockets = descriptorCount() - before
  await sendMany(...first, 30)
  await sendMany(...second, 30)
  const keptOfAll = openedSince(before) - sockets
  for (const [left] of [first, second]) left.releaseSentFds()
  const left = openedSince(before) - sockets
  dispose(...first, ...second)
  return { kept: keptOfAll, left }
}

async function withoutDescriptors(): Promise<unknown> {
  const [left, right] = pair('stream', kept)
  await startPoller()
  const restore = exhaust()
  const copies = copiesIn(() => left.trySend('x', { fds: [0] }))
  restore()
  const message = (await right.recv()) as Message
  const arrived = message.fds.length
  dispose(left, right, message)
  return { kept: copies, arrived }
}

/** How many duplicates are made. */
function copiesIn(action: () => unknown): number {
  let copies = 0
  const { duplicate } = native
  native.duplicate = (fd) => {
    const copy = duplicate(fd)
    if (copy >= 0) copies++
    return copy
  }
  try {
    action()
  } finally {
    native.duplicate = duplicate
  }
  return copies
}

async function closed(): Promise<unknown> {
  await startPoller()
  const before = descriptorCount()
  const [left, right] = pair('stream', kept)
  await left.send('x', { fds: [0] })
  dispose(left, right)
  return { kept: openedSince(before) }
}

/** What the options say where the system is called so. */
function onMacos(): unknown {
  const name = require.resolve('../../lib/options.js')
  delete require.cache[name]
  Object.defineProperty(process, 'platform', { value: 'darwin' })
  const { checkOptions } = require(name) as typeof import('../../lib/options.js')
  const [byDefault, off] = [checkOptions(undefined), checkOptions({ keepSentFds: false })]
  return { byDefault: byDefault.keepSentFds, switchedOff: off.keepSentFds }
}

void serveScenarios({ many, withoutDescriptors, closed, onMacos })
