/**
 * Numbers that are adopted, in workers of Node.js: what `fs.open` gave there Node closes once more when the worker ends, whatever the
 * number is by then. A worker therefore keeps a duplicate, and has Node close the number and forget it. Knows no descriptors' kinds.
 */
import { closeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { check } from './errors.js'
import { native } from './native.js'
import { runtime } from './runtime.js'

/** Only workers track: the end of the main thread is the end of the process. What was open before them nobody has opened there. */
function isTracked(number: number): boolean {
  return runtime === 'node' && !isMainThread && number > 2
}

/** Takes a number of the user's: the number that is ours now. {@link taken} or {@link giveBack} must follow. */
export function take(number: number): number {
  check(native.adopt(number), 'fcntl')
  if (!isTracked(number)) return number
  native.release(number)
  return check(native.duplicate(number), 'dup')
}

/** It is ours for good. */
export function taken(number: number): void {
  if (!isTracked(number)) return
  const { emitWarning } = process
  // Node warns of numbers that it does not know. There is no other way to ask it whether it knows one.
  process.emitWarning = () => {}
  try {
    closeSync(number)
  } finally {
    process.emitWarning = emitWarning
  }
}

/** It stays the user's, as it was. */
export function giveBack(number: number, ours: number): void {
  if (isTracked(number)) native.close(ours)
  else native.release(ours)
}
