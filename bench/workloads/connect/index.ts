/**
 * Connect, accept, close: how many connections in a second, one after the other, between two programs of the same kind.
 * The server counts as well, and the two counts must be the same.
 */
import type { Placement } from '../../lib/placement.js'
import type { Told } from '../../lib/trial.js'
import { perSecond } from '../../lib/unit.js'
import { C, type Side, type Target, type Variant, type Workload } from '../../lib/workload.js'

const OURS = 'ancillary'
const NET = 'node:net'
const USOCKET = 'usocket'

const variants = [
  row(OURS, 'ancillary', 'ancillary.ts'),
  row(NET, 'peer', 'net.ts'),
  row(USOCKET, 'peer', 'usocket.ts', 'usocket'),
  row('C', 'C', 'connect.c'),
]

export const connections: readonly Workload[] = [
  workload('same', [
    { of: OURS, to: USOCKET, times: 1.6 },
    { of: OURS, to: NET, times: 3 },
    { of: OURS, to: C, times: 0.2 },
  ]),
  workload('across', [
    { of: OURS, to: USOCKET, times: 1.25 },
    { of: OURS, to: C, times: 0.65 },
  ]),
]

function workload(placement: Placement, targets: readonly Target[]): Workload {
  return {
    name: `connect-${placement}`,
    title: 'connect, accept, close',
    unit: perSecond('connections'),
    placement,
    settings: { type: 'stream', size: 1, fds: 0, connections: 1 },
    serverWaits: true,
    variants,
    targets,
    verify,
  }
}

function verify(told: readonly Told[]): void {
  const numbers = Object.assign({}, ...told) as Told
  if (numbers.accepted === numbers.connected) return
  throw new Error(`${numbers.connected} connections were made, ${numbers.accepted} accepted`)
}

function row(name: string, side: Side, file: string, peer?: string): Variant {
  const program = (method: string) => ({ source: `workloads/connect/${file}`, method })
  return { name, side, server: program('server'), clients: [program('client')], ...(peer ? { peer } : {}) }
}
