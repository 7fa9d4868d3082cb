/**
 * The sending side: how many records a program gets rid of in a second, across CPUs. All of them have the same receiver, in C.
 */
import type { Settings } from '../../lib/settings.js'
import { megabytesPerSecond, perSecond, type Unit } from '../../lib/unit.js'
import type { Program, Side, Target, Variant, Workload } from '../../lib/workload.js'

const receiver: Program = { source: 'workloads/messages/receiver.c', method: 'recvmmsg' }
const streamReceiver: Program = { source: 'workloads/stream/receiver.c' }

const DUPLEX = 'ancillary, toDuplex()'
const NET = 'node:net'
const ours = [
  row('ancillary, sendMany() of 32', 'ancillary', 'ancillary.ts', 'sendMany'),
  row('ancillary, await send()', 'ancillary', 'ancillary.ts', 'send'),
  row('ancillary, trySend()', 'ancillary', 'ancillary.ts', 'trySend'),
]
const reference: Variant = { name: 'C, sendmmsg', side: 'C', server: receiver, clients: [{ source: 'c/sender.c' }] }

export const sending: readonly Workload[] = [
  workload('seqpacket', 64, '64 B', perSecond('messages'), [
    ...ours,
    { ...row('node-unix-socket', 'peer', 'node-unix-socket.ts'), peer: 'node-unix-socket' },
    reference,
  ]),
  {
    ...workload('dgram', 64, '64 B, queue length 512', perSecond('messages'), [
      ...ours,
      { ...row('unix-dgram', 'peer', 'unix-dgram.ts'), peer: 'unix-dgram' },
      reference,
    ]),
    queueLength: 512,
  },
  workload(
    'stream',
    65536,
    'writes of 64 KiB',
    megabytesPerSecond(65536),
    [...ours.slice(1), row(DUPLEX, 'ancillary', 'ancillary.ts', 'duplex'), row(NET, 'peer', 'net.ts'), reference].map(
      (each) => ({
        ...each,
        server: streamReceiver,
      }),
    ),
    [{ of: DUPLEX, to: NET, times: 1 }],
  ),
]

function workload(
  type: Settings['type'],
  size: number,
  what: string,
  unit: Unit,
  variants: readonly Variant[],
  targets: readonly Target[] = [],
): Workload {
  const settings: Settings = { type, size, fds: 0, connections: 1 }
  return {
    name: `send-${type}`,
    title: `${type} ${what}, sent`,
    unit,
    placement: 'across',
    settings,
    variants,
    targets,
  }
}

function row(name: string, side: Side, file: string, method?: string): Variant {
  const client = { source: `workloads/sending/${file}`, ...(method ? { method } : {}) }
  return { name, side, server: receiver, clients: [client] }
}
