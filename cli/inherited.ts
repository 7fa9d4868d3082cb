// Descriptors that the shell has opened for this command (3<FILE), told from those that Node.js opens for itself.
import { readdirSync, readlinkSync } from 'node:fs'
import { OwnedFd } from '../index.js'
import { UsageError, wholeNumber } from './usage.js'

/** What only the runtime of this process has open. */
const OF_THE_RUNTIME = ['epoll', 'io_uring', 'eventfd']

function target(fd: number | string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`)
  } catch {
    return ''
  }
}

/** Node.js has both ends of the pipes that it wakes itself with; a shell gives one. */
function isOwnPipe(number: number, { kind, access }: OwnedFd): boolean {
  if (kind !== 'pipe') return false
  const pipe = target(number)
  const others = readdirSync('/proc/self/fd').filter((name) => Number(name) > 2 && target(name) === pipe)
  return others.some((name) => accessOf(Number(name)) !== access)
}

function accessOf(number: number): OwnedFd['access'] {
  const fd = OwnedFd.dup(number)
  try {
    return fd.access
  } finally {
    fd.close()
  }
}

/** A duplicate of each. Throws EBADF where nothing is open, a UsageError where it is Node's own. */
export function inherited(words: readonly string[]): OwnedFd[] {
  const taken: OwnedFd[] = []
  try {
    for (const number of words.map((word) => wholeNumber(word, 'FD', 0, 0x7fffffff))) {
      const fd = OwnedFd.dup(number)
      taken.push(fd)
      if (number > 2 && (OF_THE_RUNTIME.includes(fd.kind) || isOwnPipe(number, fd))) throw belongsToNode(number)
    }
    return taken
  } catch (error) {
    for (const fd of taken) fd.close()
    throw error
  }
}

function belongsToNode(number: number): UsageError {
  return new UsageError(`descriptor ${number} belongs to Node.js: the shell has not opened it for this command`)
}
