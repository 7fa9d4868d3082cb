// Errors that the kernel may give at any time, put in the place of system calls one by one: nothing crashes, hangs, leaks or is
// lost, and what cannot be borne in silence is the error of that one operation. The table says what each error becomes.
import test from 'ava'
import type { Account } from './helpers/injected.js'
import { type Injection, Laboratory, type Outcome, places, types } from './helpers/injection.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)

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

/** The first of each only, where the same has just been run on another Node.js: `scripts/test.mjs --short`. */
const chosen = process.env.ANCILLARY_TEST_SHORT === '1' ? places.slice(0, 1) : places
const calls = Object.keys(table)
const laboratory = new Laboratory(folder, calls)
const cases = calls.flatMap((call) =>
  Object.entries(table[call]?.errors ?? {}).map(([errno, fate]) => ({ call, errno, fate })),
)
type Case = (typeof cases)[number]

/** One of each lane is hit in one run: their errors have other names. */
const lanes: readonly (readonly string[])[] = [
  ['recvmsg', 'recvmmsg'],
  ['sendmsg', 'sendmmsg'],
  ['accept4', 'connect', 'socket', 'epoll_ctl'],
]
const runs: Case[][] = []

function planRuns(): void {
  for (const lane of lanes) {
    const made = cases.filter(
      ({ call }) => lane.includes(call) && types.some((type) => laboratory.count(type, call) > 0),
    )
    for (const [at, one] of made.entries()) runs[at] = [...(runs[at] ?? []), one]
  }
}

const outcomes = new Map<string, Promise<Outcome[]>>()

/** The same for all cases that share a run. */
function outcomesOf(run: readonly Case[], place: Injection['place']): Promise<Outcome[]> {
  const key = `${run.map(({ call, errno }) => `${call} ${errno}`)} ${place}`
  const known = outcomes.get(key) ?? laboratory.inject(run.map(({ call, errno }) => ({ call, errno, place })))
  outcomes.set(key, known)
  return known
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

test.serial.before('the program makes each call that is to be hit', async (t) => {
  for (const outcome of await laboratory.learn()) t.deepEqual(damage(outcome, []), [])
  for (const [group, members] of needed) {
    for (const type of members) {
      const most = Math.max(...group.map((call) => laboratory.count(type, call)))
      t.true(most >= places.length, `${type}: ${group.join(' or ')} is made ${most} times`)
    }
  }
  planRuns()
})

for (const one of cases) {
  test.serial(`${one.call} fails with ${one.errno}: ${one.fate}, and nothing is lost`, async (t) => {
    const run = runs.find((members) => members.includes(one))
    if (run === undefined) {
      t.log(
        `not applicable: no socket type makes this call here; ${needed.find(([group]) => group.includes(one.call))?.[0].join(' or ')} is made`,
      )
      t.pass()
      return
    }
    const all = await Promise.all(chosen.map((place) => outcomesOf(run, place)))
    for (const [at, found] of all.entries()) {
      const place = chosen[at] as string
      t.deepEqual(
        found.flatMap((outcome) => damage(outcome, run)),
        [],
        place,
      )
      const hit = found.filter(({ hits }) => (hits[one.call] ?? 0) > 0)
      t.not(hit.length, 0, `${place}: hit`)
      for (const { type, account, hits } of hit) {
        const { failures } = account as Account
        t.true(
          isFate(one, account as Account, hits[one.call] ?? 0),
          `${place}, ${type}: ${JSON.stringify({ hits, failures })}`,
        )
      }
    }
  })
}
