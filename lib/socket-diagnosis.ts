/**
 * What the kernel tells of Unix sockets by their inode numbers: one of them, or all of this network namespace (sock_diag(7)).
 * Knows the format of its questions and answers; knows no descriptor but that of its own netlink socket.
 */
import { endianness } from 'node:os'
import { addressOf } from './address.js'
import { check, EAGAIN, systemError } from './errors.js'
import { constants, native } from './native.js'
import type { Address } from './words.js'

/** One socket as the kernel describes it. `null`: it does not tell. */
export interface Diagnosis {
  readonly inode: number
  readonly type: number
  readonly state: number
  readonly name: Address | null
  /** Inode number of its socket file, the lowest 32 bits. */
  readonly file: number | null
  readonly peer: number | null
  /** Of a listener: inode numbers of the sockets whose connections nobody has accepted. */
  readonly pending: readonly number[] | null
  /** Bytes that can be received; of a listener, connections that can be accepted. */
  readonly incoming: number | null
  /** Memory that sent messages take until they are received; of a listener, its backlog. */
  readonly outgoing: number | null
  /** 1: shut down for reading; 2: for writing. */
  readonly shutdown: number
  readonly uid: number | null
}

const FAMILY_REQUEST = 20
const ERROR = 2
const DONE = 3
const REQUEST = 1
const DUMP = 0x300
const HEADER = 16
const QUESTION = 40
const FIXED = 16
/** All that there is: name, file, peer, connections, queues, memory, uid. */
const SHOW = 0x7f
const ANY_STATE = 0xffffffff
const ANY_COOKIE = 0xffffffff
const ANSWER_MAX = 1 << 16
const NAME = 0
const FILE = 1
const PEER = 2
const PENDING = 3
const QUEUES = 4
const SHUTDOWN = 6
const UID = 7

const little = endianness() === 'LE'
const u16 = (bytes: Buffer, at: number): number => (little ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at))
const u32 = (bytes: Buffer, at: number): number => (little ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at))

/** The socket with this inode number; null where this network namespace has none, or nobody can be asked. */
export function diagnose(inode: number): Diagnosis | null {
  try {
    return ask(inode)[0] ?? null
  } catch (error) {
    // Out of descriptors is no answer.
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EMFILE' || code === 'ENFILE') throw error
    return null
  }
}

/** Every Unix socket of this network namespace. Throws where the kernel cannot be asked. */
export function diagnoseAll(): Diagnosis[] {
  return ask(null)
}

/** The kernel answers within sendmsg(2): nothing here waits. */
function ask(inode: number | null): Diagnosis[] {
  const fd = check(native.open(constants.afNetlink, constants.sockRaw, constants.netlinkSockDiag), 'socket')
  try {
    check(native.write(fd, question(inode)), 'sendmsg')
    return [...answers(fd)]
  } finally {
    native.close(fd)
  }
}

/** struct nlmsghdr and struct unix_diag_req. */
function question(inode: number | null): Buffer {
  const bytes = Buffer.alloc(QUESTION)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setUint32(0, QUESTION, little)
  view.setUint16(4, FAMILY_REQUEST, little)
  view.setUint16(6, inode === null ? REQUEST | DUMP : REQUEST, little)
  view.setUint8(16, constants.afUnix)
  view.setUint32(20, ANY_STATE, little)
  view.setUint32(24, inode ?? 0, little)
  view.setUint32(28, SHOW, little)
  view.setUint32(32, ANY_COOKIE, little)
  view.setUint32(36, ANY_COOKIE, little)
  return bytes
}

function* answers(fd: number): Generator<Diagnosis> {
  const buffer = Buffer.alloc(ANSWER_MAX)
  for (;;) {
    const count = native.read(fd, buffer)
    if (count === EAGAIN) return
    check(count, 'recvmsg')
    for (const { type, body } of messagesIn(buffer.subarray(0, count))) {
      if (type === DONE) return
      if (type === ERROR) throw systemError(u32(body, 0) | 0, 'sock_diag')
      yield decode(body)
    }
  }
}

/** Each netlink message: its length, which rounds up to four bytes, its type, and what follows the header. */
function* messagesIn(bytes: Buffer): Generator<{ type: number; body: Buffer }> {
  for (let at = 0; at + HEADER <= bytes.length; ) {
    const length = u32(bytes, at)
    if (length < HEADER) return
    yield { type: u16(bytes, at + 4), body: bytes.subarray(at + HEADER, at + length) }
    at += aligned(length)
  }
}

function aligned(length: number): number {
  return (length + 3) & ~3
}

function attributesOf(body: Buffer): Map<number, Buffer> {
  const found = new Map<number, Buffer>()
  for (let at = FIXED; at + 4 <= body.length; ) {
    const length = u16(body, at)
    if (length < 4) break
    found.set(u16(body, at + 2), body.subarray(at + 4, at + length))
    at += aligned(length)
  }
  return found
}

function decode(body: Buffer): Diagnosis {
  const attributes = attributesOf(body)
  const number = (name: number, at = 0): number | null => {
    const value = attributes.get(name)
    return value === undefined || value.length < at + 4 ? null : u32(value, at)
  }
  const pending = attributes.get(PENDING)
  return {
    inode: u32(body, 4),
    type: body[1] as number,
    state: body[2] as number,
    name: nameOf(attributes.get(NAME)),
    file: number(FILE),
    peer: number(PEER),
    pending:
      pending === undefined ? null : Array.from({ length: pending.length >> 2 }, (_, at) => u32(pending, at * 4)),
    incoming: number(QUEUES),
    outgoing: number(QUEUES, 4),
    shutdown: attributes.get(SHUTDOWN)?.[0] ?? 0,
    uid: number(UID),
  }
}

/** A path ends with a NUL, an abstract name is as long as the attribute. */
function nameOf(bytes: Buffer | undefined): Address | null {
  if (bytes === undefined) return null
  const end = bytes[0] === 0 ? -1 : bytes.indexOf(0)
  return addressOf(Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)))
}
