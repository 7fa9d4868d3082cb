/**
 * Ping-pong: a record of 64 bytes goes to a server and comes back. One connection between two programs of the same kind, on one
 * CPU and across; many connections to a server, all of them driven by the same program in C. The points of the curve of
 * cost against the number of connections are here, too.
 */
import type { Placement } from '../../lib/placement.js'
import type { Settings } from '../../lib/settings.js'
import { perSecond } from '../../lib/unit.js'
import { C, type Program, type Side, type Target, type Variant, type Workload } from '../../lib/workload.js'

const MESSAGES = 'ancillary, messages()'
const RECV = 'ancillary, recv()'
const SPIN = 'ancillary, spinning'
const C_SPIN = 'C, spinning'
const NET = 'node:net'
const NODE_UNIX_SOCKET = 'node-unix-socket'

const cClient = program('client.c')
const ours = [bothSides(MESSAGES, 'messages'), bothSides(RECV, 'recv')]
const usocket = peerRow('usocket', 'usocket.ts', 'usocket')
const netRow = peerRow(NET, 'net.ts')
const reference = [cRow('C, calls that wait', 'blocking'), cRow('C, epoll', 'epoll')]
const servers = [
  ...ours.map((row) => ({ ...row, clients: [cClient] })),
  { ...netRow, clients: [cClient] },
  { ...usocket, clients: [cClient] },
  ...reference.slice(1),
]

const streams = [...ours, netRow, usocket, ...reference]
/** Shown, and compared with nobody: targets are for the programs in C that sleep. */
const spinning: Variant = { ...cRow(C_SPIN, 'spin'), side: 'limit', clients: [program('client.c', 'spin')] }
const records = [...ours, peerRow(NODE_UNIX_SOCKET, 'node-unix-socket.ts', 'node-unix-socket'), ...reference]

export const pingPong: readonly Workload[] = [
  one('stream', 'same', streams, [
    { of: MESSAGES, to: NET, times: 1.4 },
    { of: MESSAGES, to: C, times: 0.42 },
  ]),
  one(
    'stream',
    'across',
    [bothSides(SPIN, 'spin'), ...streams, spinning],
    [
      { of: MESSAGES, to: NET, times: 1 },
      { of: MESSAGES, to: C, times: 0.75 },
      { of: SPIN, to: NET, times: 10 },
      { of: SPIN, to: C, times: 8 },
    ],
  ),
  one('seqpacket', 'same', records, [
    { of: MESSAGES, to: NODE_UNIX_SOCKET, times: 3.2 },
    { of: MESSAGES, to: C, times: 0.32 },
  ]),
  one('seqpacket', 'across', records, []),
  many(1000, [
    { of: MESSAGES, to: NET, times: 2 },
    { of: MESSAGES, to: C, times: 0.8 },
  ]),
  ...[1, 10, 100, 10000].map((connections) => many(connections, [])),
]

function one(
  type: 'stream' | 'seqpacket',
  placement: Placement,
  variants: readonly Variant[],
  targets: readonly Target[],
): Workload {
  const title = `${type} ping-pong, 64 B`
  return { name: `ping-pong-${type}-${placement}`, title, placement, ...common({ type }), variants, targets }
}

function many(connections: number, targets: readonly Target[]): Workload {
  return {
    name: `active-${connections}`,
    title: `stream ping-pong, 64 B, ${connections.toLocaleString('en')} active connections driven by C`,
    placement: 'across',
    ...common({ connections }),
    variants: servers,
    targets,
    curve: { name: 'connections', at: connections },
  }
}

function common(settings: Partial<Settings>): Pick<Workload, 'unit' | 'settings' | 'serverWaits'> {
  const whole: Settings = { type: 'stream', size: 64, fds: 0, connections: 1, ...settings }
  return { unit: perSecond('round trips'), settings: whole, serverWaits: true }
}

function program(file: string, method?: string): Program {
  return { source: `workloads/ping-pong/${file}`, ...(method ? { method } : {}) }
}

function bothSides(name: string, method: string): Variant {
  const clients = [program('ancillary-client.ts', method)]
  return { name, side: 'ancillary', server: program('ancillary-server.ts', method), clients }
}

function peerRow(name: string, file: string, peer?: string): Variant {
  const side: Side = 'peer'
  return { name, side, server: program(file, 'server'), clients: [program(file, 'client')], ...(peer ? { peer } : {}) }
}

function cRow(name: string, method: string): Variant {
  return { name, side: 'C', server: program('server.c', method), clients: [cClient] }
}
