/**
 * A stream, one way, across CPUs: how many megabytes a receiver gets in a second. All receivers have the same sender, in C,
 * which writes 64 KiB or 1 MiB at once.
 */
import { megabytesPerSecond } from '../../lib/unit.js'
import { C, type Side, type Variant, type Workload } from '../../lib/workload.js'

const BORROWED = 'ancillary, batches({ borrow })'
const RECYCLED = 'ancillary, copied into one block'
const OWNED = 'ancillary, messages()'
const DUPLEX = 'ancillary, toDuplex()'
const NET = 'node:net'

const variants: readonly Variant[] = [
  row(BORROWED, 'ancillary', 'ancillary.ts', 'borrow'),
  row(RECYCLED, 'ancillary', 'ancillary.ts', 'recycle'),
  row(OWNED, 'ancillary', 'ancillary.ts', 'messages'),
  row('ancillary, recv()', 'ancillary', 'ancillary.ts', 'recv'),
  row(DUPLEX, 'ancillary', 'ancillary.ts', 'duplex'),
  row(NET, 'peer', 'net.ts'),
  row('usocket', 'peer', 'usocket.ts', undefined, 'usocket'),
  row('C, recv', 'C', 'receiver.c'),
]

export const stream: readonly Workload[] = [workload('64k', '64 KiB', 65536), workload('1m', '1 MiB', 1048576)]

function workload(name: string, bytes: string, size: number): Workload {
  return {
    name: `stream-${name}`,
    title: `stream, writes of ${bytes}, received`,
    unit: megabytesPerSecond(size),
    placement: 'across',
    settings: { type: 'stream', size, fds: 0, connections: 1 },
    variants,
    targets: [
      { of: BORROWED, to: NET, times: 2.2 },
      { of: BORROWED, to: C, times: 0.8 },
      { of: RECYCLED, to: NET, times: 1.8 },
      { of: RECYCLED, to: C, times: 0.7 },
      { of: OWNED, to: NET, times: 1 },
      { of: DUPLEX, to: NET, times: 1 },
    ],
  }
}

function row(name: string, side: Side, file: string, method?: string, peer?: string): Variant {
  const server = { source: `workloads/stream/${file}`, ...(method ? { method } : {}) }
  return { name, side, server, clients: [{ source: 'c/sender.c' }], ...(peer ? { peer } : {}) }
}
