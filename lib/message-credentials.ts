/**
 * Who sent a message: what came with it, joined with what the kernel knows of the connection where both speak of one process.
 * Knows the socket only by its descriptor, and no data.
 */
import {
  type Credentials,
  freeze,
  groupsOf,
  type Ids,
  isNobody,
  mappedGid,
  mappedIds,
  mappedUid,
  peerOrNull,
} from './credentials.js'
import type { Handle } from './handle.js'
import { native } from './native.js'

/** Credentials that came with a message. */
export interface SenderCredentials extends Credentials<'send'> {
  /**
   * Whether the sender is the process that the socket's `peerCredentials` name. `true` is proved: that process was alive when the
   * message had come, so that nobody else had its number. `false`: the socket was handed on, or somebody claims to be another.
   * `null`: nobody can tell, as for a datagram without a connection, or when the peer has ended.
   */
  sentByPeer: boolean | null
}

/** What came with a message. */
export interface Told {
  readonly pid: number
  readonly uid: number
  readonly gid: number
  /** Real, effective and saved uid and gid of its process, as it was received. */
  readonly ids: readonly number[] | null
  /** When those were asked for, as Date.now() tells it. */
  readonly at: number
  /** Its pidfd while the message has it, else -1. */
  readonly pidfd: () => number
  /** Which receive of its socket brought it. */
  readonly turn: number
}

/** What a socket knows of the process that connected it, for judging its messages. */
export class Connector {
  /** Counts receives: whoever was alive after one has not lent its number to a sender of what that one brought. */
  turn = 0
  readonly #handle: Handle
  #peer: Credentials<'connect'> | null | undefined
  #aliveAfter = -1

  constructor(handle: Handle) {
    this.#handle = handle
  }

  /** Who connected; null where the kernel knows nobody, or the socket is closed. */
  get peer(): Credentials<'connect'> | null {
    if (this.#peer === undefined) this.#peer = this.#handle.closed ? null : peerOrNull(this.#handle.open)
    return this.#peer
  }

  /** Whether `pid` as it was told with a message of this turn is the peer's. */
  sent(pid: number, turn: number): boolean | null {
    const peer = this.peer?.pid ?? null
    if (peer === null || pid <= 0) return null
    if (peer !== pid) return false
    if (turn > this.#aliveAfter && !this.#handle.closed && native.peerLives(this.#handle.open) === 1) {
      this.#aliveAfter = this.turn
    }
    return turn <= this.#aliveAfter ? true : null
  }
}

/** From /proc, by way of the pidfd; null when the process has ended. */
function processGroups(pidfd: number): number[] | null {
  return pidfd < 0 ? null : groupsOf((groups) => native.processGroups(pidfd, groups))
}

type Sources = Record<string, { source: string; when: 'connect' | 'send' | 'query'; at?: number }>
type Joined = Pick<Credentials, 'real' | 'effective' | 'saved' | 'groups' | 'label'>

/** Credentials of the sender; `null` where nobody attached any. */
export function senderCredentials(told: Told, connector: Connector): SenderCredentials | null {
  if (isNobody(told.pid, told.uid)) return null
  const own = { pid: told.pid > 0 ? told.pid : null, uid: mappedUid(told.uid), gid: mappedGid(told.gid) }
  if (own.pid === null && own.uid === null) return null
  const sentByPeer = connector.sent(told.pid, told.turn)
  const sources: Sources = {}
  for (const [field, value] of Object.entries(own)) {
    if (value !== null) sources[field] = { source: 'SCM_CREDENTIALS', when: 'send' }
  }
  const joined = join(told, sentByPeer === true ? connector.peer : null, sources)
  return freeze<SenderCredentials>({ ...own, ...joined, sources, when: 'send', sentByPeer })
}

/**
 * For the process that connected, what was true then; for what is left, what the sender's pidfd told. That is the safe order: since it
 * sent the message a process may have become somebody else, by running a program with the set-user-ID bit.
 */
function join(told: Told, peer: Credentials | null, sources: Sources): Joined {
  const fields: Joined = { real: null, effective: null, saved: null, groups: null, label: null }
  const note = <K extends keyof Joined>(field: K, value: Joined[K], origin: Sources[string] | undefined): void => {
    if (fields[field] !== null || value === null || origin === undefined) return
    fields[field] = value
    sources[field] = origin
  }
  for (const field of ['effective', 'groups', 'label'] as const)
    note(field, peer?.[field] ?? null, peer?.sources[field])
  const [real, effective, saved] = triple(told.ids)
  const queried = { source: 'PIDFD_GET_INFO', when: 'query', at: told.at } as const
  note('real', real, queried)
  note('effective', effective, queried)
  note('saved', saved, queried)
  if (fields.groups === null) {
    note('groups', processGroups(told.pidfd()), { source: '/proc/PID/status', when: 'query', at: Date.now() })
  }
  return fields
}

function triple(ids: readonly number[] | null): [Ids | null, Ids | null, Ids | null] {
  if (ids === null) return [null, null, null]
  const pair = (at: number): Ids | null => mappedIds((ids[at] as number) >>> 0, (ids[at + 1] as number) >>> 0)
  return [pair(0), pair(2), pair(4)]
}
