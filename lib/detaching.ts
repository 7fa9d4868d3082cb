/**
 * Taking a descriptor away from an object of Node, with the bytes that Node has read and nobody has seen. What Node has in hand and
 * cannot be taken along is a reason to refuse, before anything is touched. Node's private fields are known by `source.ts` alone.
 */
import * as dgram from 'node:dgram'
import * as fs from 'node:fs'
import * as net from 'node:net'
import { OwnedFd } from './descriptor.js'
import { closedError, ownError } from './errors.js'
import { UnixListener } from './listener.js'
import { UnixSocket } from './socket.js'
import { type FdSource, fdOf, type Holding, holdingOf, stopReading } from './source.js'

/** A descriptor that was taken from its object. */
export interface Detached {
  /** Yours. */
  readonly fd: OwnedFd
  /** Bytes that had been read already and come before everything that `fd` gives; empty where there are none. */
  readonly unread: Buffer
}

const NOTHING = Buffer.alloc(0)

function held(what: string): Error {
  return ownError('ERR_MESSAGES_HELD', `The descriptor cannot be taken: ${what}`)
}

/** Why an object's descriptor cannot be taken without losing something. */
function reasonAgainst({ connecting, encrypted, parsing, writing, reading, decoding }: Holding): string | undefined {
  if (connecting) return 'it is still connecting'
  if (encrypted) return 'it is encrypted, and the keys are in this process'
  if (parsing) return 'an http parser reads from it'
  if (writing) return 'writes are queued; await their callbacks first'
  if (reading) return 'a read is under way; pause it and await that first'
  if (decoding) return 'it decodes what it reads (setEncoding)'
  return undefined
}

function assertFree(source: object): void {
  const reason = reasonAgainst(holdingOf(source))
  if (reason !== undefined) throw held(reason)
}

/** The duplicate first: if that fails nothing has happened. Never end(): shutdown(2) would reach the duplicate. */
function detachStream(stream: net.Socket | fs.ReadStream | fs.WriteStream): Detached {
  assertFree(stream)
  const fd = OwnedFd.dup(stream as FdSource)
  stopReading(stream)
  const unread = 'read' in stream ? (stream.read() as Buffer | null) : null
  stream.destroy()
  return { fd, unread: unread ?? NOTHING }
}

function detachServer(server: net.Server): Detached {
  const address = server.address()
  if (typeof address === 'string') {
    throw held(`closing it would remove ${address}; make it with listen(path).toNetServer(server)`)
  }
  const fd = OwnedFd.dup(server)
  // Not http's own close, which also ends connections that are idle.
  net.Server.prototype.close.call(server)
  return { fd, unread: NOTHING }
}

function detachDgram(socket: dgram.Socket): Detached {
  if (socket.getSendQueueCount() > 0) throw held('sends are queued; await their callbacks first')
  const fd = OwnedFd.dup(socket)
  socket.close()
  return { fd, unread: NOTHING }
}

/** Resolves nothing and waits for nothing: the duplicate is ours at once, the old number is closed in its own time. */
function detachFile(file: { readonly fd: number; close?: () => unknown }): Detached {
  if (typeof file.close !== 'function') throw held('nobody knows how to close the object')
  const fd = OwnedFd.dup(file)
  void Promise.resolve(file.close()).catch(() => {})
  return { fd, unread: NOTHING }
}

/**
 * Takes the descriptor of a live object: a `net.Socket` (a child's stdio, a terminal), a `net.Server`, a `dgram.Socket`, a FileHandle,
 * a stream of `fs`, or one of ours. The object is closed without the other end noticing; bytes that Node has read come along.
 *
 * A number is adopted. If it throws, the object is as it was.
 *
 * @throws ERR_MESSAGES_HELD Something would be lost: queued writes, a TLS session, an http request that is being parsed, a server's path.
 * @throws ERR_SOCKET_CLOSED The object is closed. @throws EMFILE No descriptor is free.
 * @example
 * const { fd, unread } = detachFd(netSocket)
 * await other.send(unread.length > 0 ? unread : 'x', { fds: [fd] })
 */
export function detachFd(source: FdSource): Detached {
  if (typeof source === 'number') return { fd: OwnedFd.adopt(source), unread: NOTHING }
  if (source instanceof OwnedFd) return { fd: reowned(source), unread: NOTHING }
  if (source instanceof UnixSocket || source instanceof UnixListener) return { fd: source.detach(), unread: NOTHING }
  fdOf(source, 'source')
  if (source instanceof net.Socket || source instanceof fs.ReadStream || source instanceof fs.WriteStream) {
    return detachStream(source)
  }
  if (source instanceof net.Server) return detachServer(source)
  if (source instanceof dgram.Socket) return detachDgram(source)
  return detachFile(source as { readonly fd: number })
}

function reowned(fd: OwnedFd): OwnedFd {
  if (fd.closed) throw closedError('descriptor')
  return OwnedFd.own(fd.surrender())
}
