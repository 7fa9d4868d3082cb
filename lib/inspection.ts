/**
 * What a Unix socket is and what waits in it: names, peer, queues and options, of one descriptor or of all sockets of the system.
 * Only looks: no option, no queue and no error of the socket is changed. Knows no messages and no object of ours.
 */
import { readFileSync } from 'node:fs'
import { type Credentials, peerOrNull } from './credentials.js'
import { SOCKET_STATES } from './descriptor.js'
import { check, hasCode, ownError, systemError } from './errors.js'
import { inodeOf } from './fs-numbers.js'
import { constants, native } from './native.js'
import type { SocketType } from './outgoing.js'
import { type Diagnosis, diagnose, diagnoseAll } from './socket-diagnosis.js'
import { nameOf, typeName } from './socket-facts.js'
import { type FdSource, fdOf } from './source.js'
import type { Address } from './words.js'

/** Options of a socket and of its descriptor; `null` where this kernel has no such option. Sizes are in bytes, as the kernel counts. */
export interface SocketSettings {
  /** SO_PASSCRED */
  readonly passCredentials: boolean | null
  /** SO_PASSPIDFD */
  readonly passProcess: boolean | null
  /** SO_PASSSEC */
  readonly passLabel: boolean | null
  /** SO_PASSRIGHTS: whether descriptors may come. */
  readonly passDescriptors: boolean | null
  /** SO_TIMESTAMP */
  readonly timestamps: boolean | null
  /** SO_SNDBUF: twice what was set. */
  readonly sendBufferSize: number | null
  /** SO_RCVBUF: twice what was set. */
  readonly receiveBufferSize: number | null
  /** O_NONBLOCK */
  readonly nonblocking: boolean
  /** FD_CLOEXEC; null where /proc is not mounted. */
  readonly closeOnExec: boolean | null
}

/** What {@link inspect} found. `null`: it does not apply, or the kernel does not tell. */
export interface SocketInfo {
  readonly [field: string]: unknown
  /** The number that was looked at; null in what {@link inspectAll} gives. */
  readonly fd: number | null
  readonly type: SocketType
  readonly state: 'listening' | 'connected' | 'unconnected'
  /** Names the socket in the whole system, as in `socket:[1234]` of /proc. */
  readonly inode: number
  readonly localAddress: Address | null
  readonly peerAddress: Address | null
  /** Inode number of the socket at the other end. */
  readonly peerInode: number | null
  /** Who is there: see {@link peerCredentials}. */
  readonly peer: Credentials<'connect'> | null
  /** User who made the socket. */
  readonly uid: number | null
  readonly shutdown: 'read' | 'write' | 'both' | null
  /** Bytes that the next receives would give; of a datagram socket, those of the first datagram. */
  readonly incomingBytes: number | null
  /** Descriptors in the messages that wait to be received. */
  readonly incomingFds: number | null
  /** Memory of what was sent and not yet received, in bytes: more than its data. */
  readonly outgoingBytes: number | null
  /** Of a listener: connections that wait to be accepted. */
  readonly pending: number | null
  /** Of a listener: how many of them may wait. */
  readonly backlog: number | null
  /** null in what {@link inspectAll} gives. */
  readonly options: SocketSettings | null
}

const O_CLOEXEC = 0o2000000
const O_NONBLOCK = 0o4000
const SHUTDOWNS = [null, 'read', 'write', 'both'] as const
/** The states of the kernel (TCP_LISTEN, TCP_ESTABLISHED); a datagram socket that is connected by name has the second, too. */
const LISTENING = 10
const ESTABLISHED = 1

/**
 * Looks at a Unix socket of this process: type, names, peer, what waits in it, options. Changes nothing, takes nothing.
 *
 * It tells what the kernel has: messages that a loop has read ahead are no longer there.
 *
 * @param source The socket, or anything that has its descriptor.
 * @throws ERR_FD_KIND It is not a Unix socket. @throws ERR_SOCKET_CLOSED The object is closed.
 *
 * Platforms: Linux. `uid`, `peerInode`, `shutdown`, `pending` and `backlog` come from sock_diag(7) and are null where that is
 * switched off or the socket is of another network namespace; `incomingFds` from Linux 5.6. See unix(7).
 * @example
 * console.log(inspect(socket).incomingBytes, inspect(socket).incomingFds)
 */
export function inspect(source: FdSource): SocketInfo {
  const fd = fdOf(source, 'source')
  const type = typeOf(fd)
  const inode = Number(inodeOf(fd))
  const state = SOCKET_STATES[check(native.socketState(fd), 'getsockopt')] as SocketInfo['state']
  const facts = fdFacts(fd)
  const listening = state === 'listening'
  return {
    fd,
    type,
    state,
    inode,
    localAddress: nameOf(fd, false),
    peerAddress: nameOf(fd, true),
    ...diagnosed(diagnose(inode), listening),
    peer: peerOrNull(fd),
    incomingBytes: listening ? null : queued(fd, constants.fionread),
    incomingFds: facts.queuedFds,
    outgoingBytes: listening ? null : queued(fd, constants.unsent),
    options: settingsOf(fd, facts.flags),
  }
}

/**
 * Every Unix socket of this network namespace, also those of other users and processes, as far as it can be told without a
 * descriptor: the fields that need one are null.
 *
 * @throws ENOENT, EPERM, EPROTONOSUPPORT The kernel cannot be asked, or we may not.
 *
 * Platforms: Linux (sock_diag(7)).
 * @example
 * const listening = inspectAll().filter(({ state }) => state === 'listening')
 */
export function inspectAll(): SocketInfo[] {
  const found = diagnoseAll()
  const names = new Map(found.map(({ inode, name }) => [inode, name]))
  return found.map((diagnosis) => withoutDescriptor(diagnosis, names))
}

function withoutDescriptor(diagnosis: Diagnosis, names: ReadonlyMap<number, Address | null>): SocketInfo {
  const listening = diagnosis.state === LISTENING
  return {
    fd: null,
    type: typeName(diagnosis.type),
    state: listening ? 'listening' : diagnosis.state === ESTABLISHED ? 'connected' : 'unconnected',
    inode: diagnosis.inode,
    localAddress: diagnosis.name,
    peerAddress: diagnosis.peer === null ? null : (names.get(diagnosis.peer) ?? null),
    ...diagnosed(diagnosis, listening),
    peer: null,
    incomingBytes: listening ? null : diagnosis.incoming,
    incomingFds: null,
    outgoingBytes: listening ? null : diagnosis.outgoing,
    options: null,
  }
}

/** The fields that only sock_diag(7) tells. */
function diagnosed(
  diagnosis: Diagnosis | null,
  listening: boolean,
): Pick<SocketInfo, 'peerInode' | 'uid' | 'shutdown' | 'pending' | 'backlog'> {
  return {
    peerInode: diagnosis?.peer || null,
    uid: diagnosis?.uid ?? null,
    shutdown: SHUTDOWNS[diagnosis?.shutdown ?? 0] ?? null,
    pending: listening ? (diagnosis?.incoming ?? null) : null,
    backlog: listening ? (diagnosis?.outgoing ?? null) : null,
  }
}

function typeOf(fd: number): SocketType {
  const kind = native.kindOf(fd)
  if (typeof kind === 'number') throw systemError(kind, 'fstat')
  const [family, type] = kind.split('-')
  if (family === 'unix') return type as SocketType
  throw ownError('ERR_FD_KIND', `A descriptor of kind ${kind} is not a Unix socket`, { kind })
}

/** The answer of an ioctl(2) that counts bytes. */
function queued(fd: number, request: number): number | null {
  const answer = new Int32Array(1)
  return native.ioctlBuffer(fd, request, new Uint8Array(answer.buffer)) < 0 ? null : (answer[0] as number)
}

/** /proc/self/fdinfo: flags in octal digits, and what waits. */
function fdFacts(fd: number): { flags: number | null; queuedFds: number | null } {
  const text = fdInfo(fd)
  const flags = /^flags:\s*([0-7]+)/m.exec(text)?.[1]
  const queuedFds = /^scm_fds:\s*(\d+)/m.exec(text)?.[1]
  return {
    flags: flags === undefined ? null : Number.parseInt(flags, 8),
    queuedFds: queuedFds === undefined ? null : Number(queuedFds),
  }
}

function fdInfo(fd: number): string {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8')
  } catch (error) {
    if (hasCode(error, 'EMFILE') || hasCode(error, 'ENFILE')) throw error
    return ''
  }
}

function settingsOf(fd: number, flags: number | null): SocketSettings {
  const number = (name: number): number | null => {
    const value = native.getNumber(fd, name)
    return value < 0 ? null : value
  }
  const switched = (name: number): boolean | null => {
    const value = number(name)
    return value === null ? null : value !== 0
  }
  return {
    passCredentials: switched(constants.soPasscred),
    passProcess: switched(constants.soPasspidfd),
    passLabel: switched(constants.soPasssec),
    passDescriptors: switched(constants.soPassrights),
    timestamps: switched(constants.soTimestamp),
    sendBufferSize: number(constants.soSndbuf),
    receiveBufferSize: number(constants.soRcvbuf),
    nonblocking: (check(native.statusFlags(fd), 'fcntl') & O_NONBLOCK) !== 0,
    closeOnExec: flags === null ? null : (flags & O_CLOEXEC) !== 0,
  }
}
