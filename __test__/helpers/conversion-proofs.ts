// What each conversion makes is used, and then closed by its own means: a byte, a connection, a datagram or a stat goes through.
import type { Socket as DgramSocket } from 'node:dgram'
import { once } from 'node:events'
import type { ReadStream, WriteStream } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import type { Server, Socket } from 'node:net'
import type { ExecutionContext } from 'ava'
import type { OwnedFd, UnixListener, UnixSocket } from '../../index.js'
import { fstatSync } from './fs-numbers.js'
import { received } from './received.js'
import type { Sample } from './samples.js'
import { CONTENT } from './samples-files.js'

/** The names of the conversions. */
export const CONVERSIONS = [
  'toNetSocket',
  'toNetServer',
  'toDgramSocket',
  'toReadStream',
  'toWriteStream',
  'toTTY',
  'toUnixSocket',
  'toUnixListener',
  'toFileHandle',
] as const
export type Conversion = (typeof CONVERSIONS)[number]

export type Proof<T> = (t: ExecutionContext, made: T, sample: Sample) => Promise<void>

async function closed(stream: { destroy(): unknown; closed?: boolean | null } & NodeJS.EventEmitter): Promise<void> {
  const closing = once(stream, 'close')
  stream.destroy()
  await closing
}

async function textOf(stream: NodeJS.EventEmitter, word: string): Promise<string> {
  let text = ''
  while (!text.includes(word)) text += String((await once(stream, 'data'))[0])
  return text
}

async function farText(far: OwnedFd, word: string): Promise<string> {
  let text = ''
  while (!text.includes(word)) text += String(await far.read(100))
  return text
}

/** Both ways where both are open; a FIFO that is open for both hears itself. */
async function converse(t: ExecutionContext, socket: Socket, { far }: Sample): Promise<void> {
  if (far === undefined) {
    socket.write('to itself')
    t.is(await textOf(socket, 'itself'), 'to itself')
  }
  if (far !== undefined && socket.readable) {
    await far.write('ping\n')
    t.true((await textOf(socket, 'ping')).includes('ping'))
  }
  if (far !== undefined && socket.writable) {
    socket.write('pong\n')
    t.true((await farText(far, 'pong')).includes('pong'))
  }
  await closed(socket)
}

async function serve(t: ExecutionContext, server: Server, { dial }: Sample): Promise<void> {
  const client = await (dial as () => Promise<OwnedFd>)()
  const [socket] = (await once(server, 'connection')) as [Socket]
  socket.write('welcome')
  t.is(String(await client.read(100)), 'welcome')
  client.close()
  await closed(socket)
  await new Promise((resolve) => server.close(resolve))
}

/** An unbound one gets its port when it sends. */
async function exchange(t: ExecutionContext, socket: DgramSocket, { far }: Sample): Promise<void> {
  const other = far as OwnedFd
  const to = other.localAddress as { address: string; port: number }
  socket.send('pong', to.port, to.address)
  const { data } = await other.recvFrom(100)
  t.is(String(data), 'pong')
  await other.sendTo('ping', { address: to.address, port: socket.address().port })
  t.is(String((await once(socket, 'message'))[0]), 'ping')
  await new Promise<void>((resolve) => socket.close(() => resolve()))
}

async function readAll(t: ExecutionContext, stream: ReadStream, { far }: Sample): Promise<void> {
  if (far !== undefined) t.is(await textOf(stream, CONTENT), CONTENT)
  else await Promise.race([once(stream, 'data'), once(stream, 'end')])
  await closed(stream)
}

async function writeOne(t: ExecutionContext, stream: WriteStream, { far }: Sample): Promise<void> {
  await new Promise<void>((resolve, reject) => stream.write('THAT', (error) => (error ? reject(error) : resolve())))
  if (far !== undefined) t.is(String(await far.read(100)), CONTENT.replace('what', 'THAT'))
  await closed(stream)
}

/** One that is not connected tells so. */
async function talk(t: ExecutionContext, socket: UnixSocket, { far }: Sample): Promise<void> {
  if (far === undefined) {
    await t.throwsAsync(socket.send('x'), { code: 'ENOTCONN' })
  } else {
    await socket.send('pong')
    t.is(String(await far.read(100)), 'pong')
    await far.write('ping')
    t.is(String((await received(socket)).data), 'ping')
  }
  await socket.close()
}

async function accept(t: ExecutionContext, listener: UnixListener, { dial }: Sample): Promise<void> {
  const client = await (dial as () => Promise<OwnedFd>)()
  const socket = await listener.accept()
  await socket.send('welcome')
  t.is(String(await client.read(100)), 'welcome')
  client.close()
  await socket.close()
  await listener.close()
}

async function stat(t: ExecutionContext, file: FileHandle): Promise<void> {
  t.is((await file.stat()).ino, fstatSync(file.fd).ino)
  await file.close()
}

/** By conversion. */
export const PROOFS: Record<Conversion, Proof<never>> = {
  toNetSocket: converse,
  toNetServer: serve,
  toDgramSocket: exchange,
  toReadStream: readAll,
  toWriteStream: writeOne,
  toTTY: converse,
  toUnixSocket: talk,
  toUnixListener: accept,
  toFileHandle: stat,
}
