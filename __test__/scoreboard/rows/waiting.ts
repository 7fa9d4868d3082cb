// Rows about waiting: for descriptors, for room, for a full backlog. It neither spins nor blocks, and it has a bound.

import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { bind, connect, hasCode, listen, pair, type UnixSocket } from '../../../index.js'
import { runScenario } from '../../helpers/child.js'
import { dispose } from '../../helpers/dispose.js'
import { drain, fillReceiver } from '../../helpers/fill.js'
import { stateOf } from '../../helpers/turns.js'
import { type Case, type Cases, FACTOR, type Finding, held, judged, type Kit } from '../row.js'
import type { NodeUnixSocket, UnixDgram, Usocket } from './peers.js'

/** Milliseconds of CPU that this process uses in so many. */
export async function cpuDuring(milliseconds: number): Promise<number> {
  const before = process.cpuUsage()
  await setTimeout(milliseconds)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

const percent = (cpu: number, of: number): string => `${((100 * cpu) / of).toFixed(1)} %`

/** Accepting while there are no descriptors, in a process with 64 descriptors. */
async function acceptAtLimit(kit: Kit): Promise<Finding> {
  const env = { ANCILLARY_TEST_FOLDER: kit.folder, ANCILLARY_TEST_COUNT: String(kit.pick(1_000, 3_000)) }
  const { answer, stderr } = await runScenario('../scoreboard/rows/accepting', 'accepting', { descriptors: 64, env })
  if (answer === undefined) return judged([stderr], '')
  const found = answer as { ours: number; control: number; of: number; served: number; afterwards: string }
  const wrong = [
    ...(found.served === 80 ? [] : [`${found.served} of 80 were served`]),
    ...(found.afterwards === 'served' ? [] : [`afterwards: ${found.afterwards}`]),
    ...(found.ours * FACTOR <= found.control ? [] : [`${percent(found.ours, found.of)} CPU`]),
  ]
  const figure = `CPU ${percent(found.ours, found.of)}, all 80 served (a loop without back-off: ${percent(found.control, found.of)})`
  return judged(wrong, figure)
}

/** A peer that never reads: who awaits is stopped by the Promise, who does not by an error. */
async function slowPeer(): Promise<Finding> {
  const messages = 3_000
  const wrong: string[] = []
  const [left, right] = pair('stream')
  const before = process.memoryUsage().rss
  while (await isTaken(left.send(Buffer.alloc(SIZE))));
  let stopped = 0
  for (let number = 0; number < messages; number++) {
    left.send(Buffer.alloc(SIZE)).catch((error) => (stopped += hasCode(error, 'ERR_QUEUE_FULL') ? 1 : 0))
    if (number % 50 === 0) await collected()
  }
  await collected()
  const grown = (process.memoryUsage().rss - before) / 2 ** 20
  if (stopped < messages - 20) wrong.push(`only ${stopped} of ${messages} were refused`)
  if (grown > 20) wrong.push(`RSS +${grown.toFixed(0)} MB`)
  dispose(left, right)
  return judged(wrong, `pending, then ERR_QUEUE_FULL; RSS +${Math.max(0, grown).toFixed(0)} MB`)
}

const SIZE = 65_536

/** false: it has to wait. */
async function isTaken(sending: Promise<void>): Promise<boolean> {
  sending.catch(() => {})
  return (await stateOf(sending)) === 'fulfilled'
}

/** What is refused is garbage of the caller's. */
async function collected(): Promise<void> {
  await setImmediate()
  globalThis.gc?.()
}

/** What `write` says to a peer that does not read, and what that costs. */
function slowPeerWith(name: 'usocket' | 'node-unix-socket' | 'node:net'): Case {
  return async ({ folder, load }) => {
    const path = join(folder, 's')
    const listener = listen<'stream'>(path, {
      type: (name === 'node-unix-socket' ? 'seqpacket' : 'stream') as 'stream',
    })
    const socket = await clientOf(name, path, load)
    const server = await listener.accept()
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    let said: unknown
    for (let number = 0; number < 3_000; number++) said = socket.write(Buffer.alloc(SIZE, 1))
    const grown = (process.memoryUsage().rss - before) / 2 ** 20
    dispose(server, listener)
    return judged(
      said === false ? [] : [`✗ ${said}, RSS +${grown.toFixed(0)} MB`],
      `✓ false, RSS +${grown.toFixed(0)} MB`,
    )
  }
}

async function clientOf(name: string, path: string, load: Kit['load']): Promise<{ write(data: Buffer): unknown }> {
  if (name === 'node-unix-socket') {
    const socket = new (load<NodeUnixSocket>().SeqpacketSocket)()
    await new Promise<void>((resolve) => socket.connect(path, resolve))
    return socket.on('error', () => {})
  }
  if (name === 'usocket') {
    const socket = new (load<Usocket>().USocket)({ path })
    await once(socket, 'connected')
    return socket.on('error', () => {})
  }
  const { createConnection } = await import('node:net')
  const socket = createConnection(path)
  await once(socket, 'connect')
  return socket.on('error', () => {})
}

/** A datagram that waits for a full receiver, beside a loop that believes what the kernel says of the sender. */
async function fullReceiver({ folder, pick }: Kit): Promise<Finding> {
  const path = join(folder, 'd')
  const milliseconds = pick(1_000, 2_000)
  const receiver = bind(path)
  const sender = bind()
  fillReceiver(path)
  const waiting = sender.send('waits', { to: path })
  const ours = await cpuDuring(milliseconds)
  const until = performance.now() + milliseconds
  const other = bind()
  const spin = (async () => {
    while (performance.now() < until) {
      await other.writable()
      other.trySend('x', { to: path })
      await setImmediate()
    }
  })()
  const control = await cpuDuring(milliseconds)
  await spin
  drain(receiver)
  await waiting
  const arrived = drain(receiver).map(String)
  dispose(sender, other, receiver)
  const wrong = [
    ...(arrived.includes('waits') ? [] : ['it never arrived']),
    ...(ours * FACTOR <= control ? [] : [`${percent(ours, milliseconds)} CPU`]),
  ]
  return judged(wrong, `${percent(ours, milliseconds)} (a loop without back-off: ${percent(control, milliseconds)})`)
}

const fullReceiverWith: Partial<Record<'node-unix-socket' | 'unix-dgram', Case>> = {
  'node-unix-socket': async ({ folder, load }) => {
    const path = join(folder, 'd')
    const receiver = bind(path)
    fillReceiver(path)
    const sender = new (load<NodeUnixSocket>().DgramSocket)()
    sender.on('error', () => {})
    for (let number = 0; number < 50; number++) sender.sendTo(Buffer.from('x'), 0, 1, path, () => {})
    const cpu = await cpuDuring(2_000)
    dispose(receiver)
    return judged(cpu > 40 ? [`✗ ${percent(cpu, 2_000)}`] : [], percent(cpu, 2_000))
  },
  'unix-dgram': async ({ folder, load }) => {
    const path = join(folder, 'd')
    const receiver = bind(path)
    fillReceiver(path)
    const sender = load<UnixDgram>().createSocket('unix_dgram')
    let errors = 0
    for (let number = 0; number < 50; number++)
      sender.send(Buffer.from('x'), 0, 1, path, (error: unknown) => (errors += error ? 1 : 0))
    const cpu = await cpuDuring(2_000)
    dispose(receiver)
    return judged(
      cpu > 40 ? [`✗ ${percent(cpu, 2_000)}`] : [],
      `✓ ${percent(cpu, 2_000)}, ${errors} of 50 errors at once`,
    )
  },
}

/** Many connects to a backlog that is full: the thread pool is free, each can be given up, and the last succeeds. */
async function fullBacklog({ folder }: Kit): Promise<Finding> {
  const path = join(folder, 's')
  const listener = listen(path, { backlog: 0 })
  const inside = await connect(path)
  const giveUp = new AbortController()
  const wrong: string[] = []
  const aborted = Array.from({ length: 16 }, () => codeOf(connect(path, { signal: giveUp.signal })))
  const late = codeOf(connect(path, { timeout: 50 }))
  const patient = connect(path)
  const first = await Promise.race([stat(folder).then(() => 'stat'), patient.then(() => 'connect')])
  if (first !== 'stat') wrong.push('the thread pool was not free')
  if ((await late) !== 'ETIMEDOUT') wrong.push(`timeout: ${await late}`)
  giveUp.abort()
  const codes = new Set(await Promise.all(aborted))
  if ([...codes].join() !== 'ABORT_ERR') wrong.push(`abort: ${[...codes]}`)
  const accepted = [await listener.accept()]
  const client = await patient
  accepted.push(await listener.accept())
  dispose(inside, client, listener, ...accepted)
  return judged(wrong, 'waits, ETIMEDOUT, ABORT_ERR; the pool is free')
}

const codeOf = (promise: Promise<UnixSocket>): Promise<string> =>
  promise.then(
    () => 'connected',
    (error: NodeJS.ErrnoException) => String(error.code),
  )

const fullBacklogWith: Partial<Record<'usocket' | 'node-unix-socket' | 'node:net', Case>> = {
  usocket: async ({ folder, load }) => {
    const path = join(folder, 's')
    const listener = listen(path, { backlog: 0 })
    const inside = await connect(path)
    for (let client = 0; client < 4; client++) new (load<Usocket>().USocket)({ path })
    const first = await Promise.race([stat(folder).then(() => 'free'), setTimeout(2_000, 'blocked')])
    dispose(inside, listener)
    return judged(first === 'free' ? [] : ['✗ fs.stat never came within 2 s'], '✓ the pool is free')
  },
  'node-unix-socket': async ({ folder, load }) => {
    const path = join(folder, 's')
    const listener = listen(path, { type: 'seqpacket', backlog: 0 })
    const inside = await connect(path, { type: 'seqpacket' })
    try {
      ;new (load<NodeUnixSocket>().SeqpacketSocket)().connect(path, () => {})
      return held('✓')
    } catch (error) {
      return judged([`✗ throws: ${(error as Error).message.split('\n')[0]}`], '')
    } finally {
      dispose(inside, listener)
    }
  },
  'node:net': async ({ folder }) => {
    const path = join(folder, 's')
    const listener = listen(path, { backlog: 0 })
    const inside = await connect(path)
    const { createConnection } = await import('node:net')
    const said = await new Promise<string>((resolve) => {
      createConnection(path, () => resolve('connected')).on('error', (error: NodeJS.ErrnoException) =>
        resolve(String(error.code)),
      )
    })
    dispose(inside, listener)
    return { held: said === 'connected', figure: `${said} at once` }
  },
}

export const waiting: Readonly<Record<number, Cases>> = {
  6: { ancillary: acceptAtLimit },
  13: {
    ancillary: slowPeer,
    usocket: slowPeerWith('usocket'),
    'node-unix-socket': slowPeerWith('node-unix-socket'),
    'node:net': slowPeerWith('node:net'),
  },
  14: { ancillary: fullReceiver, ...fullReceiverWith },
  27: { ancillary: fullBacklog, ...fullBacklogWith },
}
