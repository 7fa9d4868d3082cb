/**
 * Descriptors, one way, across CPUs: how many a receiver gets and closes in a second, one with each message or sixteen. The
 * messages are of 64 bytes, on a stream, because that is what the peers have; the sender is the one in C, except for Node's
 * child processes, which have a language of their own.
 */
import { perSecond } from '../../lib/unit.js'
import { C, type Program, type Side, type Target, type Variant, type Workload } from '../../lib/workload.js'

const BATCH = 'ancillary, the batch owns them'
const EACH = 'ancillary, an OwnedFd each'
const USOCKET = 'usocket'
const CHILD_PROCESS = 'child_process, send()'
const PYTHON = 'Python, recv_fds'

const sender: Program = { source: 'c/sender.c' }
const variants: readonly Variant[] = [
  row(BATCH, 'ancillary', 'ancillary.ts', 'batch'),
  row(EACH, 'ancillary', 'ancillary.ts', 'each'),
  { ...row(USOCKET, 'peer', 'usocket.ts'), peer: 'usocket' },
  row(PYTHON, 'peer', 'receiver.py'),
  row('C, recvmsg', 'C', 'receiver.c', 'recvmsg'),
  row('C, recvmmsg', 'C', 'receiver.c', 'recvmmsg'),
]
const childProcess: Variant = { ...row(CHILD_PROCESS, 'peer', 'child-process.ts'), clients: [] }

export const descriptors: readonly Workload[] = [
  workload(
    1,
    [...variants, childProcess],
    [
      { of: BATCH, to: USOCKET, times: 4.5 },
      { of: BATCH, to: CHILD_PROCESS, times: 20 },
      { of: BATCH, to: PYTHON, times: 1.9 },
      { of: BATCH, to: C, times: 0.8 },
    ],
  ),
  workload(16, variants, [
    { of: BATCH, to: USOCKET, times: 6 },
    { of: BATCH, to: C, times: 0.8 },
  ]),
]

function workload(fds: number, rows: readonly Variant[], targets: readonly Target[]): Workload {
  return {
    name: `descriptors-${fds}`,
    title: `descriptors, ${fds} with each message, received and closed`,
    unit: perSecond('descriptors', fds),
    placement: 'across',
    settings: { type: 'stream', size: 64, fds, connections: 1 },
    variants: rows,
    targets,
  }
}

function row(name: string, side: Side, file: string, method?: string): Variant {
  const server = { source: `workloads/descriptors/${file}`, ...(method ? { method } : {}) }
  return { name, side, server, clients: [sender] }
}
