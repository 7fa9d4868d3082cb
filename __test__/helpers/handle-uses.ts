// What the other process does with a handle of each type that it has got, and what it then tells.
import { createHash } from 'node:crypto'
import type * as dgram from 'node:dgram'
import { once } from 'node:events'
import type * as fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type * as net from 'node:net'
import type { HandedOver, HandleType } from '../../entries/handoff.js'
import type { OwnedFd, UnixListener, UnixSocket } from '../../index.js'
import { received } from './received.js'

/** Longer than this, data is told by its hash. */
const SHORT = 100

/** Text as it is if it is short, else its hash. */
export function told(data: Buffer): string {
  return data.length < SHORT ? data.toString().trimEnd() : createHash('sha256').update(data).digest('hex')
}

/** Reads to the word `over`, and answers. */
async function converse(stream: net.Socket): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream.iterator({ destroyOnReturn: false })) {
    parts.push(part)
    if (part.toString().trimEnd().endsWith('over')) break
  }
  // A child's output is a socket on Node.js, a pipe on Deno.
  if (stream.writable) await new Promise<void>((resolve) => stream.write('pong\n', () => resolve()))
  stream.destroy()
  return told(Buffer.concat(parts))
}

async function serve(server: net.Server): Promise<string> {
  const [socket] = (await once(server, 'connection')) as [net.Socket]
  socket.end('pong')
  await once(socket.resume(), 'close')
  server.close()
  return 'served'
}

async function answer(socket: dgram.Socket): Promise<string> {
  const [message, from] = (await once(socket, 'message')) as [Buffer, dgram.RemoteInfo]
  await new Promise((resolve) => socket.send('pong', from.port, from.address, resolve))
  socket.close()
  return told(message)
}

async function talk(socket: UnixSocket): Promise<string> {
  const { data } = await received(socket)
  await socket.send('pong')
  await socket.close()
  return told(data)
}

async function accept(listener: UnixListener): Promise<string> {
  const socket = await listener.accept()
  await socket.send('pong')
  await socket.close()
  await listener.close()
  return 'served'
}

async function readFile(file: FileHandle): Promise<string> {
  const data = await file.readFile()
  await file.close()
  return told(data)
}

async function readStream(stream: fs.ReadStream): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of stream) parts.push(part)
  return told(Buffer.concat(parts))
}

async function writeStream(stream: fs.WriteStream): Promise<string> {
  stream.end('pong')
  await once(stream, 'close')
  return 'written'
}

async function readOwned(fd: OwnedFd): Promise<string> {
  const data = await fd.read(SHORT)
  fd.close()
  return told(data ?? Buffer.alloc(0))
}

const USES: Record<HandleType, (live: never) => Promise<string>> = {
  'net.Socket': converse,
  'tty.ReadStream': converse,
  'net.Server': serve,
  'dgram.Socket': answer,
  UnixSocket: talk,
  UnixListener: accept,
  FileHandle: readFile,
  'fs.ReadStream': readStream,
  'fs.WriteStream': writeStream,
  OwnedFd: readOwned,
}

export function use(handle: HandedOver): Promise<string> {
  return USES[handle.type](handle.live() as never)
}
