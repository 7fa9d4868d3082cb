// Rows about descriptors that come and go: none is leaked, lost, cut off in silence, inherited or forgotten.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { bind, connect, listen, type Message, memfd, pair, type UnixSocket } from '../../../index.js'
import { runScenario } from '../../helpers/child.js'
import { descriptorCount, leakedSince } from '../../helpers/descriptor-count.js'
import { dispose } from '../../helpers/dispose.js'
import { Peer, type Step } from '../../helpers/hostile.js'
import { closeAll, inodesOf, openMarked } from '../../helpers/marked.js'
import { squeeze } from '../../helpers/squeeze.js'
import { type Cases, count, type Finding, judged, type Kit } from '../row.js'
import { forgottenWith, leakedBy, type Usocket } from './peers.js'

const SIZE = 16
/** Messages of one connection. */
const EACH = 500

/** How a flood is received: the descriptors that one message may bring, and what becomes of them. */
const intakes: readonly { maxFds: number; take(message: Message): void }[] = [
  { maxFds: 0, take: (message) => message.close() },
  { maxFds: 3, take: (message) => message.close() },
  { maxFds: 253, take: (message) => message.close() },
  {
    maxFds: 253,
    take: (message) => {
      if (!message.fdsTruncated) for (const fd of message.takeFds()) fd.close()
    },
  },
]

/** Connection after connection of a flood, each received in another way; every third is closed in the middle. */
async function flood({ folder, pick }: Kit): Promise<Finding> {
  const peer = new Peer()
  const total = pick(12_000, 1_000_000)
  await peer.perform([])
  const before = descriptorCount()
  const wrong: string[] = []
  let messages = 0
  for (let round = 0; messages < total; round++) {
    const type = (['stream', 'seqpacket', 'dgram'] as const)[round % 3] as 'stream'
    const intake = intakes[round % intakes.length] as (typeof intakes)[number]
    const path = join(folder, `flood${round}`)
    const script: Step[] = [
      ['connect', type, path],
      ['flood', EACH, SIZE, round],
    ]
    messages += await receiveFlood(type, path, intake, () => peer.perform(script), round % 5 === 4)
    const leaked = await leakedSince(before)
    if (leaked > 0) wrong.push(`${leaked} leaked by a ${type} with maxFds ${intake.maxFds}`)
    if (wrong.length > 0) break
  }
  await peer.end()
  return judged(wrong, `0 of ${count(messages)} messages`)
}

async function receiveFlood(
  type: 'stream' | 'seqpacket' | 'dgram',
  path: string,
  { maxFds, take }: (typeof intakes)[number],
  begin: () => Promise<unknown>,
  isCut: boolean,
): Promise<number> {
  const listener = type === 'dgram' ? null : listen<'stream'>(path, { type: type as 'stream', maxFds })
  const bound = listener === null ? bind(path, { maxFds }) : null
  const over = begin()
  const socket = (bound ?? (await listener?.accept())) as UnixSocket
  let bytes = 0
  const enough = (isCut ? EACH / 2 : EACH) * SIZE
  while (bytes < enough) {
    const batch = await socket.recvMany()
    if (batch === null) throw new Error(`The end after ${bytes} bytes`)
    for (const message of batch) {
      bytes += message.data.length
      take(message)
    }
  }
  await socket.close()
  await over
  await listener?.close()
  return bytes / SIZE
}

async function inOrder({ folder }: Kit): Promise<Finding> {
  const files = openMarked(folder, 253)
  const wrong: string[] = []
  for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
    const [left, right] = pair(type, { maxFds: 253 })
    await left.send('x', { fds: files })
    const message = (await right.recv()) as Message
    if (inodesOf(message.fds).join() !== inodesOf(files).join()) wrong.push(`${type}: ${message.fds.length} came`)
    dispose(left, right, message)
  }
  closeAll(files)
  return judged(wrong, '253, in order')
}

/** What it hands out of 253. */
async function inOrderUsocket({ folder, load }: Kit): Promise<Finding> {
  const { UServer } = load<Usocket>()
  const path = join(folder, 's')
  const server = new UServer()
  server.listen(path, 10)
  await once(server, 'listening')
  const connection = once(server, 'connection')
  const client = await connect(path)
  const [socket] = await connection
  const data = once(socket, 'data')
  let fds = 0
  socket.on('fds', (list: number[]) => (fds += list.length))
  await client.send('x', { fds: Array.from({ length: 253 }, () => 0) })
  await data
  return judged(fds === 253 ? [] : [`✗ ${fds}, silent`], '253')
}

async function backPressure({ folder, pick }: Kit): Promise<Finding> {
  const total = pick(5_000, 100_000)
  const wrong: string[] = []
  let sent = 0
  for (const type of ['stream', 'seqpacket'] as const) {
    const found = await squeeze(type, total / 2, folder)
    sent += found.sent
    if (!found.ordered || !found.whole || found.misplaced.length > 0)
      wrong.push(`${type}: ${found.arrived} of ${found.sent}`)
    if (found.waited < found.messages / 2) wrong.push(`${type}: only ${found.waited} waited`)
    if (found.leaked > 0) wrong.push(`${type}: ${found.leaked} leaked`)
  }
  return judged(wrong, `0 of ${count(sent)} lost`)
}

/** Writes through a full buffer, each with a descriptor. */
async function backPressureUsocket({ folder, load }: Kit): Promise<Finding> {
  const { USocket } = load<Usocket>()
  const path = join(folder, 's')
  const listener = listen(path, { maxFds: 253 })
  const socket = new USocket({ path })
  await once(socket, 'connected')
  const server = await listener.accept()
  const file = openSync('/dev/null', 'r')
  const total = 400
  let called = 0
  for (let number = 0; number < total; number++) {
    socket.write({ data: Buffer.alloc(4096), fds: [file] } as never, () => called++)
  }
  let [bytes, fds] = [0, 0]
  while (bytes < total * 4096) {
    const message = (await server.recv({ timeout: 5_000 })) as Message
    bytes += message.data.length
    fds += message.fds.length
    message.close()
  }
  closeSync(file)
  return judged(
    fds === total ? [] : [`✗ ${total - fds} of ${total} lost, ${called} callbacks OK`],
    `0 of ${total} lost`,
  )
}

async function truncated(): Promise<Finding> {
  const wrong: string[] = []
  for (const scenario of ['receiveStream', 'receiveSeqpacket', 'receiveDatagram']) {
    const { answer, stderr } = await runScenario('scarce', scenario, { descriptors: 64 })
    const found = answer as { truncated: boolean; leaked: number; next: unknown[]; fds: string } | undefined
    const isRight = found?.truncated && found.leaked === 0 && String(found.next) === 'next,false,2'
    if (!isRight) wrong.push(`${scenario}: ${JSON.stringify(answer)} ${stderr}`)
  }
  return judged(wrong, 'flagged, 0 leaked, alive')
}

/** Descriptors of every kind that we make or are given, as the kernel describes them; then children amid a stream of them. */
async function notInherited({ folder, pick }: Kit): Promise<Finding> {
  const wrong = await inheritable(folder)
  const children = pick(40, 1_000)
  const [left, right] = pair('seqpacket', { maxFds: 5 })
  const files = openMarked(folder, 1)
  let over = false
  const receiving = (async () => {
    while (!over) {
      await left.send('x', { fds: Array(5).fill(files[0]) })
      const message = (await right.recv()) as Message
      await new Promise((resolve) => setImmediate(resolve))
      message.close()
    }
  })()
  const own = async (fd?: number): Promise<number> => markedIn(await listing(fd === undefined ? [] : [fd]))
  const control = await own(files[0])
  let inherited = 0
  for (let child = 0; child < children; child++) inherited += await own()
  over = true
  await receiving
  dispose(left, right)
  closeAll(files)
  if (control === 0) wrong.push('a child that was given one does not show it')
  if (inherited > 0) wrong.push(`${inherited} inherited`)
  return judged(wrong, `0 inherited by ${count(children)} children`)
}

async function inheritable(folder: string): Promise<string[]> {
  const known = new Set(readdirSync('/proc/self/fd'))
  const listener = listen(join(folder, 'l'))
  const client = await connect(join(folder, 'l'))
  const server = await listener.accept()
  const datagrams = bind(join(folder, 'd'))
  const file = memfd('row')
  const [left, right] = pair('seqpacket', { maxFds: 1 })
  await left.send('x', { fds: [file] })
  const message = (await right.recv()) as Message
  const open = readdirSync('/proc/self/fd').filter((fd) => !known.has(fd))
  const found = open.filter((fd) => flagsOf(fd) !== null && ((flagsOf(fd) as number) & 0o2000000) === 0)
  dispose(message, left, right, file, datagrams, server, client, listener)
  return found.map((fd) => `descriptor ${fd} is inheritable`)
}

function flagsOf(fd: string): number | null {
  try {
    return Number.parseInt(/flags:\s*(\d+)/.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1] ?? '', 8)
  } catch {
    return null
  }
}

/** What a child has open. */
async function listing(fds: number[]): Promise<string> {
  const child = spawn('ls', ['-l', '/proc/self/fd'], { stdio: ['ignore', 'pipe', 'ignore', ...fds] })
  let text = ''
  for await (const part of child.stdout as Readable) text += part
  return text
}

const markedIn = (text: string): number => text.split('\n').filter((line) => line.includes('marked-')).length

async function forgotten(): Promise<Finding> {
  const env = { ANCILLARY_TEST_COUNT: '10000' }
  const { answer, stderr } = await runScenario('forgetful', 'duplicates', { env })
  const { grown, left, warnings } = (answer ?? {}) as { grown: number; left: number; warnings: string[] }
  const isRight = grown === 10_000 && left === 0 && warnings.length === 1
  return judged(isRight ? [] : [`${JSON.stringify(answer)} ${stderr}`], '10,000 closed, one warning')
}

export const descriptors: Readonly<Record<number, Cases>> = {
  1: {
    ancillary: flood,
    usocket: leakedBy('usocket'),
    'node-unix-socket': leakedBy('node-unix-socket'),
    'unix-dgram': leakedBy('unix-dgram'),
    'node:net': leakedBy('node:net'),
  },
  2: { ancillary: inOrder, usocket: inOrderUsocket },
  3: { ancillary: backPressure, usocket: backPressureUsocket },
  4: { ancillary: truncated },
  17: { ancillary: notInherited },
  22: {
    ancillary: forgotten,
    usocket: forgottenWith('usocket'),
    'node-unix-socket': forgottenWith('node-unix-socket'),
    'unix-dgram': forgottenWith('unix-dgram'),
  },
}
