// Rows about names: nothing is deleted that is somebody else's, and what cannot be a name is an error.

import { once } from 'node:events'
import { existsSync, statSync, unlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { bind, connect, hasCode, listen } from '../../../index.js'
import { dispose } from '../../helpers/dispose.js'
import { type Case, type Cases, type Finding, judged, type Kit, type Peer } from '../row.js'
import { type DatagramSocket, type NodeUnixSocket, serverOf, type UnixDgram, type Usocket } from './peers.js'

const codeOf = (action: () => unknown): string => {
  try {
    action()
    return 'nothing'
  } catch (error) {
    return String((error as NodeJS.ErrnoException).code)
  }
}

async function taken({ folder }: Kit): Promise<Finding> {
  const [file, live] = [join(folder, 'file'), join(folder, 'live')]
  writeFileSync(file, 'mine')
  const first = listen(live)
  const { ino } = statSync(live)
  const wrong: string[] = []
  for (const path of [file, live]) {
    for (const replace of ['never', 'stale'] as const) {
      for (const open of [listen, bind] as const) {
        const code = codeOf(() => open(path, { replace }))
        if (code !== 'EADDRINUSE') wrong.push(`${open.name} on ${path}: ${code}`)
      }
    }
  }
  const client = await connect(live)
  if (!statSync(file).isFile() || statSync(live).ino !== ino) wrong.push('a path was touched')
  dispose(client, first)
  return judged(wrong, 'EADDRINUSE, untouched')
}

/** Whether a path that is a file, or another's, is there as it was after the peer was asked to take it. */
function takenBy(name: Peer): Case {
  return async ({ folder, load }) => {
    const [file, live] = [join(folder, 'file'), join(folder, 'live')]
    writeFileSync(file, 'mine')
    const server = createServer().listen(live)
    await once(server, 'listening')
    const { ino } = statSync(live)
    for (const path of [file, live]) await attempt(name, path, load)
    const wrong = [
      ...(existsSync(file) && statSync(file).isFile() ? [] : ['✗ a regular file was deleted']),
      ...(existsSync(live) && statSync(live).ino === ino ? [] : ['✗ the path of a live server was taken']),
    ]
    return judged(wrong, '✓ untouched')
  }
}

/** Listens, or tries to; what it says, by event or exception. */
async function attempt(name: Peer, path: string, load: Kit['load']): Promise<string> {
  let said = 'nothing'
  const note = (error: NodeJS.ErrnoException): void => {
    said = String(error.code ?? error.message)
  }
  try {
    if (name === 'usocket') new (load<Usocket>().UServer)().on('error', note).listen(path, 5)
    else if (name === 'node-unix-socket') new (load<NodeUnixSocket>().SeqpacketServer)().on('error', note).listen(path)
    else if (name === 'unix-dgram')
      (load<UnixDgram>().createSocket('unix_dgram').on('error', note) as DatagramSocket).bind(path)
    else createServer().on('error', note).listen(path)
  } catch (error) {
    note(error as NodeJS.ErrnoException)
  }
  await setTimeout(50)
  return said
}

async function ownOnly({ folder }: Kit): Promise<Finding> {
  const path = join(folder, 's')
  const wrong: string[] = []
  for (const open of [listen, bind]) {
    const first = open(path)
    unlinkSync(path)
    const second = open(path)
    await first.close()
    if (!existsSync(path)) wrong.push(`${open.name}: the successor's path is gone`)
    await second.close()
    if (existsSync(path)) wrong.push(`${open.name}: its own path is left`)
  }
  return judged(wrong, "its own goes, a successor's stays")
}

/** A closes after B has taken the path. */
function ownOnlyWith(name: Peer): Case {
  return async ({ folder, load }) => {
    const path = join(folder, 's')
    const first = (await serverOf(name, path, load)) as unknown as { close(): void }
    unlinkSync(path)
    await serverOf(name, path, load)
    first.close()
    await setTimeout(50)
    return judged(existsSync(path) ? [] : ["✗ a successor's path was deleted"], '✓')
  }
}

async function strange({ folder }: Kit): Promise<Finding> {
  const long = `${folder}/`.padEnd(120, 'p')
  const wrong: string[] = []
  const listener = listen(long)
  const client = await connect(long)
  if (!existsSync(long)) wrong.push('120 bytes: not there')
  dispose(client, listener)
  const code = codeOf(() => listen(join(folder, 'a\0b')))
  if (code !== 'ERR_INVALID_ARG_VALUE') wrong.push(`NUL: ${code}`)
  const error = await connect(join(folder, 'a\0b')).catch((reason: unknown) => reason)
  if (!hasCode(error, 'ERR_INVALID_ARG_VALUE')) wrong.push(`NUL: ${error}`)
  return judged(wrong, '120 bytes work whole, NUL is an error')
}

/** Whether each is whole, or an error. */
function strangeWith(name: Peer): Case {
  return async ({ folder, load }) => {
    const [long, nul] = [`${folder}/`.padEnd(120, 'p'), join(folder, 'a\0b')]
    const saidLong = await attempt(name, long, load)
    const saidNul = await attempt(name, nul, load)
    const isLongRight = saidLong !== 'nothing' || existsSync(long)
    const wrong = [
      ...(isLongRight ? [] : ['✗ 120 bytes are cut in silence']),
      ...(saidNul === 'nothing' ? ['✗ NUL is cut in silence'] : []),
    ]
    return judged(wrong, `✓ ${saidLong} / ${saidNul}`)
  }
}

const forAll = (make: (name: Peer) => Case): Record<Peer, Case> => ({
  usocket: make('usocket'),
  'node-unix-socket': make('node-unix-socket'),
  'unix-dgram': make('unix-dgram'),
  'node:net': make('node:net'),
})

export const names: Readonly<Record<number, Cases>> = {
  18: { ancillary: taken, ...forAll(takenBy) },
  19: {
    ancillary: ownOnly,
    usocket: ownOnlyWith('usocket'),
    'node-unix-socket': ownOnlyWith('node-unix-socket'),
    'node:net': ownOnlyWith('node:net'),
  },
  20: { ancillary: strange, ...forAll(strangeWith) },
}
