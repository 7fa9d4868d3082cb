// The other process of the handoff specs: it receives handles, makes them live and uses them. And what both ends need to begin.
import { createHash } from 'node:crypto'
import { rmSync } from 'node:fs'
import type * as net from 'node:net'
import { join } from 'node:path'
import type * as Handoff from '../../entries/handoff.js'
import { listen, OwnedFd, type UnixSocket } from '../../index.js'
import { type Kit, type Script, type ScriptOptions, start } from './script.js'

/** Where a script finds what the kit does not have. */
export const ENTRY = join(__dirname, '..', '..', 'entries', 'handoff.js')

export function hashOf(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex')
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
export async function receiver({ ancillary, require, tell }: Kit, entry: string, path: string): Promise<void> {
  const { receiveHandle } = require(entry) as typeof Handoff
  const { createHash: hash } = require('node:crypto') as typeof import('node:crypto')
  const { once } = require('node:events') as typeof import('node:events')
  const talk = await ancillary.connect(path, { maxFds: 1 })

  /** Everything until `end`, which is answered. */
  async function converse(stream: net.Socket): Promise<string> {
    const parts: Buffer[] = []
    for await (const part of stream.iterator({ destroyOnReturn: false })) {
      parts.push(part)
      if (part.toString().trimEnd().endsWith('over')) break
    }
    stream.write('pong\n')
    const all = Buffer.concat(parts)
    await new Promise<void>((resolve) => stream.write('', () => resolve()))
    stream.destroy()
    return all.length < 100 ? all.toString().trimEnd() : hash('sha256').update(all).digest('hex')
  }

  // biome-ignore lint/suspicious/noExplicitAny: a handle of each type
  const uses: Record<string, (live: any) => Promise<unknown>> = {
    'net.Socket': converse,
    'tty.ReadStream': converse,
    'net.Server': async (server) => {
      const [socket] = await once(server, 'connection')
      socket.end('pong')
      await once(socket.resume(), 'close')
      server.close()
      return 'served'
    },
    'dgram.Socket': async (socket) => {
      const [message, from] = await once(socket, 'message')
      await new Promise((resolve) => socket.send('pong', from.port, from.address, resolve))
      socket.close()
      return String(message)
    },
    UnixSocket: async (socket) => {
      const message = await socket.recv()
      await socket.send('pong')
      await socket.close()
      return String(message.data)
    },
    UnixListener: async (listener) => {
      const socket = await listener.accept()
      await socket.send('pong')
      await socket.close()
      await listener.close()
      return 'served'
    },
    FileHandle: async (file) => {
      const text = await file.readFile('utf8')
      await file.close()
      return text
    },
    'fs.ReadStream': async (stream) => {
      let text = ''
      for await (const part of stream) text += part
      return text
    },
    'fs.WriteStream': async (stream) => {
      stream.end('pong')
      await once(stream, 'close')
      return 'written'
    },
    OwnedFd: async (fd) => {
      const text = String(await fd.read(100))
      fd.close()
      return `${text}`
    },
  }

  for (let handle = await receiveHandle(talk); handle !== null; handle = await receiveHandle(talk)) {
    await tell({ type: handle.type, data: handle.data, name: String(handle.live.constructor.name) })
    await tell(await uses[handle.type]?.(handle.live()))
  }
  await talk.close()
}

const TIOCSPTLCK = 0x40045431
const TIOCGPTN = 0x80045430

/** A new terminal: what its program has, and what its user has. */
export function terminal(): { program: OwnedFd; user: OwnedFd } {
  const { openSync, constants } = require('node:fs') as typeof import('node:fs')
  const flags = constants.O_RDWR | constants.O_NOCTTY
  const user = OwnedFd.adopt(openSync('/dev/ptmx', flags))
  const number = Buffer.alloc(4)
  user.ioctl(TIOCSPTLCK, number)
  user.ioctl(TIOCGPTN, number)
  return { program: OwnedFd.adopt(openSync(`/dev/pts/${number.readUInt32LE()}`, flags)), user }
}

export function remove(path: string): void {
  rmSync(path)
}
