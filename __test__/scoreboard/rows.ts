// The 28 rows: what each is about, what is wanted, and what the comparison that docs/scoreboard.md names found for others. The cases
// are in rows/, by topic.
import type { Cases, Row } from './row.js'
import { closing } from './rows/closing.js'
import { descriptors } from './rows/descriptors.js'
import { ends } from './rows/ends.js'
import { lifetimes } from './rows/lifetimes.js'
import { messages } from './rows/messages.js'
import { names } from './rows/names.js'
import { waiting } from './rows/waiting.js'

const cases: Readonly<Record<number, Cases>> = {
  ...descriptors,
  ...closing,
  ...names,
  ...ends,
  ...waiting,
  ...messages,
  ...lifetimes,
}

/** usocket 1.1.0, node-unix-socket 0.2.7, unix-dgram 2.0.7, Node's own `net`. */
type References = readonly [usocket: string, nodeUnixSocket: string, unixDgram: string, net: string]
const none = ''

const table: readonly (readonly [title: string, target: string, References])[] = [
  [
    'descriptors leaked by hostile messages, 0 to 253 in each',
    '0',
    ['✗ 5,000 of 5,000 (100 messages)', '✓ 0', '✓ 0', '✓ 0'],
  ],
  ['253 descriptors in one message', 'all, in order', ['✗ 64, silent', none, none, none]],
  ['descriptors sent under back-pressure', '0 lost', ['✗ 4 of 400 lost', none, none, none]],
  [
    'descriptors truncated at the limit of the process',
    'flagged, 0 leaked, alive',
    ['✗ no flag (read)', none, none, none],
  ],
  [
    'a descriptor with SO_LINGER, six seconds: the stall of the loop',
    '≤ 20 ms',
    ['leaks instead', '✗ 6.0 / 6.2 s', '✗ 6.2 s', '✗ 6.0 s'],
  ],
  [
    'accept without descriptors: 80 clients, 64 descriptors',
    'CPU ≤ 2 %, serves afterwards',
    ['✗ server dead', '✗ 99–108 % CPU', none, '✓'],
  ],
  ['the peer closes with our reply unread: its data', 'all of it', ['✗ 0 of 15 B', '✗ 0 of 15 B', 'see 8', '✓']],
  ['a datagram peer that turns to somebody else', 'no crash', [none, 'not run', '✗ SIGABRT', none]],
  [
    'errors in the place of system calls',
    '0 crash, hang or lost message',
    ['✗ 8 of 9', '✓ 7 of 7', '✗ 1 of 2', '✓ 3 of 3'],
  ],
  ['kill -9 of the peer at random', 'all ended, descriptors back', ['✓ 51', '✓ 38', none, '✓ 52']],
  ['aborts that race with arrivals', '0 lost, 0 doubled', [none, none, none, none]],
  [
    'a flooding peer: p99 of a timer (100 B / 32 KB)',
    '≤ 5 ms, or 1.5 × net',
    ['✗ 4.9 / 110 ms', '✗ 459 / 60 ms', '✗ 31 / 31 ms', '1.2 / 4.7 ms'],
  ],
  [
    'a slow peer: a sign to stop, and a bound',
    'yes, RSS +20 MB at most',
    ['✗ undefined', '✗ undefined, 279 MB', none, '✓ false'],
  ],
  ['a full datagram receiver: CPU', '≤ 2 %', [none, '✗ 100 %', '✓ errors at once', none]],
  ['a message that is cut off', 'always visible', [none, '✗ 65,535 / 262,144, silent', '✗ 65,536, silent', none]],
  ['an empty record and the end', 'told apart', [none, '✗ ends the connection', '✓ datagrams', none]],
  ['descriptors that children inherit', '0', ['✗ all', '✗ all', '✓', '✓']],
  [
    'listening on a regular file, or a living path',
    'refused, untouched',
    ['✗ deleted / stolen', '✓', '✓', '✓ (but row 19)'],
  ],
  ['close removes its own path only', 'yes', ['✓ does not unlink', '✓', none, "✗ deletes a successor's"]],
  ['a path of 120 bytes / with a NUL', 'works, or an error', ['✓ / ✗', '✓ / ✗', '✗ / ✗', '✗ / ✗']],
  ['workers terminated amid operations', '0 aborts', ['✗ abort', '✗ abort', '✓ 50', none]],
  [
    'dropped without a close, then collected',
    'closed, with one warning',
    ['✗ 200 left', '✗ 200 left', '✗ 200 left', none],
  ],
  ['memory safety', 'clean', ['✗ abort', '✓ 600', '✓ 600', none]],
  [
    'use after close, a second close',
    'ERR_SOCKET_CLOSED, no system call',
    ['✓', '✗ shutdown() on a foreign file', '✗ abort', none],
  ],
  ['an exception of the application', 'uncaughtException', ['✓', '✗ an error of the socket', '✓', '✓']],
  [
    'a soak: slope of RSS, descriptors',
    '≤ 1 MB / 10 min, 0',
    ['✓ 52→53 MB (25 s)', '✓ 59→59 (25 s)', none, '57→73 (25 s)'],
  ],
  [
    'connect to a full backlog',
    'waits, with a bound; the thread pool is free',
    ['✗ pool blocked', '✗ thrown as ENOENT', none, 'EAGAIN'],
  ],
  ['control messages from a fuzzer', '10⁸ in a night, 10⁶ in the tests: 0 findings', [none, none, none, none]],
]

export const rows: readonly Row[] = table.map(([title, target, references], at) =>
  rowOf(at + 1, title, target, references),
)

function rowOf(number: number, title: string, target: string, references: References): Row {
  const found = cases[number]
  if (found === undefined) throw new Error(`Row ${number} has no case`)
  const [usocket, nodeUnixSocket, unixDgram, net] = references
  const all = { usocket, 'node-unix-socket': nodeUnixSocket, 'unix-dgram': unixDgram, 'node:net': net }
  const reference = Object.fromEntries(Object.entries(all).filter(([, figure]) => figure !== none))
  return { number, title, target, reference, cases: found }
}
