/**
 * Closing a socket on a thread and telling when its number is free. Its last close may take as long as somebody else likes; the number,
 * and the name that it was bound to, are given back at the beginning of it. Knows no objects that own numbers.
 */
import { freed } from './headroom.js'
import { constants, native } from './native.js'
import { letGo, runJob, startPoller } from './poller.js'

/** A close that has taken longer (milliseconds) is looked after: it may have got stuck behind the point where the number is free. */
const LOOK_MS = 50

/** Whether it can be told: without a descriptor to make it with there is no poller. */
export function canTell(): boolean {
  try {
    startPoller()
    return true
  } catch {
    return false
  }
}

/** Resolves when the number is free. A close that goes on after that keeps nobody: neither who waits nor the process. */
export function closeOnThread(fd: number): Promise<void> {
  return new Promise((resolve) => {
    const before = cookieOf(fd)
    let watch: NodeJS.Timeout | undefined
    const done = (): void => {
      clearInterval(watch)
      freed()
      resolve()
    }
    const job = runJob((id) => native.startClose(id, fd), 'close', done)
    watch = setInterval(() => {
      if (cookieOf(fd) === before) return
      letGo(job)
      done()
    }, LOOK_MS)
  })
}

/** Linux: what tells this socket from the next one under its number. Elsewhere undefined: a close that takes long has got that far. */
function cookieOf(fd: number): bigint | undefined {
  const cookie = Buffer.alloc(8)
  if (native.getOption(fd, constants.solSocket, constants.soCookie, cookie) < 0) return undefined
  return cookie.readBigUInt64LE()
}
