// Rows about messages: cut off only where it is visible, not lost to an abort, an error or an exception, and no flood holds the loop.
import { spawnSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { bind, connect, type Message, pair, type SocketError, type UnixSocket } from '../../../index.js'
import { dispose } from '../../helpers/dispose.js'
import { fill } from '../../helpers/fill.js'
import { places } from '../../helpers/injection.js'
import { cases, Matrix } from '../../helpers/injection-table.js'
import { raceBytes, raceRecords } from '../../helpers/races.js'
import { type Case, type Cases, count, FACTOR, type Finding, judged, type Kit, type Peer } from '../row.js'
import { serverOf, type UnixDgram } from './peers.js'

const root = join(__dirname, '..', '..', '..')

/** All errors at all places; in the short form, of each call the first error, in the place of its first. */
async function injected({ folder, long }: Kit): Promise<Finding> {
  const matrix = new Matrix(folder)
  const wrong = (await matrix.learn()).map((one) => JSON.stringify(one))
  const chosen = long ? cases : cases.filter(({ call }, at) => cases.findIndex((one) => one.call === call) === at)
  let judgedCases = 0
  for (const one of chosen) {
    for (const place of long ? places : places.slice(0, 1)) {
      const found = await matrix.wrongWith(one, place)
      if (found === null) continue
      judgedCases++
      wrong.push(...found.map((each) => `${one.call} ${one.errno}: ${JSON.stringify(each)}`))
    }
  }
  return judged(wrong, `${judgedCases} cases, ${count(await matrix.hits())} calls hit, 0 crashed, hung or lost`)
}

async function aborted({ folder, pick }: Kit): Promise<Finding> {
  const rounds = pick(1_500, 25_000)
  const wrong: string[] = []
  let ended = 0
  for (const [type, way] of [
    ['seqpacket', 'recv'],
    ['dgram', 'recvMany'],
    ['seqpacket', 'a loop'],
  ] as const) {
    const found = await raceRecords(type, way, rounds)
    ended += found.aborted
    const isRight = found.seen.length === rounds && found.seen.every((number, index) => number === index)
    if (!isRight) wrong.push(`${type}, ${way}: ${found.seen.length} of ${rounds}`)
    if (found.aborted < rounds / 10 || found.aborted === rounds) wrong.push(`${type}, ${way}: no race`)
  }
  const bytes = await raceBytes(folder, rounds)
  if (!bytes.whole || !bytes.ordered || bytes.leaked > 0) wrong.push(`stream: ${JSON.stringify(bytes)}`)
  return judged(wrong, `0 lost, 0 doubled in ${count(4 * rounds)} (${count(ended)} of the records' were aborted)`)
}

/** The delays of a timer while `read` has many full sockets before it (milliseconds): the longest, but for one in a hundred. */
async function delayDuring(sockets: number, read: (all: readonly UnixSocket[]) => Promise<void>): Promise<number> {
  const pairs = Array.from({ length: sockets }, () => pair('seqpacket'))
  for (const [left] of pairs) {
    fill(left, 100)
    left.shutdown('write')
  }
  const delays: number[] = []
  let last = performance.now()
  const timer = setInterval(() => {
    delays.push(performance.now() - last)
    last = performance.now()
  }, 1)
  await setTimeout(20)
  delays.length = 0
  last = performance.now()
  await read(pairs.map(([, right]) => right))
  delays.push(performance.now() - last)
  clearInterval(timer)
  dispose(...pairs.flat())
  delays.sort((one, other) => one - other)
  return delays[Math.ceil(delays.length * 0.99) - 1] ?? 0
}

/** Reads as it comes, one after the other without a pause: what must not be done. */
async function inOneTurn(all: readonly UnixSocket[]): Promise<void> {
  for (const socket of all) {
    for (let message = socket.tryRecv(); message !== 'again' && message !== null; message = socket.tryRecv())
      message.close()
  }
}

async function inLoops(all: readonly UnixSocket[]): Promise<void> {
  await Promise.all(
    all.map(async (socket) => {
      for await (const message of socket) message.close()
    }),
  )
}

const QUEUES = 500

/** Two floods from other processes in the long form, by the bench; in the short form, thousands of full queues at once. */
async function flooded({ long }: Kit): Promise<Finding> {
  if (long) return floodedByBench()
  const control = await delayDuring(QUEUES, inOneTurn)
  const ours = await delayDuring(QUEUES, inLoops)
  const wrong = ours * FACTOR > control ? [`${ours.toFixed(1)} ms, all in one turn ${control.toFixed(0)} ms`] : []
  return judged(
    wrong,
    `p99 ${ours.toFixed(1)} ms with ${QUEUES} full queues (read in one turn: ${control.toFixed(0)} ms)`,
  )
}

interface BenchReport {
  workloads: {
    name: string
    results: { name: string; samples?: number[] }[]
    comparisons: { name: string; reached?: boolean }[]
  }[]
}

function floodedByBench(): Finding {
  const file = `build/scoreboard-timer-${process.pid}.json`
  const args = ['bench/run.mjs', 'workloads', '--only', 'timer-', '--rounds', '5', '--json', file]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  if (status !== 0) return judged([stdout + stderr], '')
  const { workloads } = JSON.parse(readFileSync(join(root, file), 'utf8')) as BenchReport
  rmSync(join(root, file))
  const text = workloads.map(({ name, results }) => {
    const rows = results.filter(({ samples }) => samples !== undefined && samples.length > 0)
    return `${name}: ${rows.map((row) => `${row.name} ${medianOf(row.samples ?? []).toFixed(1)}`).join(', ')}`
  })
  const missed = stdout.split('\n').filter((line) => /\bmissed\b/.test(line))
  return judged(missed, `p99 in ms, ${text.join('; ')}`)
}

const medianOf = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

async function cutVisibly({ pick }: Kit): Promise<Finding> {
  const wrong: string[] = []
  let lengths = 0
  for (const type of ['seqpacket', 'dgram'] as const) {
    const [left, right] = pair(type, { sendBufferSize: 212_992, maxFds: 1 })
    const step = pick(9_973, 101)
    for (let size = 1; size < 200_000; size += step) {
      lengths++
      await left.send(Buffer.alloc(size, size))
      const whole = await right.recv()
      if (whole?.data.length !== size) wrong.push(`${type}: ${whole?.data.length} of ${size}`)
      await left.send(Buffer.alloc(size), { fds: [0] })
      const error = (await right.recv({ maxBytes: size - 1 || 1 }).then(
        (message) => message,
        (reason) => reason,
      )) as SocketError
      if (size > 1 && (error.code !== 'ERR_MESSAGE_TRUNCATED' || error.length !== size)) wrong.push(`${type}: ${error}`)
      if (size === 1) (error as unknown as Message).close()
    }
    dispose(left, right)
  }
  return judged(wrong.slice(0, 3), `${count(lengths)} lengths whole, or ERR_MESSAGE_TRUNCATED with the length`)
}

/** How much of a long record arrives. */
function cutWith(name: Peer): Case {
  return async ({ folder, load }) => {
    const path = join(folder, 's')
    const found: number[] = []
    const take = (data: Buffer): void => {
      found.push(data.length)
    }
    const isDatagram = name === 'unix-dgram'
    if (isDatagram) load<UnixDgram>().createSocket('unix_dgram', take).bind(path)
    else (await serverOf(name, path, load)).on('connection', (socket) => socket.on('data', take).on('error', () => {}))
    const options = { sendBufferSize: 212_992 }
    const client = isDatagram
      ? bind(null, { peer: path, ...options })
      : await connect(path, { type: 'seqpacket', ...options })
    const size = isDatagram ? 100_000 : 300_000
    await client.send(Buffer.alloc(size))
    for (let round = 0; round < 50 && found.length === 0; round++) await setTimeout(20)
    return judged(found[0] === size ? [] : [`✗ ${found[0]} of ${size}, no flag`], `✓ ${size}`)
  }
}

/** What an application throws amid messages. */
async function thrown(): Promise<Finding> {
  const wrong: string[] = []
  for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
    const [left, right] = pair(type)
    const error = new Error('of the application')
    const uncaught = new Promise<unknown>((resolve) => process.once('uncaughtException', resolve))
    void right.recv().then(() => process.nextTick(() => fail(error)))
    await left.send('first')
    if ((await uncaught) !== error) wrong.push(`${type}: ${await uncaught}`)
    await left.send('second')
    if (String((await right.recv())?.data) !== 'second') wrong.push(`${type}: the next did not arrive`)
    dispose(left, right)
  }
  return judged(wrong, 'uncaughtException, the next arrives')
}

function fail(error: Error): never {
  throw error
}

function thrownWith(name: Peer): Case {
  return async ({ folder, load }) => {
    const path = join(folder, 's')
    let caught: unknown
    let seen = 0
    const events: string[] = []
    process.on('uncaughtException', (error) => {
      caught = error
    })
    const error = new Error('of the application')
    const take = (): void => {
      if (++seen === 1) throw error
    }
    const isDatagram = name === 'unix-dgram'
    if (isDatagram) load<UnixDgram>().createSocket('unix_dgram', take).bind(path)
    else {
      const server = await serverOf(name, path, load)
      server.on('connection', (socket) => socket.on('data', take).on('error', () => events.push('error')))
    }
    const type = name === 'node-unix-socket' ? 'seqpacket' : 'stream'
    const client = isDatagram ? bind(null, { peer: path }) : await connect(path, { type })
    for (let round = 0; round < 2; round++) {
      await setTimeout(100)
      await client.send('x').catch(() => {})
    }
    await setTimeout(200)
    const wrong = [
      ...(caught === error ? [] : ['✗ not an uncaught exception']),
      ...(events.length === 0 ? [] : ['an error of the socket']),
      ...(seen === 2 ? [] : ['the next did not arrive']),
    ]
    return judged(wrong, '✓')
  }
}

export const messages: Readonly<Record<number, Cases>> = {
  9: { ancillary: injected },
  11: { ancillary: aborted },
  12: { ancillary: flooded },
  15: { ancillary: cutVisibly, 'node-unix-socket': cutWith('node-unix-socket'), 'unix-dgram': cutWith('unix-dgram') },
  25: {
    ancillary: thrown,
    usocket: thrownWith('usocket'),
    'node-unix-socket': thrownWith('node-unix-socket'),
    'unix-dgram': thrownWith('unix-dgram'),
    'node:net': thrownWith('node:net'),
  },
}
