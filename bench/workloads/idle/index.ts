/**
 * Idle connections: how many bytes of memory each costs the server. The client is in C. There is no reference in C, because
 * a descriptor there has no memory but the kernel's.
 */
import { plain } from '../../lib/unit.js'
import type { Program, Side, Variant, Workload } from '../../lib/workload.js'

const WAITING = 'ancillary, messages()'
const PENDING = 'ancillary, recv()'
const NET = 'node:net'

const client: Program = { source: 'workloads/idle/client.c' }
const variants: readonly Variant[] = [
  row(WAITING, 'ancillary', 'ancillary.ts', 'messages'),
  row(PENDING, 'ancillary', 'ancillary.ts', 'recv'),
  row('ancillary, nobody waits', 'ancillary', 'ancillary.ts', 'nothing'),
  row(NET, 'peer', 'net.ts'),
  { ...row('usocket', 'peer', 'usocket.ts'), peer: 'usocket' },
]

export const idle: readonly Workload[] = [5000, 1000, 10000].map((connections) => ({
  name: `idle-${connections}`,
  title: `memory of an idle stream connection, of ${connections.toLocaleString('en')}`,
  unit: plain('bytes of RSS each', 0),
  placement: 'across',
  settings: { type: 'stream', size: 1, fds: 0, connections },
  variants,
  targets: connections === 5000 ? [WAITING, PENDING].map((of) => ({ of, to: NET, times: 0.6, atMost: true })) : [],
  curve: { name: 'memory', at: connections },
}))

function row(name: string, side: Side, file: string, method?: string): Variant {
  const server = { source: `workloads/idle/${file}`, ...(method ? { method } : {}) }
  return { name, side, server, clients: [client] }
}
