/**
 * Those who wait for descriptors to become free: receives of sockets that accept some, and accepts. It wakes them when something
 * of ours has been closed, and now and then, because what Node closes nobody tells. Knows neither sockets nor messages.
 */
import { native } from './native.js'
import { onWoken, startPoller } from './poller.js'
import { HOLD } from './queue.js'

/** Open descriptors of this process, and what waits for some to be closed. */
export interface DescriptorUsage {
  /** How many are open; null where the system does not tell. */
  readonly open: number | null
  /** The most that may be open (RLIMIT_NOFILE, the soft limit). */
  readonly limit: number
  /** Sockets and listeners of this thread that wait for room: see `pauseWhenScarce`. */
  readonly paused: number
}

/** Who waits. */
interface Paused {
  resume(): void
}

/** What is closed elsewhere in the process is seen so late (milliseconds). */
const LOOK_AGAIN_MS = 100
const paused = new Set<Paused>()
let timer: NodeJS.Timeout | undefined
let waking: NodeJS.Immediate | undefined
let warned = false

/**
 * How many descriptors this process has open, how many it may have, and how much waits for that. Counting costs some microseconds;
 * before Linux 6.2 it reads a directory.
 */
export function descriptorUsage(): DescriptorUsage {
  const [open, limit] = native.descriptorUsage() as [number, number]
  return { open: open < 0 ? null : open, limit, paused: paused.size }
}

/** Too few are free: `who` is resumed when that may have changed. The native side has asked the reaper to tell us. */
export function holdForRoom(who: Paused): typeof HOLD {
  startPoller()
  warn()
  paused.add(who)
  timer ??= setTimeout(wake, LOOK_AGAIN_MS).unref()
  return HOLD
}

/** Something of ours has been closed. */
export function freed(): void {
  if (paused.size > 0) waking ??= setImmediate(wake)
}

onWoken(freed)

function wake(): void {
  clearTimeout(timer)
  clearImmediate(waking)
  timer = undefined
  waking = undefined
  const all = [...paused]
  paused.clear()
  for (const one of all) one.resume()
}

function warn(): void {
  if (warned) return
  warned = true
  const { open, limit } = descriptorUsage()
  const message =
    `Few descriptors are free (${open} of ${limit} are open): sockets do not receive what brings some, and listeners do not ` +
    'accept, until some are closed. See pauseWhenScarce.'
  process.emitWarning(message, { type: 'ResourceWarning', code: 'ANCILLARY_DESCRIPTORS_SCARCE' })
}
