/**
 * Records of seqpacket and datagram sockets, one way, across CPUs: how many a receiver gets in a second. All receivers have
 * the same sender, in C. The points of the curve of cost against size are here, too.
 */
import type { SocketType } from '../../lib/settings.js'
import { perSecond } from '../../lib/unit.js'
import { C, type Side, type Target, type Variant, type Workload } from '../../lib/workload.js'

const BORROWED = 'ancillary, batches({ borrow })'
const MANY = 'ancillary, recvMany()'
const EVENTS = 'ancillary, messages()'
const PROMISES = 'ancillary, recv()'
const NODE_UNIX_SOCKET = 'node-unix-socket, events'
const UNIX_DGRAM = 'unix-dgram, events'

const ours = [ourRow(BORROWED, 'borrow'), ourRow(MANY, 'many'), ourRow(EVENTS, 'messages'), ourRow(PROMISES, 'recv')]
const nodeUnixSocket = row(NODE_UNIX_SOCKET, 'peer', 'node-unix-socket.ts', undefined, 'node-unix-socket')
const unixDgram = row(UNIX_DGRAM, 'peer', 'unix-dgram.ts', undefined, 'unix-dgram')
const references = [row('C, recv', 'C', 'receiver.c', 'recv'), row('C, recvmmsg', 'C', 'receiver.c', 'recvmmsg')]

export const messages: readonly Workload[] = [
  workload(
    'dgram',
    64,
    [...ours, unixDgram, nodeUnixSocket, ...references],
    [
      { of: BORROWED, to: UNIX_DGRAM, times: 2.5 },
      { of: BORROWED, to: C, times: 0.75 },
      { of: EVENTS, to: UNIX_DGRAM, times: 2.2 },
      { of: EVENTS, to: C, times: 0.65 },
      { of: PROMISES, to: UNIX_DGRAM, times: 1.6 },
    ],
  ),
  workload(
    'dgram',
    4096,
    [...ours.slice(0, 1), unixDgram, nodeUnixSocket, ...references],
    [
      { of: BORROWED, to: UNIX_DGRAM, times: 2.2 },
      { of: BORROWED, to: C, times: 0.8 },
    ],
  ),
  onCurve(
    64,
    [...ours, nodeUnixSocket, ...references],
    [
      { of: BORROWED, to: NODE_UNIX_SOCKET, times: 7.5 },
      { of: BORROWED, to: C, times: 0.78 },
      { of: EVENTS, to: NODE_UNIX_SOCKET, times: 6.5 },
      { of: EVENTS, to: C, times: 0.68 },
      { of: PROMISES, to: NODE_UNIX_SOCKET, times: 5 },
      { of: PROMISES, to: C, times: 0.52 },
    ],
  ),
  onCurve(
    4096,
    [...ours.slice(0, 1), nodeUnixSocket, ...references],
    [
      { of: BORROWED, to: NODE_UNIX_SOCKET, times: 5.5 },
      { of: BORROWED, to: C, times: 0.85 },
    ],
  ),
  ...[256, 1024, 16384, 65536].map((size) => onCurve(size, [...ours.slice(0, 1), nodeUnixSocket, ...references], [])),
]

function onCurve(size: number, variants: readonly Variant[], targets: readonly Target[]): Workload {
  return { ...workload('seqpacket', size, variants, targets), curve: { name: 'size', at: size } }
}

function workload(
  type: Exclude<SocketType, 'stream'>,
  size: number,
  variants: readonly Variant[],
  targets: readonly Target[],
): Workload {
  const bytes = size < 1024 ? `${size} B` : `${size / 1024} KiB`
  const limit = type === 'dgram' ? { queueLength: 512 } : {}
  const queue = type === 'dgram' ? ', queue length 512' : ''
  return {
    name: `${type}-${bytes.replace(' B', '').replace(' KiB', 'k')}`,
    title: `${type} ${bytes}${queue}, received`,
    unit: perSecond('messages'),
    placement: 'across',
    settings: { type, size, fds: 0, connections: 1 },
    variants,
    targets,
    ...limit,
  }
}

function ourRow(name: string, method: string): Variant {
  return row(name, 'ancillary', 'ancillary.ts', method)
}

function row(name: string, side: Side, file: string, method?: string, peer?: string): Variant {
  const server = { source: `workloads/messages/${file}`, ...(method ? { method } : {}) }
  return { name, side, server, clients: [{ source: 'c/sender.c' }], ...(peer ? { peer } : {}) }
}
