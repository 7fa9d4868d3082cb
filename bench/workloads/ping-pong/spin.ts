/**
 * Ping-pong across CPUs with a receiver that spins for a while before it sleeps: ten times node:net, and eight times C. There is
 * no such option yet. When there is, give it to `connect` and `listen` in a way `spin` of ancillary-client.ts and
 * ancillary-server.ts, and add this row and these targets to `ping-pong-stream-across`.
 */
import { C, type Program, type Target, type Variant } from '../../lib/workload.js'

const SPIN = 'ancillary, spinning'

export const spinning: Variant = {
  name: SPIN,
  side: 'ancillary',
  server: program('ancillary-server.ts'),
  clients: [program('ancillary-client.ts')],
}

export const spinTargets: readonly Target[] = [
  { of: SPIN, to: 'node:net', times: 10 },
  { of: SPIN, to: C, times: 8 },
]

function program(file: string): Program {
  return { source: `workloads/ping-pong/${file}`, method: 'spin' }
}
