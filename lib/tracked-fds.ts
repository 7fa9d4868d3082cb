/**
 * Numbers that are adopted where `fs` keeps book of what it opened, and would close the number once more: a worker of Node when it
 * ends, Deno when it opens a file and gets that number again. There we keep a duplicate, and `fs` closes the number and forgets it.
 * Knows no descriptors' kinds.
 */
import { closeSync, fstatSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { check } from './errors.js'
import { native } from './native.js'
import { runtime } from './runtime.js'

/** Of Node only workers track: the end of the main thread is the end of the process. What was open before, `fs` has not opened. */
function isTracked(number: number): boolean {
  if (number <= 2) return false
  return runtime === 'deno' ? isKnownToDeno(number) : runtime === 'node' && !isMainThread
}

/** Deno's `fs` takes no number that it has not opened. */
function isKnownToDeno(number: number): boolean {
  try {
    fstatSync(number)
    return true
  } catch {
    return false
  }
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
