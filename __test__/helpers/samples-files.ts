// Samples that are files: on disk, in memory, pipes, terminals, devices and the anonymous files of the kernel.
import { constants, symlinkSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bind, memfd, OwnedFd, pair, peerProcess } from '../../index.js'
import { openSync } from './fs-numbers.js'
import type { Rare, RareName } from './rare.js'
import type { Open, Sample } from './samples.js'

const { O_RDONLY, O_WRONLY, O_RDWR, O_NOFOLLOW, O_NOCTTY, O_DIRECTORY } = constants
const O_PATH = 0x200000
const TIOCSPTLCK = 0x40045431
const TIOCGPTN = 0x80045430

/** What files hold. */
export const CONTENT = 'what was there'

function opened(path: string, flags: number): OwnedFd {
  return OwnedFd.adopt(openSync(path, flags))
}

/** A file that is unlinked already; the far end is the same file, opened anew and at its beginning. */
function file(folder: string, flags: number): Sample {
  const path = join(folder, 'sample')
  writeFileSync(path, CONTENT)
  const sample = { fd: opened(path, flags), far: opened(path, O_RDWR) }
  unlinkSync(path)
  return sample
}

function memoryFile(flags: number): Sample {
  const far = memfd('sample', { data: CONTENT })
  return { fd: opened(`/proc/self/fd/${far.fd}`, flags), far }
}

function symlink(folder: string): Sample {
  const path = join(folder, 'sample')
  symlinkSync('nowhere', path)
  const fd = opened(path, O_PATH | O_NOFOLLOW)
  unlinkSync(path)
  return { fd }
}

/** Not a socket but the name of one. */
function socketFile(folder: string): Sample {
  const path = join(folder, 'sample')
  const socket = bind(path)
  const fd = opened(path, O_PATH)
  socket[Symbol.dispose]()
  return { fd }
}

/** Two ends of a pseudoterminal; the slave must be open before anybody reads from the master. */
function terminal(): { master: OwnedFd; slave: OwnedFd } {
  const master = opened('/dev/ptmx', O_RDWR | O_NOCTTY)
  const number = Buffer.alloc(4)
  master.ioctl(TIOCSPTLCK, number)
  master.ioctl(TIOCGPTN, number)
  return { master, slave: opened(`/dev/pts/${number.readUInt32LE()}`, O_RDWR | O_NOCTTY) }
}

function process(): Sample {
  const [left, right] = pair()
  const handle = peerProcess(left)
  if (handle === null) throw new Error('This kernel has no process handles')
  const fd = OwnedFd.dup(handle)
  for (const one of [left, right, handle]) one[Symbol.dispose]()
  return { fd }
}

function firstDisk(): Sample {
  const paths = ['/dev/vda', '/dev/sda', '/dev/loop0']
  const failures: unknown[] = []
  for (const path of paths) {
    try {
      return { fd: opened(path, O_RDONLY) }
    } catch (error) {
      failures.push(error)
    }
  }
  throw failures[0]
}

export function fileSamples(folder: string): Record<string, Open> {
  return {
    'file, read': () => file(folder, O_RDONLY),
    'file, write': () => file(folder, O_WRONLY),
    'file, both': () => file(folder, O_RDWR),
    'file, path': () => file(folder, O_PATH),
    directory: () => ({ fd: opened(folder, O_RDONLY | O_DIRECTORY) }),
    'directory, path': () => ({ fd: opened(folder, O_PATH) }),
    'symlink, path': () => symlink(folder),
    'socket file, path': () => socketFile(folder),
    'memfd, both': () => memoryFile(O_RDWR),
    'memfd, read': () => memoryFile(O_RDONLY),
    'tty slave': () => {
      const { master, slave } = terminal()
      return { fd: slave, far: master }
    },
    'tty master': () => {
      const { master, slave } = terminal()
      return { fd: master, far: slave }
    },
    'char device': () => ({ fd: opened('/dev/null', O_RDWR) }),
    'char device, path': () => ({ fd: opened('/dev/null', O_PATH) }),
    'block device, read': firstDisk,
    pidfd: process,
  }
}

/** Those of a Python child: `pick` says which of what it passes is tried, and which is the far end. */
function rare(child: () => Rare, name: RareName, pick = 0, farPick = -1): Open {
  return async () => {
    const fds = await child().open(name)
    const fd = fds[pick] as OwnedFd
    const far = fds[farPick]
    for (const one of fds) if (one !== fd && one !== far) one.close()
    return far === undefined ? { fd } : { fd, far }
  }
}

export function rareSamples(child: () => Rare): Record<string, Open> {
  return {
    'pipe, read': rare(child, 'pipe', 0, 1),
    'pipe, write': rare(child, 'pipe', 1, 0),
    'fifo, both': rare(child, 'fifo', 0),
    'fifo, read': rare(child, 'fifo', 1, 2),
    'fifo, write': rare(child, 'fifo', 2, 1),
    'fifo, path': rare(child, 'fifo', 3),
    eventfd: rare(child, 'eventfd'),
    timerfd: rare(child, 'timerfd'),
    signalfd: rare(child, 'signalfd'),
    epoll: rare(child, 'epoll'),
    inotify: rare(child, 'inotify'),
  }
}
