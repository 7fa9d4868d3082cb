/**
 * Fairness: two peers send as fast as they can, and a timer of 10 ms in the receiver must come in time. What counts is how late
 * it is at worst, but for one time in a hundred.
 */
import { plain } from '../../lib/unit.js'
import type { Program, Side, Variant, Workload } from '../../lib/workload.js'

const PEERS = 2
const NET = 'node:net'
const NET_STREAM = 'node:net, a stream'
/** Milliseconds, or so many times those of node:net. */
const GOOD_ENOUGH = 5
const TIMES = 1.5

const sender: Program = { source: 'c/sender.c' }
const ours = [
  row('ancillary, batches({ borrow })', 'ancillary', 'ancillary.ts', 'borrow'),
  row('ancillary, messages()', 'ancillary', 'ancillary.ts', 'messages'),
  row('ancillary, recv()', 'ancillary', 'ancillary.ts', 'recv'),
]
const netRow = row(NET, 'peer', 'net.ts')
/** It has no seqpackets: it gets the same bytes as a stream. */
const netStream: Variant = { ...netRow, name: NET_STREAM, settings: { type: 'stream' } }
const nodeUnixSocket = { ...row('node-unix-socket', 'peer', 'node-unix-socket.ts'), peer: 'node-unix-socket' }

export const fairness: readonly Workload[] = [
  workload('stream', 65536, 'streams of 64 KiB', [...ours, netRow], NET),
  workload('seqpacket', 64, 'seqpackets of 64 B', [...ours, netStream, nodeUnixSocket], NET_STREAM),
]

function workload(
  type: 'stream' | 'seqpacket',
  size: number,
  what: string,
  variants: readonly Variant[],
  to: string,
): Workload {
  return {
    name: `timer-${type}`,
    title: `delay of a 10 ms timer, p99, with two floods of ${what}`,
    unit: plain('ms', 2),
    placement: 'across',
    settings: { type, size, fds: 0, connections: PEERS },
    stretch: 5,
    variants,
    targets: ours.map(({ name }) => ({ of: name, to, times: TIMES, atMost: true, orBelow: GOOD_ENOUGH })),
  }
}

function row(name: string, side: Side, file: string, method?: string): Variant {
  const server = { source: `workloads/fairness/${file}`, ...(method ? { method } : {}) }
  return { name, side, server, clients: Array(PEERS).fill(sender) }
}
