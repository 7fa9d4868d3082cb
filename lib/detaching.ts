/**
 * Taking a descriptor away from an object of Node, with the bytes that Node has read and nobody has seen. What Node has in hand and
 * cannot be taken along is a reason to refuse, before anything is touched. Node's private fields are known by `source.ts` alone.
 */
import * as dgram from 'node:dgram'
import * as fs from 'node:fs'
import * as net from 'node:net'
import { OwnedFd } from './descriptor.js'
import { ownError } from './errors.js'
import { UnixListener } from './listener.js'
import { UnixSocket } from './socket.js'
import { type FdSource, fdOf, type Holding, holdingOf, startReading, stopHandle, stopReading } from './source.js'

/** A descriptor that was taken from its object. */
export interface Detached {
  /** Yours. */
  readonly fd: OwnedFd
  /** Bytes that had been read already and come before everything that `fd` gives; empty where there are none. */
  readonly unread: Buffer
}

/** An object that is about to lose its descriptor. Nothing reads from it until one of the two is called. */
export interface Leaving extends Detached {
  /** The object is closed; the other end does not notice, since `fd` is a duplicate. */
  go(): void
  /** Everything is as it was; `fd` is closed. */
  stay(): void
}

const NOTHING = Buffer.alloc(0)
const CONNECTING = 'it is still connecting'

function held(what: string): Error {
  return ownError('ERR_MESSAGES_HELD', `The descriptor cannot be taken: ${what}`)
}

/** Why an object's descriptor cannot be taken without losing something. */
function reasonAgainst({ connecting, encrypted, parsing, writing, reading, decoding }: Holding): string | undefined {
  if (connecting) return CONNECTING
  if (encrypted) return 'it is encrypted, and the keys are in this process'
  if (parsing) return 'an http parser reads from it'
  if (writing) return 'writes are queued; await their callbacks first'
  if (reading) return 'a read is under way; pause it and await that first'
  if (decoding) return 'it decodes what it reads (setEncoding)'
  return undefined
}

type Stream = net.Socket | fs.ReadStream | fs.WriteStream

/** A stream that has a beginning of its own reads there, and leaves the position of the file alone. */
function readsElsewhere(stream: Stream): boolean {
  return stream instanceof fs.ReadStream && (stream as { start?: number }).start !== undefined
}

function assertFree(stream: Stream): void {
  const reason = reasonAgainst(holdingOf(stream))
  if (reason !== undefined) throw held(reason)
  if ('writableEnded' in stream && stream.writableEnded && !stream.writableFinished) {
    throw held('it is ending; await that first')
  }
  if (readsElsewhere(stream)) throw held('it reads from a place of its own (start)')
}

/** The duplicate first: if that fails nothing has happened. Never end(): shutdown(2) would reach the duplicate. */
function leaveStream(stream: Stream): Leaving {
  assertFree(stream)
  const fd = OwnedFd.dup(stream as FdSource)
  const flowing = 'readableFlowing' in stream && stream.readableFlowing === true
  stop(stream)
  const { unread, giveBack } = 'read' in stream ? takeUnread(stream) : { unread: NOTHING, giveBack: () => {} }
  const stay = (): void => {
    fd.close()
    if (stream.destroyed) return
    giveBack()
    startReading(stream, flowing)
  }
  return { fd, unread, go: () => void stream.destroy(), stay }
}

/** One that nobody has listened to yet must not be paused: a later listener for data would not make it flow. */
function stop(stream: Stream): void {
  const isUntouched = 'readableFlowing' in stream && stream.readableFlowing === null
  if (isUntouched) Object.assign(stream, { pause: () => stream })
  stopReading(stream)
  if (isUntouched) delete (stream as { pause?: unknown }).pause
}

/** What Node has in memory: without a word to those who listen, or it would be seen twice, and without reading on. */
function takeUnread(stream: net.Socket | fs.ReadStream): { unread: Buffer; giveBack: () => void } {
  const { _read, emit } = stream
  Object.assign(stream, { _read: () => {}, emit: () => false })
  const unread = (stream.read() as Buffer | null) ?? NOTHING
  stream.emit = emit
  const giveBack = (): void => {
    stream._read = _read
    if (unread.length > 0) stream.unshift(unread)
    // Node takes a read to be under way, and would wait for its end.
    stream.push('')
  }
  return { unread, giveBack }
}

/**
 * A connection of an http server that has answered everything. Its parser stays here and has nothing in hand; whoever calls this
 * has seen to that. Undefined: it is ending, or no http any more.
 */
export function leaveBetweenRequests(socket: net.Socket): Leaving | undefined {
  const { parsing, writing, encrypted } = holdingOf(socket)
  const gone = socket.destroyed || socket.writableEnded || socket.readableEnded || socket.readableLength > 0
  if (gone || !parsing || writing || encrypted) return undefined
  const fd = OwnedFd.dup(socket)
  const { timeout = 0 } = socket
  // A server ends connections that are idle for long, and would not see the request that has come meanwhile.
  socket.setTimeout(0)
  stopHandle(socket)
  const stay = (): void => {
    fd.close()
    if (socket.destroyed) return
    socket.setTimeout(timeout)
    startReading(socket, false)
  }
  return { fd, unread: NOTHING, go: () => void socket.destroy(), stay }
}

/** Only looked at until it goes: two processes may accept from one queue. */
function lend(source: FdSource, go: () => void): Leaving {
  const fd = OwnedFd.dup(source)
  return { fd, unread: NOTHING, go, stay: () => fd.close() }
}

function leaveServer(server: net.Server): Leaving {
  const address = server.address()
  // An abstract name is nobody's file: it lives as long as the descriptor.
  if (typeof address === 'string' && !address.startsWith('\0')) {
    throw held(`closing it would remove ${address}; make it with listen(path).toNetServer(server)`)
  }
  // Not http's own close, which also ends connections that are idle.
  return lend(server, () => void net.Server.prototype.close.call(server))
}

function leaveDgram(socket: dgram.Socket): Leaving {
  if (socket.getSendQueueCount() > 0) throw held('sends are queued; await their callbacks first')
  return lend(socket, () => void socket.close())
}

/** Waits for nothing: the duplicate is ours at once, the old number is closed in its own time. */
function leaveFile(file: { readonly fd: number; close?: () => unknown }): Leaving {
  if (typeof file.close !== 'function') throw held('nobody knows how to close the object')
  return lend(file, () => void Promise.resolve(file.close?.()).catch(() => {}))
}

/** Ours: `detach` puts options back and refuses to lose messages; a listener's file stays. */
function leaveOurs(source: UnixSocket | UnixListener | OwnedFd): Leaving {
  if (source instanceof UnixSocket) source.assertDetachable()
  return lend(source, () => (source instanceof OwnedFd ? source : source.detach()).close())
}

/** Prepares to take the descriptor of a live object away; until `go()` it can stay. Throws as {@link detachFd}. */
export function leave(source: FdSource): Leaving {
  if (typeof source === 'number') return lend(source, () => OwnedFd.adopt(source).close())
  // Before it is asked for its number, which it may not have yet.
  if (source instanceof net.Socket && source.connecting) throw held(CONNECTING)
  fdOf(source, 'source')
  if (source instanceof OwnedFd || source instanceof UnixSocket || source instanceof UnixListener) {
    return leaveOurs(source)
  }
  if (source instanceof net.Socket || source instanceof fs.ReadStream || source instanceof fs.WriteStream) {
    return leaveStream(source)
  }
  if (source instanceof net.Server) return leaveServer(source)
  if (source instanceof dgram.Socket) return leaveDgram(source)
  return leaveFile(source as { readonly fd: number })
}

/**
 * Takes the descriptor of a live object: a `net.Socket` (a child's stdio, a terminal), a `net.Server`, a `dgram.Socket`, a FileHandle,
 * a stream of `fs`, or one of ours. The object is closed without the other end noticing; bytes that Node has read come along.
 *
 * A number is adopted. If it throws, the object is as it was.
 *
 * @throws ERR_MESSAGES_HELD Something would be lost: queued writes, a TLS session, an http request that is being parsed, a server's path,
 * a stream that is ending or was told where to start.
 * @throws ERR_SOCKET_CLOSED The object is closed. @throws EMFILE No descriptor is free.
 * @example
 * const { fd, unread } = detachFd(netSocket)
 * await other.send(unread.length > 0 ? unread : 'x', { fds: [fd] })
 */
export function detachFd(source: FdSource): Detached {
  if (typeof source === 'number') return { fd: OwnedFd.adopt(source), unread: NOTHING }
  if (source instanceof UnixSocket || source instanceof UnixListener) return { fd: source.detach(), unread: NOTHING }
  const { fd, unread, go } = leave(source)
  go()
  return { fd, unread }
}
