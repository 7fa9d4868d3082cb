// A descriptor whose last close takes seconds, from somebody who wants to stall us: a TCP socket with SO_LINGER and unsent data. On
// every path that drops it the event loop goes on turning. The control closes on the loop thread, and shows that the attack bites.
import { closeSync, fstatSync } from 'node:fs'
import test from 'ava'
import { type Message, pair, type UnixSocket } from '../index.js'
import { native } from '../lib/native.js'
import { dispose } from './helpers/dispose.js'
import { guard } from './helpers/leaks.js'
import { lingering } from './helpers/lingering.js'
import { turns } from './helpers/turns.js'

guard(test)

type Pair = [UnixSocket<'seqpacket'>, UnixSocket<'seqpacket'>]

interface Path {
  /** How often the message carries the descriptor. */
  readonly times: number
  drop(pair: Pair, collect: () => void): unknown
}

/** Sends the only references to such a socket, and has them dropped: the longest that the loop stood still (milliseconds), but for `collect`. */
async function stalled({ times, drop }: Path): Promise<number> {
  const ends = pair('seqpacket', { maxFds: times })
  const { fd, end } = await lingering()
  await ends[0].send('x', { fds: Array(times).fill(fd) })
  closeSync(fd)
  let longest = 0
  let last = performance.now()
  const tick = (): void => {
    longest = Math.max(longest, performance.now() - last)
    last = performance.now()
  }
  const timer = setInterval(tick)
  // A forced collection takes as long as the machine is busy, and closes nothing: finalizers run in a turn of their own after it.
  const collect = (): void => {
    tick()
    globalThis.gc?.()
    last = performance.now()
  }
  await drop(ends, collect)
  await turns(20)
  tick()
  clearInterval(timer)
  dispose(...ends)
  native.awaitClosed(20_000)
  end()
  return longest
}

const paths: Record<string, Path> = {
  'a descriptor that is closed': {
    times: 1,
    drop: async ([, right]) => ((await right.recv()) as Message).takeFds(1)[0].close(),
  },
  'a message that is closed': { times: 1, drop: async ([, right]) => ((await right.recv()) as Message).close() },
  'a message that is refused': {
    times: 2,
    drop: async ([, right]) => {
      right.maxFds = 1
      if (((await right.recv()) as Message).fdsRefused !== 2) throw new Error('It was not refused')
    },
  },
  'a socket with unread messages': { times: 1, drop: ([, right]) => right.close() },
  'a socket that is forgotten': { times: 1, drop: forget },
}

/** Nobody but the pair's list refers to it, and that is emptied. */
async function forget(ends: Pair, collect: () => void): Promise<void> {
  const fd = ends[1].fd
  ends.pop()
  while (isOpen(fd)) {
    collect()
    await turns(1)
  }
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false
  }
}

test.serial('the loop goes on, whatever drops a descriptor whose last close takes a second', async (t) => {
  const control = await stalled({
    times: 1,
    drop: async ([, right]) => closeSync(((await right.recv()) as Message).takeFds(1)[0].detach()),
  })
  t.log(`closed on the thread of the loop: ${control.toFixed(0)} ms`)
  for (const [name, path] of Object.entries(paths)) {
    const stall = await stalled(path)
    t.log(`${name}: ${stall.toFixed(1)} ms`)
    t.true(stall < control / 5, name)
  }
})
