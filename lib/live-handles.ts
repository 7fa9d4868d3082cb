/**
 * Live objects on their way to another process: what they are called there, the descriptor and the bytes that go along, and how
 * the receiver makes them live again. Knows frames' contents, not the order of a conversation.
 */
import * as dgram from 'node:dgram'
import * as fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import * as net from 'node:net'
import * as tty from 'node:tty'
import type { OwnedFd } from './descriptor.js'
import { type Leaving, leave } from './detaching.js'
import { invalidType, ownError } from './errors.js'
import { UnixListener } from './listener.js'
import { UnixSocket } from './socket.js'
import type { FdSource } from './source.js'

/** What a handle is on both sides. */
export type HandleType =
  | 'net.Socket'
  | 'net.Server'
  | 'dgram.Socket'
  | 'UnixSocket'
  | 'UnixListener'
  | 'FileHandle'
  | 'fs.ReadStream'
  | 'fs.WriteStream'
  | 'tty.ReadStream'
  | 'OwnedFd'

/** A handle that lives: an object of Node or of this package. */
export type LiveHandle =
  | net.Socket
  | net.Server
  | dgram.Socket
  | UnixSocket
  | UnixListener
  | FileHandle
  | fs.ReadStream
  | fs.WriteStream
  | tty.ReadStream
  | OwnedFd

/** A handle that came from another process and is not live yet. */
export interface HandedOver extends Disposable {
  /** What it was there. */
  readonly type: HandleType
  /** The descriptor; yours to convert in any way. */
  readonly fd: OwnedFd
  /** Bytes that were read there and come before everything that the descriptor gives. */
  readonly unread: Buffer
  /** Makes it what it was, `unread` first. If that throws, the descriptor is still there. */
  live(): LiveHandle
  /** Closes the descriptor, if it is still here. */
  close(): void
}

/** Anything that can be handed over. */
export type Handing = FdSource

/** What a handle is called on both sides. A terminal before a socket: it is one as well. */
function typeOf(handle: Handing): HandleType {
  // Bun: every stream of fs is an instance of these.
  const isTerminal = handle instanceof tty.ReadStream || handle instanceof tty.WriteStream
  if (isTerminal && handle.isTTY) return 'tty.ReadStream'
  if (handle instanceof net.Socket) return 'net.Socket'
  if (handle instanceof net.Server) return 'net.Server'
  if (handle instanceof dgram.Socket) return 'dgram.Socket'
  if (handle instanceof UnixSocket) return 'UnixSocket'
  if (handle instanceof UnixListener) return 'UnixListener'
  if (handle instanceof fs.ReadStream) return 'fs.ReadStream'
  if (handle instanceof fs.WriteStream) return 'fs.WriteStream'
  const isFile = typeof handle === 'object' && typeof (handle as { readFile?: unknown }).readFile === 'function'
  return isFile ? 'FileHandle' : 'OwnedFd'
}

const MAKERS: Readonly<Record<HandleType, (fd: OwnedFd, unread: Buffer) => LiveHandle>> = {
  'net.Socket': (fd, unread) => fd.toNetSocket({ unread }),
  'net.Server': (fd) => fd.toNetServer(),
  'dgram.Socket': (fd) => fd.toDgramSocket(),
  UnixSocket: (fd) => fd.toUnixSocket(),
  UnixListener: (fd) => fd.toUnixListener(),
  FileHandle: (fd) => fd.toFileHandle(),
  'fs.ReadStream': (fd, unread) => withUnread(fd.toReadStream(), unread),
  'fs.WriteStream': (fd) => fd.toWriteStream(),
  'tty.ReadStream': (fd, unread) => withUnread(fd.toTTY(), unread),
  OwnedFd: (fd) => fd,
}

function withUnread<S extends NodeJS.ReadableStream>(stream: S, unread: Buffer): S {
  if (unread.length > 0) stream.unshift(unread)
  return stream
}

/** What travels as the body of a frame: the length of the words, the words as JSON, the unread bytes. */
export function encodeBody(words: object, unread: Uint8Array): Buffer {
  const json = Buffer.from(JSON.stringify(words))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(json.length)
  return Buffer.concat([length, json, unread])
}

/** The words and the bytes of such a body. */
export function decodeBody(body: Buffer): { words: Record<string, unknown>; bytes: Buffer } {
  const end = 4 + (body.length < 4 ? Number.POSITIVE_INFINITY : body.readUInt32BE(0))
  try {
    if (end > body.length) throw new RangeError('it is cut')
    const words = JSON.parse(body.toString('utf8', 4, end)) as unknown
    if (typeof words !== 'object' || words === null) throw new TypeError('it is no object')
    return { words: words as Record<string, unknown>, bytes: body.subarray(end) }
  } catch (cause) {
    throw Object.assign(ownError('ERR_HANDOFF', 'The other end sent a body that makes no sense'), { cause })
  }
}

/** The handle of a received frame. */
export function handedOver(type: unknown, fd: OwnedFd, unread: Buffer): HandedOver {
  if (typeof type !== 'string' || !Object.hasOwn(MAKERS, type)) {
    fd.close()
    throw ownError('ERR_HANDOFF', `The other end sent a handle of an unknown type: ${String(type).slice(0, 80)}`)
  }
  const known = type as HandleType
  const close = (): void => fd.close()
  return { type: known, fd, unread, live: () => MAKERS[known](fd, unread), close, [Symbol.dispose]: close }
}

/** A handle that is leaving: lent until the other end has it, then gone from here; or back as it was. */
export interface Departure extends Leaving {
  readonly type: HandleType
}

/** Prepares to leave. Nothing is read from it any more, until `stay()`. */
export function departure(handle: Handing): Departure {
  if (handle === null || (typeof handle !== 'object' && typeof handle !== 'number'))
    throw invalidType('handle', 'an object that has a descriptor, or a number', handle)
  return { type: typeOf(handle), ...leave(handle) }
}
