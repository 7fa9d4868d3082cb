/**
 * Who is on the other end of a connection: what the kernel proved when it was made, and what it tells of that process now.
 * Where the kernel has no identity to give the answer is an error or null, never a plausible number. Knows no messages.
 */
import { readFileSync } from 'node:fs'
import { optionalBoolean, optionsObject } from './arguments.js'
import { hasCode, ownError, systemError } from './errors.js'
import { constants, native } from './native.js'
import { type FdSource, fdOf, lastingOf } from './source.js'

/** A user id and a group id. */
export type Ids = { uid: number; gid: number }

/** When a field was true: as the peer connected, as the message was sent, or as it was asked for. */
export type When = 'connect' | 'send' | 'query'

/** The identity of a process, each field with its source; `null` where the kernel does not tell. It is frozen. */
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
  /** Supplementary groups, without those that are not mapped in our user namespace. */
  groups: number[] | null
  /** Security label (SELinux, AppArmor, Smack). */
  label: string | null
  /** Where each field that is not null comes from, and when it was true; `at` is the time of a query, as Date.now() tells it. */
  sources: { readonly [field: string]: { source: string; when: When; at?: number } }
  /** When the ids of the mechanism itself were true. */
  when: W
}

/** The fields that have a source, in the order of a row of facts: see crates/binding/src/credentials.rs. */
const FIELDS = ['pid', 'uid', 'gid', 'real', 'effective', 'saved', 'groups', 'label'] as const
const WHENS: readonly When[] = ['connect', 'send', 'query']
const FIRST_ORIGIN = 9
const GROUPS_MAX = 65_536
const LABEL_MAX = 4096
const GROUPS_USUAL = 64

let overflow: Ids | undefined

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return ''
  }
}

/** Linux: the number that the kernel tells for an id that has none in our user namespace. */
function overflowId(name: 'overflowuid' | 'overflowgid'): number {
  return Number(readText(`/proc/sys/kernel/${name}`) || 65_534)
}

/** Whether this is the first user namespace, where 65534 really is nobody; elsewhere it may stand for anybody. */
export function everyIdIsMapped(): boolean {
  return readText('/proc/self/uid_map').split(/\s+/).join(' ') === '0 0 4294967295'
}

/** Remembered once /proc could be read: out of descriptors nobody can tell, and the overflow ids are nobody's for the moment. */
function unmappedIds(): Ids {
  if (overflow !== undefined) return overflow
  const readable = readText('/proc/sys/kernel/overflowuid') !== ''
  const ids = everyIdIsMapped()
    ? { uid: -1, gid: -1 }
    : { uid: overflowId('overflowuid'), gid: overflowId('overflowgid') }
  if (readable) overflow = ids
  return ids
}

/** A user id, or null where it stands for nobody that we could name. */
export function mappedUid(uid: number): number | null {
  return uid === unmappedIds().uid || uid === 0xffffffff ? null : uid
}

/** The same for a group id. */
export function mappedGid(gid: number): number | null {
  return gid === unmappedIds().gid || gid === 0xffffffff ? null : gid
}

let lastIds: Ids = Object.freeze({ uid: 0, gid: 0 })

/** Both, or null where one of them is not mapped. Frozen: most processes have three times the same. */
export function mappedIds(uid: number, gid: number): Ids | null {
  if (mappedUid(uid) === null || mappedGid(gid) === null) return null
  if (lastIds.uid !== uid || lastIds.gid !== gid) lastIds = Object.freeze({ uid, gid })
  return lastIds
}

/** The kernel's answer where nobody has said anything: pid 0 and the overflow ids. */
export function isNobody(pid: number, uid: number): boolean {
  return pid === 0 && (uid === 0xffffffff || uid === overflowId('overflowuid'))
}

/** Makes an identity and all that hangs on it unchangeable; its ids are so already. */
export function freeze<C extends Credentials>(who: C): C {
  Object.freeze(who.groups)
  Object.freeze(who.sources)
  return Object.freeze(who)
}

const REASONS: Readonly<Record<number, string>> = {
  2: 'it is not a socket',
  3: 'it is not a Unix socket',
  4: 'it listens and has no peer',
  5: 'it is not connected, or was connected by name only',
}

/** The error of a descriptor that has no peer identity. */
function noIdentity(reason: string): Error {
  return ownError('ERR_NO_IDENTITY', `The kernel has no peer identity for this descriptor: ${reason}`)
}

interface Row {
  readonly facts: Int32Array
  readonly label: Buffer
}

/** Where the native side writes groups: kept, and enlarged for good by the first process that has many. */
let groupsRoom = new Uint32Array(GROUPS_USUAL)

/** Whether so many groups were written; if not there is room for them now, and they must be asked for again. */
function groupsFit(count: number): boolean {
  if (count <= groupsRoom.length) return true
  groupsRoom = new Uint32Array(GROUPS_MAX)
  return false
}

/** The groups that `read` writes and counts; null where it returns an error. */
export function groupsOf(read: (groups: Uint32Array) => number): number[] | null {
  const count = read(groupsRoom)
  if (count < 0) return null
  return groupsFit(count) ? groupsIn(groupsRoom, count) : groupsOf(read)
}

let row: Row | undefined

/** Asks the kernel. Memory for the answer is kept: an identity is asked for often. */
function ask(fd: number): Row {
  row ??= {
    facts: new Int32Array(constants.facts),
    label: Buffer.alloc(LABEL_MAX),
  }
  const answer = native.peerFacts(fd, row.facts, groupsRoom, row.label)
  if (answer < 0) throw systemError(answer, 'getsockopt')
  const reason = REASONS[answer]
  if (reason !== undefined) throw noIdentity(reason)
  return groupsFit(row.facts[17] as number) ? row : ask(fd)
}

type Origin = { source: string; when: When; at?: number }

let names: readonly string[] | undefined
/** Origins without a time of their own: the same objects for everybody. */
const origins: Origin[] = []

function originOf(code: number, now: number): Origin {
  const known = origins[code]
  if (known !== undefined) return known
  names ??= native.sourceNames()
  const source = names[code % constants.whenStep] as string
  const when = WHENS[Math.floor(code / constants.whenStep)] as When
  if (when === 'query') return Object.freeze({ source, when, at: now })
  const origin = Object.freeze({ source, when })
  origins[code] = origin
  return origin
}

/** The last answer: many lookups in one millisecond have the same sources, down to the time. */
const last = { now: 0, told: -1, codes: new Int32Array(FIELDS.length), sources: {} as Credentials['sources'] }

function sourcesOf(who: Credentials, facts: Int32Array): Credentials['sources'] {
  const now = Date.now()
  const told = toldOf(who)
  let same = last.now === now && last.told === told
  for (let index = 0; same && index < FIELDS.length; index++) same = last.codes[index] === facts[FIRST_ORIGIN + index]
  if (same) return last.sources
  const sources: Record<string, Origin> = {}
  for (let index = 0; index < FIELDS.length; index++) {
    last.codes[index] = facts[FIRST_ORIGIN + index] as number
    if (told & (1 << index)) sources[FIELDS[index] as string] = originOf(last.codes[index] as number, now)
  }
  last.now = now
  last.told = told
  last.sources = Object.freeze(sources)
  return sources
}

/** A bit for each field that is not null, in the order of FIELDS. Spelled out: an identity is asked for at every connection. */
function toldOf({ pid, uid, gid, real, effective, saved, groups, label }: Credentials): number {
  return (
    (pid === null ? 0 : 1) |
    (uid === null ? 0 : 2) |
    (gid === null ? 0 : 4) |
    (real === null ? 0 : 8) |
    (effective === null ? 0 : 16) |
    (saved === null ? 0 : 32) |
    (groups === null ? 0 : 64) |
    (label === null ? 0 : 128)
  )
}

/** The process id of the peer, null where it has none in our namespace. Throws ERR_NO_IDENTITY where there is no peer. */
export function askPeer(fd: number): { pid: number | null } {
  const { facts } = ask(fd)
  const [pid, uid] = facts as unknown as [number, number]
  if (isNobody(pid, uid >>> 0)) throw noIdentity(REASONS[5] as string)
  return { pid: pid > 0 ? pid : null }
}

/** What the kernel tells of the peer now. Throws ERR_NO_IDENTITY where it has none, also none that we can name. */
function askWho(fd: number): Credentials<'connect'> {
  const { facts, label } = ask(fd)
  const told = (index: number): boolean => facts[FIRST_ORIGIN + index] !== 0
  const id = (at: number): number => (facts[at] as number) >>> 0
  if (isNobody(facts[0] as number, id(1))) throw noIdentity(REASONS[5] as string)
  // One literal and no spread: an identity is asked for at every connection.
  const who: Credentials<'connect'> = {
    pid: told(0) ? (facts[0] as number) : null,
    uid: told(1) ? mappedUid(id(1)) : null,
    gid: told(2) ? mappedGid(id(2)) : null,
    real: told(3) ? mappedIds(id(3), id(4)) : null,
    effective: told(4) ? mappedIds(id(5), id(6)) : null,
    saved: told(5) ? mappedIds(id(7), id(8)) : null,
    groups: told(6) ? groupsIn(groupsRoom, facts[17] as number) : null,
    label: told(7) ? label.toString('utf8', 0, facts[18]) : null,
    sources: {},
    when: 'connect',
  }
  if (who.pid === null && who.uid === null) throw noIdentity('its ids are not mapped in this namespace')
  who.sources = sourcesOf(who, facts)
  return freeze(who)
}

let lastGroups: readonly number[] = Object.freeze([])

/** The first `count` groups, without those that only stand for "not mapped". Frozen: many peers are in the same groups. */
function groupsIn(groups: Uint32Array, count: number): number[] {
  let at = 0
  for (let index = 0; index < count; index++) {
    const gid = mappedGid(groups[index] as number)
    if (gid === null) continue
    if (lastGroups[at] !== gid) return freshGroups(groups, count)
    at++
  }
  return at === lastGroups.length ? (lastGroups as number[]) : freshGroups(groups, count)
}

function freshGroups(groups: Uint32Array, count: number): number[] {
  const known = [...groups.subarray(0, count)].filter((gid) => mappedGid(gid) !== null)
  lastGroups = Object.freeze(known)
  return known
}

const remembered = new WeakMap<object, Credentials<'connect'>>()

/**
 * Who connected: the process, user and groups that the kernel recorded when the connection was made.
 *
 * Works on any connected Unix stream or seqpacket socket and on any pair, a plain `net.Socket` and `req.socket` of an HTTP server
 * included. Synchronous; no event loop is involved. A server sees who called connect(2), a client who called listen(2), both ends
 * of a pair who made it, whoever holds the socket now. `uid`, `gid` and `effective` are effective ids at that moment. `real` and
 * `saved` are those that the same process has now, null once it has ended and its parent knows.
 *
 * The answer for an object (not for a number) is remembered with its connection: `sources.real.at` tells when that was asked.
 *
 * @param source The socket, or anything that has its descriptor. It is only looked at.
 * @param options.fresh Ask again even if the answer is remembered. Default false.
 * @throws ERR_NO_IDENTITY Not a Unix socket, not connected, listening, or a datagram socket that was connected by name.
 * @throws ERR_SOCKET_CLOSED The object is closed.
 *
 * Platforms: Linux (SO_PEERCRED, SO_PEERGROUPS, SO_PEERSEC; `real` and `saved` from 6.13: SO_PEERPIDFD, PIDFD_GET_INFO). See unix(7).
 * @example
 * http.createServer((req, res) => { res.end(String(peerCredentials(req.socket).uid)) }).listen('/run/app.sock')
 */
export function peerCredentials(source: FdSource, options?: { fresh?: boolean }): Credentials<'connect'> {
  const lasting = lastingOf(source)
  if (lasting === undefined) return askWho(fdOf(source, 'source'))
  const fresh = options === undefined ? false : optionalBoolean(optionsObject(options).fresh, 'fresh', false)
  let who = fresh ? undefined : remembered.get(lasting)
  if (who === undefined) {
    who = askWho(fdOf(source, 'source'))
    remembered.set(lasting, who)
  }
  return who
}

/** The same for a number; null where there is no identity. */
export function peerOrNull(fd: number): Credentials<'connect'> | null {
  try {
    return peerCredentials(fd)
  } catch (error) {
    if (hasCode(error, 'ERR_NO_IDENTITY')) return null
    throw error
  }
}
