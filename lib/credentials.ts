/**
 * Who is on the other end: what the kernel proved when a socket was connected, and what came with a message.
 * Where the kernel has no identity to give the answer is an error or null, never a plausible number. Knows no messages.
 */
import { readFileSync } from 'node:fs'
import { check, ENOTSOCK, ownError, systemError } from './errors.js'
import { constants, native } from './native.js'
import { type FdSource, fdOf } from './source.js'

/** A user id and a group id. */
export type Ids = { uid: number; gid: number }

/** When a field was true: as the peer connected, as the message was sent, or as it was asked for. */
export type When = 'connect' | 'send' | 'query'

/** The identity of a process, each field with its source; `null` where the kernel does not tell. */
export interface Credentials<W extends When = When> {
  /** Process id in our pid namespace; null where it lives in none that we can see. */
  pid: number | null
  /** User id of the mechanism itself; null where it is not mapped in our user namespace. */
  uid: number | null
  /** Group id of the mechanism itself; null where it is not mapped in our user namespace. */
  gid: number | null
  /** Real ids. */
  real: Ids | null
  /** Effective ids. */
  effective: Ids | null
  /** Saved ids. */
  saved: Ids | null
  /** Supplementary groups. */
  groups: number[] | null
  /** Security label (SELinux, AppArmor, Smack). */
  label: string | null
  /** Where each field that is not null comes from, and when it was true. */
  sources: { readonly [field: string]: { source: string; when: When } }
  /** When the ids of the mechanism itself were true. */
  when: W
}

const GROUPS_USUAL = 64
const GROUPS_MAX = 65_536
const LABEL_MAX = 4096

let overflow: { uid: number; gid: number } | undefined

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** In the first user namespace every id is mapped, so that 65534 really is nobody; elsewhere it may stand for anybody. */
function overflowIds(): Ids {
  if (overflow === undefined) {
    const allMapped = readText('/proc/self/uid_map').split(/\s+/).join(' ') === '0 0 4294967295'
    const read = (name: string): number => (allMapped ? -1 : Number(readText(`/proc/sys/kernel/${name}`) || 65_534))
    overflow = { uid: read('overflowuid'), gid: read('overflowgid') }
  }
  return overflow
}

function ids(pid: number, uid: number, gid: number): { pid: number | null; uid: number | null; gid: number | null } {
  const unmapped = overflowIds()
  return {
    pid: pid > 0 ? pid : null,
    uid: uid === unmapped.uid || uid === 0xffffffff ? null : uid,
    gid: gid === unmapped.gid || gid === 0xffffffff ? null : gid,
  }
}

function sourcesOf(fields: object, source: string, when: When): Credentials['sources'] {
  const known = Object.entries(fields).filter(([, value]) => value !== null)
  return Object.fromEntries(known.map(([name]) => [name, { source, when }]))
}

/** The kernel's answer for "queued before the option, by a sender that attached none": pid 0 and the overflow ids. */
function isNobody(pid: number, uid: number): boolean {
  return pid === 0 && (uid === Number(readText('/proc/sys/kernel/overflowuid') || 65_534) || uid === 0xffffffff)
}

/** Credentials that came with a message (SCM_CREDENTIALS); `null` where nobody attached any. */
export function messageCredentials(pid: number, uid: number, gid: number): Credentials<'send'> | null {
  if (isNobody(pid, uid >>> 0)) return null
  const fields = ids(pid, uid >>> 0, gid >>> 0)
  if (fields.pid === null && fields.uid === null) return null
  const unknown = { real: null, effective: null, saved: null, groups: null, label: null }
  return { ...fields, ...unknown, sources: sourcesOf(fields, 'SCM_CREDENTIALS', 'send'), when: 'send' }
}

function noIdentity(reason: string): Error {
  return ownError('ERR_NO_IDENTITY', `The kernel has no peer identity for this descriptor: ${reason}`)
}

function assertUnixPeer(fd: number): void {
  const domain = native.getNumber(fd, constants.soDomain)
  if (domain === ENOTSOCK) throw noIdentity('it is not a socket')
  check(domain, 'getsockopt')
  if (domain !== constants.afUnix) throw noIdentity('it is not a Unix socket')
  // Linux: a listening socket would answer with our own ids.
  if (native.getNumber(fd, constants.soAcceptconn) > 0) throw noIdentity('it listens and has no peer')
}

function peerGroups(fd: number): number[] | null {
  for (let room = GROUPS_USUAL; ; room = GROUPS_MAX) {
    const groups = new Uint32Array(room)
    const count = native.peerGroups(fd, groups)
    if (count <= room) return count < 0 ? null : [...groups.subarray(0, count)]
  }
}

function peerLabel(fd: number): string | null {
  const label = Buffer.alloc(LABEL_MAX)
  const length = native.peerLabel(fd, label)
  return length < 0 ? null : label.toString('utf8', 0, length)
}

/**
 * Who connected: the process, user and groups that the kernel recorded when the connection was made.
 *
 * Works on any connected Unix stream or seqpacket socket and on any pair, a plain `net.Socket` and `req.socket` of an HTTP server
 * included. Synchronous; no event loop is involved. A server sees who called connect(2), a client who called listen(2), both ends
 * of a pair who made it, whoever holds the socket now. `uid` and `gid` are effective ids.
 *
 * @param source The socket, or anything that has its descriptor. It is only looked at.
 * @throws ERR_NO_IDENTITY Not a Unix socket, not connected, listening, or a datagram socket that was connected by name.
 * @throws ERR_SOCKET_CLOSED The object is closed.
 *
 * Platforms: Linux (SO_PEERCRED, SO_PEERGROUPS, SO_PEERSEC). See unix(7).
 * @example
 * http.createServer((req, res) => { res.end(String(peerCredentials(req.socket).uid)) }).listen('/run/app.sock')
 */
export function peerCredentials(source: FdSource): Credentials<'connect'> {
  const fd = fdOf(source, 'source')
  assertUnixPeer(fd)
  const out = new Int32Array(3)
  const result = native.peerUcred(fd, out)
  if (result < 0) throw systemError(result, 'getsockopt')
  const [pid, uid, gid] = out as unknown as [number, number, number]
  if (result === 0 || isNobody(pid, uid >>> 0)) throw noIdentity('it is not connected, or was connected by name only')
  const fields = ids(pid, uid >>> 0, gid >>> 0)
  const effective = fields.uid === null || fields.gid === null ? null : { uid: fields.uid, gid: fields.gid }
  if (fields.pid === null && fields.uid === null) throw noIdentity('its ids are not mapped in this namespace')
  const groups = peerGroups(fd)
  const label = peerLabel(fd)
  const sources = {
    ...sourcesOf({ ...fields, effective }, 'SO_PEERCRED', 'connect'),
    ...sourcesOf({ groups }, 'SO_PEERGROUPS', 'connect'),
    ...sourcesOf({ label }, 'SO_PEERSEC', 'connect'),
  }
  return { ...fields, real: null, effective, saved: null, groups, label, sources, when: 'connect' }
}
