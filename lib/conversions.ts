/**
 * Descriptors as objects of Node and of this package: each conversion checks what the descriptor is, makes the object, and only
 * then gives the descriptor away. It knows the constructors of Node that take a number; Node's private fields are not its business.
 */
import cluster from 'node:cluster'
import * as dgram from 'node:dgram'
import * as fs from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import * as net from 'node:net'
import * as tty from 'node:tty'
import { oneBuffer, optionsObject } from './arguments.js'
import { OwnedFd } from './descriptor.js'
import { invalidType, ownError } from './errors.js'
import { FdFileHandle } from './file-handle.js'
import { type Connected, type ListenOptions, UnixListener } from './listener.js'
import type { SocketOptions } from './options.js'
import type { SocketType } from './outgoing.js'
import { type Runtime, refuseOn, runtime } from './runtime.js'
import { UnixSocket } from './socket.js'
import { fdOf } from './source.js'

/** Options of `toNetSocket`. */
export interface NetSocketOptions {
  /** Bytes that were read before and come first. */
  unread?: Uint8Array | undefined
  /** As in `net.Socket`: writing may go on after the other end has ended. Default false. */
  allowHalfOpen?: boolean
}

declare module './descriptor.js' {
  interface OwnedFd {
    /**
     * Becomes a UnixSocket. If a conversion throws, the descriptor is still yours; else this object is closed.
     *
     * @throws ERR_FD_KIND It is not a Unix socket, or it listens.
     */
    toUnixSocket(options?: SocketOptions): UnixSocket
    /** Becomes a UnixListener. @throws ERR_FD_KIND It is not a listening Unix socket. */
    toUnixListener(options?: ListenOptions): UnixListener
    /**
     * Becomes a `net.Socket`: a connected Unix stream or TCP socket, or one end of a pipe. Give it to `server.emit('connection', …)`
     * to have it served by an http server. Node switches O_NONBLOCK on for everyone who shares the descriptor.
     *
     * @throws ERR_FD_KIND It is something else.
     * @throws ERR_UNSUPPORTED_PLATFORM On Bun; `toUnixSocket().toDuplex()` works there.
     */
    toNetSocket(options?: NetSocketOptions): net.Socket
    /**
     * Becomes a listening `net.Server`, or makes `server`, an http server for example, listen on it. Its path is never removed.
     *
     * @throws ERR_FD_KIND It is not a listening Unix stream or TCP socket, or this is a worker of `node:cluster`.
     */
    toNetServer<S extends net.Server = net.Server>(server?: S): S
    /**
     * Becomes a bound `dgram.Socket`.
     *
     * @throws ERR_FD_KIND It is not a UDP socket, or it is connected.
     * @throws ERR_UNSUPPORTED_PLATFORM On Bun and Deno.
     */
    toDgramSocket(): dgram.Socket
    /**
     * Becomes an `fs.ReadStream`.
     *
     * @throws ERR_FD_KIND It is not a readable file, memfd or device: a pipe would hold a thread.
     * @throws ERR_UNSUPPORTED_PLATFORM On Deno, whose `fs` knows only descriptors that it has opened.
     */
    toReadStream(): fs.ReadStream
    /**
     * Becomes an `fs.WriteStream`.
     *
     * @throws ERR_FD_KIND It is not a writable file, memfd or device: a pipe would hold a thread.
     * @throws ERR_UNSUPPORTED_PLATFORM On Deno, whose `fs` knows only descriptors that it has opened.
     */
    toWriteStream(): fs.WriteStream
    /**
     * Becomes a `tty.ReadStream`, which also writes.
     *
     * @throws ERR_FD_KIND It is not a readable terminal.
     * @throws ERR_UNSUPPORTED_PLATFORM On Bun, whose streams of terminals do not write and do not close.
     */
    toTTY(): tty.ReadStream
    /**
     * Becomes an object with the methods of `fs.promises.FileHandle`. Node has no public way to make a real one of a descriptor:
     * `instanceof` does not hold, and it cannot be posted to a worker.
     *
     * @throws ERR_FD_KIND It is not a file, directory, memfd or device.
     * @throws ERR_UNSUPPORTED_PLATFORM On Deno, whose `fs` knows only descriptors that it has opened.
     */
    toFileHandle(): FileHandle
  }
}

declare module './socket.js' {
  interface UnixSocket<T extends SocketType = SocketType> {
    /**
     * Becomes a `net.Socket`; this object is closed.
     *
     * @throws ERR_MESSAGES_HELD Messages are unread or sends are queued.
     */
    toNetSocket(this: UnixSocket<'stream'>): net.Socket
  }
}

declare module './listener.js' {
  interface UnixListener<T extends Connected = Connected> {
    /**
     * Becomes a listening `net.Server`, or makes `server` listen on it; this object is closed. The socket file stays for good.
     *
     * @throws ERR_MESSAGES_HELD Connections were accepted ahead.
     */
    toNetServer<S extends net.Server = net.Server>(this: UnixListener<'stream'>, server?: S): S
  }
}

/** What a conversion takes, and what to do with another kind. */
interface Rule {
  readonly into: string
  readonly kinds: readonly string[]
  readonly state?: OwnedFd['state']
  readonly access?: 'read' | 'write'
  /** Where the object is made, and does not work. */
  readonly notOn?: readonly Runtime[]
}

const FILES = ['file', 'memfd', 'block-device', 'char-device']
const UNIX = ['unix-stream', 'unix-seqpacket', 'unix-dgram']
const RULES = {
  toUnixSocket: { into: 'UnixSocket', kinds: UNIX },
  toUnixListener: { into: 'UnixListener', kinds: ['unix-stream', 'unix-seqpacket'], state: 'listening' },
  toNetServer: { into: 'net.Server', kinds: ['unix-stream', 'tcp'], state: 'listening' },
  toDgramSocket: { into: 'dgram.Socket', kinds: ['udp'], notOn: ['bun', 'deno'] },
  toReadStream: { into: 'fs.ReadStream', kinds: FILES, access: 'read', notOn: ['deno'] },
  toWriteStream: { into: 'fs.WriteStream', kinds: FILES, access: 'write', notOn: ['deno'] },
  toTTY: { into: 'tty.ReadStream', kinds: ['tty'], access: 'read', notOn: ['bun'] },
  toFileHandle: { into: 'FileHandle', kinds: [...FILES, 'directory'], notOn: ['deno'] },
} as const satisfies Record<string, Rule>

function refuse(fd: OwnedFd, into: string): never {
  const what = fd.state === null ? fd.kind : `${fd.state} ${fd.kind}`
  throw ownError('ERR_FD_KIND', `A descriptor of kind ${what} (${fd.access}) cannot become a ${into}`, {
    kind: fd.kind,
  })
}

function permits(access: OwnedFd['access'], wanted: 'read' | 'write'): boolean {
  return access === 'read-write' || access === wanted
}

function assertKind(fd: OwnedFd, rule: Rule): void {
  const fits =
    rule.kinds.includes(fd.kind) &&
    (rule.state === undefined || fd.state === rule.state) &&
    (rule.access === undefined || permits(fd.access, rule.access))
  if (!fits) refuse(fd, rule.into)
  refuseOn(rule.notOn ?? [], `To make a ${rule.into} of a descriptor`)
}

/** Makes the object from the number; the descriptor is given away only when that has not thrown. */
function give<T>(fd: OwnedFd, make: (number: number) => T): T {
  const made = make(fd.fd)
  fd.detach()
  return made
}

/** Bun: the socket is made, and nothing ever comes out of it. */
function assertNetSockets(): void {
  refuseOn(['bun'], 'To make a net.Socket of a descriptor')
}

function toNetSocket(this: OwnedFd, options?: NetSocketOptions): net.Socket {
  const { unread, allowHalfOpen = false } = optionsObject(options) as NetSocketOptions
  const bytes = unread === undefined ? undefined : Buffer.from(oneBuffer(unread))
  const isSocket = this.kind === 'unix-stream' || this.kind === 'tcp'
  const isPipe = (this.kind === 'pipe' || this.kind === 'fifo') && this.access !== 'path'
  if (!isPipe && !(isSocket && this.state === 'connected')) refuse(this, 'net.Socket')
  assertNetSockets()
  const readable = permits(this.access, 'read')
  const writable = permits(this.access, 'write')
  return give(this, (fd) => {
    const socket = new net.Socket({ fd, readable, writable, allowHalfOpen })
    if (bytes !== undefined && bytes.length > 0) socket.unshift(bytes)
    return socket
  })
}

/** Throws as `toNetServer` will, for those who must know before. */
export function assertServes(fd: OwnedFd): void {
  assertKind(fd, RULES.toNetServer)
  assertListensHere()
}

/** In a worker Node would ask the main process to listen on our number, whatever that is there. */
function assertListensHere(): void {
  if (!cluster.isWorker) return
  throw ownError('ERR_FD_KIND', 'In a worker of node:cluster a descriptor cannot become a net.Server')
}

function toNetServer<S extends net.Server>(this: OwnedFd, server?: S): S {
  assertServes(this)
  const target = server ?? (net.createServer() as S)
  if (typeof target.listen !== 'function') throw invalidType('server', 'a net.Server', server)
  return give(this, (fd) => target.listen({ fd }))
}

function toDgramSocket(this: OwnedFd): dgram.Socket {
  // Node knows only those as connected that it has connected itself, and would not send.
  if (this.kind === 'udp' && this.state === 'connected') refuse(this, RULES.toDgramSocket.into)
  assertKind(this, RULES.toDgramSocket)
  const type = this.localAddress?.address.includes(':') ? 'udp6' : 'udp4'
  return give(this, (fd) => {
    const socket = dgram.createSocket(type)
    socket.bind({ fd, exclusive: true })
    return socket
  })
}

const conversions: Pick<
  OwnedFd,
  | 'toUnixSocket'
  | 'toUnixListener'
  | 'toNetSocket'
  | 'toNetServer'
  | 'toDgramSocket'
  | 'toReadStream'
  | 'toWriteStream'
  | 'toTTY'
  | 'toFileHandle'
> &
  ThisType<OwnedFd> = {
  toNetSocket,
  toNetServer,
  toDgramSocket,
  toUnixSocket(options) {
    assertKind(this, RULES.toUnixSocket)
    if (this.state === 'listening') refuse(this, RULES.toUnixSocket.into)
    return UnixSocket.adopt(this, options)
  },
  toUnixListener(options) {
    assertKind(this, RULES.toUnixListener)
    return UnixListener.adopt(this, options)
  },
  toReadStream() {
    assertKind(this, RULES.toReadStream)
    return give(this, (fd) => fs.createReadStream('', { fd }))
  },
  toWriteStream() {
    assertKind(this, RULES.toWriteStream)
    return give(this, (fd) => fs.createWriteStream('', { fd }))
  },
  toTTY() {
    assertKind(this, RULES.toTTY)
    const terminal = new tty.ReadStream(this.fd)
    // libuv opens the slave of a pseudoterminal anew, and never closes the number that it was given.
    if (runtime === 'deno' ? isMaster(this) : fdOf(terminal) === this.fd) this.detach()
    else this.close()
    return terminal
  },
  toFileHandle() {
    assertKind(this, RULES.toFileHandle)
    return give(this, (fd) => new FdFileHandle(fd)) as unknown as FileHandle
  },
}

const TIOCGPTN = 0x80045430

/** Deno's streams of terminals do not show which number they have; libuv opens anew what is no master. */
function isMaster(fd: OwnedFd): boolean {
  try {
    fd.ioctl(TIOCGPTN, Buffer.alloc(4))
    return true
  } catch {
    return false
  }
}

/** As the methods of a class: not enumerable. */
function addMethods(prototype: object, methods: object): void {
  for (const [name, value] of Object.entries(methods)) {
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true })
  }
}

addMethods(OwnedFd.prototype, conversions)
addMethods(UnixSocket.prototype, {
  toNetSocket(this: UnixSocket<'stream'>): net.Socket {
    if (this.type !== 'stream') throw ownError('ERR_FD_KIND', `A ${this.type} socket cannot become a net.Socket`)
    assertNetSockets()
    return this.detach().toNetSocket()
  },
})
addMethods(UnixListener.prototype, {
  toNetServer<S extends net.Server>(this: UnixListener<'stream'>, server?: S): S {
    if (this.type !== 'stream') throw ownError('ERR_FD_KIND', `A ${this.type} listener cannot become a net.Server`)
    assertListensHere()
    return this.detach().toNetServer(server)
  },
})
