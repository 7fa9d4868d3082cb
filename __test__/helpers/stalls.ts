// How long the event loop stands still while somebody drops a descriptor whose last close takes long: one way to drop it for each
// path by which it may come. The control closes it on the thread of the loop, and shows that the attack bites.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { type Message, pair, type UnixSocket } from '../../index.js'
import { native } from '../../lib/native.js'
import { dispose } from './dispose.js'
import { exhaust } from './exhaust.js'
import { closeSync, fstatSync } from './fs-numbers.js'
import { lingering } from './lingering.js'
import { turns } from './turns.js'

type Pair = [UnixSocket<'seqpacket'>, UnixSocket<'seqpacket'>]

interface Path {
  /** How often the message carries the descriptor. */
  readonly times: number
  /** Before the clock runs; gives what undoes it. */
  prepare?(): () => void
  drop(pair: Pair, collect: () => void): unknown
}

const control: Path = {
  times: 1,
  drop: async ([, right]) => closeSync(((await right.recv()) as Message).takeFds(1)[0].detach()),
}

/** By what it is that drops it. */
const paths: Readonly<Record<string, Path>> = {
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
  'a message that is truncated': {
    times: 3,
    prepare: () => leaveFree(1),
    drop: async ([, right]) => {
      if (!((await right.recv()) as Message).fdsTruncated) throw new Error('It was not truncated')
    },
  },
  'a socket with unread messages': { times: 1, drop: ([, right]) => right.close() },
  'a socket that is forgotten': { times: 1, drop: forget },
}
export const pathNames: readonly string[] = Object.keys(paths)

/** The longest stall (milliseconds) when such a descriptor is dropped on the path of that name; none: on the thread of the loop. */
export function stallOf(name: string | null, seconds = 1): Promise<number> {
  const path = name === null ? control : paths[name]
  if (path === undefined) throw new Error(`No path ${name}`)
  return stalled(path, seconds)
}

/** Sends the only references to such a socket, and has them dropped: the longest that the loop stood still, but for `collect`. */
async function stalled({ times, prepare, drop }: Path, seconds: number): Promise<number> {
  // What is to be truncated must not wait for room instead.
  const ends = pair('seqpacket', { maxFds: times, pauseWhenScarce: prepare === undefined })
  const { fd, end } = await lingering(seconds)
  await ends[0].send('x', { fds: Array(times).fill(fd) })
  closeSync(fd)
  const restore = prepare?.()
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
  restore?.()
  dispose(...ends)
  native.awaitClosed((seconds + 20) * 1000)
  end()
  return longest
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

export function isOpen(fd: number): boolean {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false
  }
}

/** Lowers the limit of this process and takes what is free below it, but so many descriptors; gives what undoes it. */
function leaveFree(count: number): () => void {
  const highest = Math.max(...readdirSync('/proc/self/fd').map(Number))
  limitTo(String(highest + 20))
  const giveBack = exhaust(count)
  return () => {
    giveBack()
    limitTo(hardLimit())
  }
}

/** Only the soft limit; Node.js has made it the hard one when it started. */
function limitTo(soft: string): void {
  execFileSync('prlimit', ['--pid', String(process.pid), `--nofile=${soft}:`])
}

function hardLimit(): string {
  return execFileSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' }).trim()
}
