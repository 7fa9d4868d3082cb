// What each error becomes that the kernel may give in the place of a call: the table, and the judgement of what a program did into
// which they were injected. One run of the program serves several errors. Knows nothing of strace, and nothing of the specs.
import type { Account } from './injected.js'
import { type Injection, Laboratory, type Outcome, type Place, places, types } from './injection.js'

/**
 * What an error becomes. `borne`: nobody is told, since waiting or trying again is an answer. `told`: one operation rejects with it.
 * `either`: the same, where both are right.
 */
type Fate = 'borne' | 'told' | 'either'
type Errno = 'EINTR' | 'EAGAIN' | 'ENOBUFS' | 'ENOMEM' | 'EMFILE' | 'ENFILE' | 'ECONNABORTED' | 'ECONNRESET' | 'EPIPE'
interface Row {
  /** The name in errors. */
  readonly syscall: string
  /** Those of the nine errors that the call's page in the manual has, or the page of POSIX. */
  readonly errors: Readonly<Partial<Record<Errno, Fate>>>
}

const receiving: Row = {
  syscall: 'recvmsg',
  errors: { EINTR: 'borne', EAGAIN: 'borne', ENOBUFS: 'either', ENOMEM: 'either', ECONNRESET: 'told' },
}
const sending: Row = {
  syscall: 'sendmsg',
  errors: { EINTR: 'borne', EAGAIN: 'borne', ENOBUFS: 'told', ENOMEM: 'told', ECONNRESET: 'told', EPIPE: 'told' },
}
const table: Readonly<Record<string, Row>> = {
  recvmsg: receiving,
  recvmmsg: receiving,
  sendmsg: sending,
  sendmmsg: sending,
  accept4: {
    syscall: 'accept',
    errors: {
      EINTR: 'borne',
      EAGAIN: 'borne',
      ENOBUFS: 'borne',
      ENOMEM: 'borne',
      EMFILE: 'borne',
      ENFILE: 'borne',
      ECONNABORTED: 'borne',
    },
  },
  connect: { syscall: 'connect', errors: { EINTR: 'borne', EAGAIN: 'borne', ENOBUFS: 'told', ECONNRESET: 'told' } },
  socket: { syscall: 'socket', errors: { ENOBUFS: 'told', ENOMEM: 'told', EMFILE: 'told', ENFILE: 'told' } },
  // To be watched no longer is nobody's wish: if that fails nobody is told.
  epoll_ctl: { syscall: 'epoll_ctl', errors: { ENOMEM: 'either' } },
}
/** Calls of which one does the work of the other: one of each group must be made for every type that has it. */
const needed: readonly (readonly [readonly string[], readonly (typeof types)[number][]])[] = [
  [['recvmsg', 'recvmmsg'], types],
  [['sendmsg', 'sendmmsg'], types],
  [['accept4'], ['stream', 'seqpacket']],
  [['connect'], types],
  [['socket'], types],
  [['epoll_ctl'], types],
]

const calls = Object.keys(table)

export interface Case {
  readonly call: string
  readonly errno: string
  readonly fate: Fate
}

/** Every call with each of its errors. */
export const cases: readonly Case[] = calls.flatMap((call) =>
  Object.entries(table[call]?.errors ?? {}).map(([errno, fate]) => ({ call, errno, fate })),
)

/** One of each lane is hit in one run: their errors have other names. */
const lanes: readonly (readonly string[])[] = [
  ['recvmsg', 'recvmmsg'],
  ['sendmsg', 'sendmmsg'],
  ['accept4', 'connect', 'socket', 'epoll_ctl'],
]

/** Hits places with errors, and says what is wrong with what came of it. */
export class Matrix {
  readonly #laboratory: Laboratory
  readonly #runs: Case[][] = []
  readonly #outcomes = new Map<string, Promise<Outcome[]>>()

  /** @param folder For the sockets of the program. */
  constructor(folder: string) {
    this.#laboratory = new Laboratory(folder, calls)
  }

  /** The program without an injection; must come first. What is wrong with it, or with what it does not do. */
  async learn(): Promise<unknown[]> {
    const wrong = (await this.#laboratory.learn()).flatMap((outcome) => damage(outcome, []))
    for (const [group, members] of needed) {
      for (const type of members) {
        const most = Math.max(...group.map((call) => this.#laboratory.count(type, call)))
        if (most < places.length) wrong.push(`${type}: ${group.join(' or ')} is made ${most} times`)
      }
    }
    for (const lane of lanes) {
      for (const [at, one] of cases.filter((each) => this.#isMade(each, lane)).entries()) {
        this.#runs[at] = [...(this.#runs[at] ?? []), one]
      }
    }
    return wrong
  }

  #isMade({ call }: Case, lane: readonly string[]): boolean {
    return lane.includes(call) && types.some((type) => this.#laboratory.count(type, call) > 0)
  }

  /** What is wrong with what became of an error; null: no socket type makes the call here. */
  async wrongWith(one: Case, place: Place): Promise<unknown[] | null> {
    const run = this.#runs.find((members) => members.includes(one))
    if (run === undefined) return null
    const found = await this.#outcomesOf(run, place)
    const hit = found.filter(({ hits }) => (hits[one.call] ?? 0) > 0)
    return [
      ...found.flatMap((outcome) => damage(outcome, run)),
      ...(hit.length > 0 ? [] : [`${place}: none was hit`]),
      ...hit.flatMap(({ type, account, hits }) => {
        if (typeof account === 'string' || isFate(one, account, hits[one.call] ?? 0)) return []
        return [`${place}, ${type}: ${JSON.stringify({ hits, failures: account.failures })}`]
      }),
    ]
  }

  /** How many system calls have been hit by now. */
  async hits(): Promise<number> {
    const all = (await Promise.all(this.#outcomes.values())).flat()
    return all.flatMap(({ hits }) => Object.values(hits)).reduce((sum, each) => sum + each, 0)
  }

  /** The same for all cases that share a run. */
  #outcomesOf(run: readonly Case[], place: Injection['place']): Promise<Outcome[]> {
    const key = `${run.map(({ call, errno }) => `${call} ${errno}`)} ${place}`
    const known =
      this.#outcomes.get(key) ?? this.#laboratory.inject(run.map(({ call, errno }) => ({ call, errno, place })))
    this.#outcomes.set(key, known)
    return known
  }
}

/** Of a call that no socket type makes here: the calls of which one must be made. */
export function insteadOf(call: string): string {
  return needed.find(([group]) => group.includes(call))?.[0].join(' or ') ?? ''
}

/** What is wrong with a run, whatever was hit in it. */
function damage({ type, account }: Outcome, run: readonly Case[]): unknown[] {
  if (typeof account === 'string') return [`${type}: ${account}`]
  const { arrived, sent, files, filesSent, leaked, failures } = account
  const expected = sent.map((count) => Array.from({ length: count }, (_, number) => number))
  const known = new Set(run.map(({ call, errno }) => `${errno} ${table[call]?.syscall}`))
  return [
    ...(JSON.stringify(arrived) === JSON.stringify(expected) ? [] : [`${type}: messages`, arrived, expected]),
    ...(JSON.stringify(files) === JSON.stringify(filesSent) ? [] : [`${type}: descriptors`, files, filesSent]),
    ...(leaked > 0 ? [`${type}: ${leaked} descriptors leaked`] : []),
    ...failures.filter(({ code, syscall }) => !known.has(`${code} ${syscall}`)),
  ]
}

/** Whether as many operations failed as the fate allows. */
function isFate({ call, errno, fate }: Case, account: Account, hits: number): boolean {
  const failed = account.failures.filter(({ code, syscall }) => code === errno && syscall === table[call]?.syscall)
  if (fate === 'borne') return failed.length === 0
  return failed.length <= hits && (fate === 'either' || failed.length > 0)
}
