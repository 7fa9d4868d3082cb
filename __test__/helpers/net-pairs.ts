// Two sockets of net that are connected with each other, and waiting without sleeping for what one of them has read.
import { once } from 'node:events'
import { createServer, type ListenOptions, connect as netConnect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { detachFd, type OwnedFd } from '../../index.js'

export interface NetPair {
  readonly accepted: Socket
  readonly connected: Socket
}

/** Where a server of the folder listens, by transport. */
export function addresses(folder: string): Record<'unix' | 'tcp', ListenOptions> {
  return { unix: { path: `${folder}/net` }, tcp: { host: '127.0.0.1', port: 0 } }
}

/** The server is closed again; nobody reads from either socket yet. */
export async function netPair(address: ListenOptions): Promise<NetPair> {
  const server = createServer({ allowHalfOpen: true })
  server.listen(address)
  await once(server, 'listening')
  const accepting = once(server, 'connection')
  const bound = server.address() as { port: number } | string
  const where = typeof bound === 'string' ? { path: bound } : { host: '127.0.0.1', port: bound.port }
  const connected = netConnect({ ...where, allowHalfOpen: true })
  await once(connected, 'connect')
  const [accepted] = await accepting
  server.close()
  return { accepted, connected }
}

/** Resolves when so many bytes lie in the socket's memory. */
export async function hasRead(socket: Socket, bytes: number): Promise<void> {
  while (socket.readableLength < bytes) await setImmediate()
}

export async function destroyed(...sockets: Socket[]): Promise<void> {
  for (const socket of sockets) {
    if (socket.closed) continue
    socket.destroy()
    await once(socket, 'close')
  }
}

/** Takes its descriptor, and waits until Node has closed its own. */
export async function detached(socket: Socket): Promise<{ fd: OwnedFd; unread: Buffer }> {
  const closed = once(socket, 'close')
  const taken = detachFd(socket)
  await closed
  return taken
}

/** Reads until so many bytes are there. */
export async function readExactly(fd: OwnedFd, bytes: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  for (let left = bytes; left > 0; ) {
    const chunk = await fd.read(left)
    if (chunk === null) break
    chunks.push(chunk)
    left -= chunk.length
  }
  return Buffer.concat(chunks)
}

/** Bytes of which each place can be told from its neighbours. */
export function numbered(bytes: number): Buffer {
  const words = Buffer.alloc(bytes)
  for (let at = 0; at + 4 <= bytes; at += 4) words.writeUInt32BE(at, at)
  return words
}
