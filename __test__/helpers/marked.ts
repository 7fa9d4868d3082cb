// Descriptors that can be told apart: of files that are already unlinked, each known by its inode.
import { readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { OwnedFd } from '../../index.js'
import { native } from '../../lib/native.js'
import { closeSync, fstatSync, openSync } from './fs-numbers.js'

/** Opens `count` files of the folder, each holding its own number as text. */
export function openMarked(folder: string, count: number): number[] {
  return Array.from({ length: count }, (_, index) => {
    const path = join(folder, `marked-${index}`)
    writeFileSync(path, String(index))
    const fd = openSync(path, 'r')
    unlinkSync(path)
    return fd
  })
}

export function closeAll(fds: readonly number[]): void {
  for (const fd of fds) closeSync(fd)
}

export function inodeOf(source: number | OwnedFd): number {
  return fstatSync(typeof source === 'number' ? source : source.fd).ino
}

export function inodesOf(sources: readonly (number | OwnedFd)[]): number[] {
  return sources.map(inodeOf)
}

/**
 * How many descriptors this process has open. Files that have a name are left out: Node opens such ones for a moment when it likes,
 * and a spec that loses one is told by `guard`.
 */
export function openCount(): number {
  // What may block is closed on a thread.
  native.awaitClosed(20_000)
  return readdirSync('/proc/self/fd').filter((fd) => isCounted(`/proc/self/fd/${fd}`)).length
}

function isCounted(link: string): boolean {
  try {
    const stat = statSync(link)
    return !stat.isFile() || stat.nlink === 0
  } catch {
    // The one that listed them.
    return false
  }
}
