// Two ends of a connection, as sockets of net and as duplexes of ours, for scripts that must not tell them apart; and a journal
// of what happens at an end.
import { once } from 'node:events'
import { createServer, connect as netConnect } from 'node:net'
import { connect, listen, type UnixDuplex } from '../../index.js'

/** What both have: the one is taken for the other. */
export type End = UnixDuplex

export interface Ends {
  readonly left: End
  readonly right: End
}

export interface EndOptions {
  allowHalfOpen?: boolean
}

export type Kind = 'net' | 'duplex'

let made = 0

/** A connection at a path of the folder; nothing listens there any more. */
export async function ends(kind: Kind, folder: string, { allowHalfOpen = false }: EndOptions = {}): Promise<Ends> {
  const path = `${folder}/ends-${made++}`
  return kind === 'net' ? netEnds(path, allowHalfOpen) : duplexEnds(path, allowHalfOpen)
}

async function netEnds(path: string, allowHalfOpen: boolean): Promise<Ends> {
  const server = createServer({ allowHalfOpen }).listen(path)
  await once(server, 'listening')
  const accepting = once(server, 'connection')
  const left = netConnect({ path, allowHalfOpen })
  await once(left, 'connect')
  const [right] = await accepting
  server.close()
  return { left: left as unknown as End, right }
}

async function duplexEnds(path: string, allowHalfOpen: boolean): Promise<Ends> {
  const listener = listen(path)
  const accepting = listener.accept()
  const left = (await connect(path)).toDuplex({ allowHalfOpen })
  const right = (await accepting).toDuplex({ allowHalfOpen })
  await listener.close()
  return { left, right }
}

const EVENTS = ['end', 'finish', 'close', 'error', 'timeout'] as const

/** Notes the events of one end as they come; data is joined, because chunks are the kernel's affair. */
export function journal(end: End, log: string[] = []): string[] {
  for (const event of EVENTS) end.on(event, (value?: unknown) => log.push([event, ...words(value)].join(' ')))
  return log
}

/** An error by all that programs look at. */
export function words(value: unknown): string[] {
  if (value instanceof Error) {
    const { code, errno, syscall, message } = value as NodeJS.ErrnoException
    return [value.name, message, code, errno, syscall].filter((word) => word !== undefined).map(String)
  }
  return value === undefined ? [] : [String(value)]
}

export async function closed(...all: End[]): Promise<void> {
  await Promise.all(all.map((end) => isClosed(end)))
}

const gone = new WeakSet<End>()

/** Both emit 'close' a little after `closed` has become true. */
export function watched({ left, right }: Ends): Ends {
  for (const end of [left, right]) end.once('close', () => gone.add(end))
  return { left, right }
}

async function isClosed(end: End): Promise<void> {
  if (!gone.has(end)) await new Promise<void>((resolve) => end.once('close', () => resolve()))
}
