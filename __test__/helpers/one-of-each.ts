// One descriptor of every kind that a process can make with Node and this package.
import { execFileSync } from 'node:child_process'
import { constants, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { type OwnedFd, openSocket, pair } from '../../index.js'
import { closeSync, openSync } from './fs-numbers.js'

export interface Sample {
  readonly kind: string
  readonly fd: number
  close(): void
}

/** A file, a directory, a FIFO, a device and a socket of each family. What the folder needed for it is removed again. */
export async function openOneOfEach(folder: string): Promise<Sample[]> {
  return [...files(folder), ...sockets()]
}

export function kindsOf(fds: readonly OwnedFd[]): string[] {
  return fds.map(({ kind }) => kind)
}

function files(folder: string): Sample[] {
  const [file, fifo] = [join(folder, 'file'), join(folder, 'fifo')]
  execFileSync('mkfifo', [fifo])
  const samples = [
    opened('file', file, constants.O_RDWR | constants.O_CREAT),
    opened('directory', folder, constants.O_RDONLY),
    opened('fifo', fifo, constants.O_RDWR),
    opened('char-device', '/dev/null', constants.O_RDWR),
  ]
  unlinkSync(file)
  unlinkSync(fifo)
  return samples
}

function opened(kind: string, path: string, flags: number): Sample {
  const fd = openSync(path, flags)
  return { kind, fd, close: () => closeSync(fd) }
}

function sockets(): Sample[] {
  const [left, right] = pair('seqpacket')
  right.close()
  const netlinkRoute = 0
  return [
    sample('tcp', openSocket('inet', 'stream')),
    sample('udp', openSocket('inet', 'dgram')),
    sample('netlink', openSocket('netlink', 'raw', netlinkRoute)),
    sample('unix-dgram', openSocket('unix', 'dgram')),
    sample('unix-seqpacket', left.detach()),
  ]
}

function sample(kind: string, owned: OwnedFd): Sample {
  return { kind, fd: owned.fd, close: () => owned.close() }
}
