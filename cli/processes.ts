// What /proc tells of processes: what they are called, as whom they run, which sockets they have open. Of the processes of others
// nobody but root sees the descriptors. A number is not a process for good: this is for people who look, not for decisions.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** One open descriptor. */
export interface Holder {
  readonly pid: number
  readonly fd: number
}

export interface ProcessFacts {
  readonly pid: number
  readonly name: string
  readonly command: readonly string[]
  readonly executable: string | null
  readonly uid: number | null
  readonly gid: number | null
  readonly groups: readonly number[]
}

function text(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return null
  }
}

function link(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch {
    return []
  }
}

export function pids(): number[] {
  return list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
}

/** The short name of a process; null where there is none with this number. */
export function processName(pid: number): string | null {
  return text(`/proc/${pid}/comm`)?.trimEnd() ?? null
}

/** null where there is no such process. */
export function processFacts(pid: number): ProcessFacts | null {
  const status = text(`/proc/${pid}/status`)
  if (status === null) return null
  const numbers = (word: string): number[] =>
    (new RegExp(`^${word}:(.*)$`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/).filter(Boolean).map(Number)
  return {
    pid,
    name: processName(pid) ?? '',
    command: (text(`/proc/${pid}/cmdline`) ?? '').split('\0').slice(0, -1),
    executable: link(`/proc/${pid}/exe`),
    // Real, effective, saved, of the file system.
    uid: numbers('Uid')[1] ?? null,
    gid: numbers('Gid')[1] ?? null,
    groups: numbers('Groups'),
  }
}

/** The sockets that a process has open: by inode number, the descriptors. */
export function socketsOf(pid: number): Map<number, number[]> {
  const found = new Map<number, number[]>()
  for (const name of list(`/proc/${pid}/fd`)) {
    const inode = /^socket:\[(\d+)\]$/.exec(link(`/proc/${pid}/fd/${name}`) ?? '')?.[1]
    if (inode !== undefined) found.set(Number(inode), [...(found.get(Number(inode)) ?? []), Number(name)])
  }
  return found
}

/** Which processes have which sockets open, as far as we may see. `onStep` is told of each process. */
export function holders(onStep: (done: number, all: number) => void = () => {}): Map<number, Holder[]> {
  const found = new Map<number, Holder[]>()
  const all = pids()
  for (const [index, pid] of all.entries()) {
    onStep(index, all.length)
    for (const [inode, fds] of socketsOf(pid)) {
      found.set(inode, [...(found.get(inode) ?? []), ...fds.map((fd) => ({ pid, fd }))])
    }
  }
  return found
}

/** How many descriptors wait in a socket, from one who has it open; null where that is not told. */
export function queuedFds({ pid, fd }: Holder): number | null {
  const count = /^scm_fds:\s*(\d+)/m.exec(text(`/proc/${pid}/fdinfo/${fd}`) ?? '')?.[1]
  return count === undefined ? null : Number(count)
}
