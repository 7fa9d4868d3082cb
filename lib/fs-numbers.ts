/**
 * What `fs` does with a descriptor number, for numbers that `fs` has not opened. Deno's `fs` has a table of those that it has, and
 * what is not there is EBADF, or worse another file: there it goes by way of /proc. Knows no owners.
 */
import { closeSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs'
import { runtime } from './runtime.js'

const isTabled = runtime === 'deno'

/** The inode number of what is open there. */
export function inodeOf(fd: number): bigint {
  return (isTabled ? statSync(`/proc/self/fd/${fd}`, { bigint: true }) : fstatSync(fd, { bigint: true })).ino
}

/** Puts `bytes` at the beginning of a file and makes it `length` long, which is not less. Its position stays where it is. */
export function fillFile(fd: number, bytes: Uint8Array, length: number): void {
  if (isTabled) fillAgain(`/proc/self/fd/${fd}`, bytes, length)
  else fill(fd, bytes, length)
}

function fillAgain(path: string, bytes: Uint8Array, length: number): void {
  const fd = openSync(path, 'r+')
  try {
    fill(fd, bytes, length)
  } finally {
    closeSync(fd)
  }
}

function fill(fd: number, bytes: Uint8Array, length: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, bytes.length - at, at)
  if (length > bytes.length) ftruncateSync(fd, length)
}
