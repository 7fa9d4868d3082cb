// The other process of the handoff specs: it receives handles, makes them live and uses them. And what both ends need to begin.
import { constants } from 'node:fs'
import { join } from 'node:path'
import type * as Handoff from '../../entries/handoff.js'
import { type Takeover, takeOver } from '../../entries/handoff.js'
import { listen, OwnedFd, type UnixSocket } from '../../index.js'
import { openSync } from './fs-numbers.js'
import type * as Uses from './handle-uses.js'
import { type Kit, type Script, type ScriptOptions, start } from './script.js'

/** Where a script finds what the kit does not have. */
export const ENTRY = join(__dirname, '..', '..', 'entries', 'handoff.js')

export const USES = join(__dirname, 'handle-uses.js')

/** What is offered at this address; somebody must be there. */
export async function taken(address: string): Promise<Takeover> {
  const takeover = await takeOver(address)
  if (takeover === null) throw new Error('Nobody is there')
  return takeover
}

export async function untilTold(told: unknown[], count = 1): Promise<void> {
  while (told.length < count) await new Promise(setImmediate)
}

/** A script that connects to a socket of ours, and our end of that. */
export async function withScript<A extends unknown[]>(
  folder: string,
  body: (kit: Kit, entry: string, path: string, ...rest: A) => unknown,
  rest: A,
  options?: ScriptOptions,
): Promise<{ script: Script; socket: UnixSocket<'stream'> }> {
  const path = join(folder, 'talk')
  const listener = listen(path)
  try {
    const script = start(body, [ENTRY, path, ...rest] as [string, string, ...A], options)
    return { script, socket: await listener.accept() }
  } finally {
    await listener.close()
  }
}

/** Receives handles until the end. Each is made live, says what it was, and is used for what its kind can do. */
export async function receiver(
  { ancillary, require, tell }: Kit,
  entry: string,
  path: string,
  uses: string,
): Promise<void> {
  const { receiveHandle } = require(entry) as typeof Handoff
  const { use } = require(uses) as typeof Uses
  const refused = (error: { code?: string }): unknown => ({ refused: error.code })
  const talk = await ancillary.connect(path, { maxFds: 1 })
  for (let handle = await receiveHandle(talk); handle !== null; handle = await receiveHandle(talk)) {
    await tell({ type: handle.type, data: handle.data })
    await tell(await Promise.resolve(handle).then(use).catch(refused))
  }
  await talk.close()
}

const TIOCSPTLCK = 0x40045431
const TIOCGPTN = 0x80045430

/** A new terminal: what its program has, and what its user has. */
export function terminal(): { program: OwnedFd; user: OwnedFd } {
  const flags = constants.O_RDWR | constants.O_NOCTTY
  const user = OwnedFd.adopt(openSync('/dev/ptmx', flags))
  const number = Buffer.alloc(4)
  user.ioctl(TIOCSPTLCK, number)
  user.ioctl(TIOCGPTN, number)
  return { program: OwnedFd.adopt(openSync(`/dev/pts/${number.readUInt32LE()}`, flags)), user }
}
