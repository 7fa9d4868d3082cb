// Rows about threads, memory and time: workers that are terminated, memory that is wrong, a process that goes on for long, and the
// decoders.
import { execFileSync, spawnSync } from 'node:child_process'
import { unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { connect, listen, memfd, type UnixListener } from '../../../index.js'
import { descriptorCount, leakedSince } from '../../helpers/descriptor-count.js'
import { eventually, type Job, openDescriptors, terminateMany } from '../../helpers/terminated.js'
import { type Case, type Cases, count, FACTOR, type Finding, judged, type Kit, type Peer } from '../row.js'
import { startCase } from '../started.js'

const root = join(__dirname, '..', '..', '..')
const jobs: readonly Job[] = ['waits', 'accepts', 'sends', 'reads']

async function terminated({ folder, pick }: Kit): Promise<Finding> {
  const path = join(folder, 'w')
  const each = pick(5, 250)
  const wrong: string[] = []
  for (const job of jobs) {
    const fifos = job === 'reads' ? [0, 1, 2, 3, 4].map((index) => `${path}-${index}`) : []
    if (fifos.length > 0) execFileSync('mkfifo', fifos)
    await terminateMany(job, 5, path)
    const before = openDescriptors().length
    await terminateMany(job, each, path)
    if (!(await eventually(() => openDescriptors().length <= before))) wrong.push(`${job}: descriptors are left`)
    for (const fifo of fifos) unlinkSync(fifo)
  }
  return judged(
    wrong,
    `${count(jobs.length * each)} terminated amid receives, accepts, sends and reads: 0 aborts, 0 descriptors left`,
  )
}

/** A worker each that listens, terminated. */
function terminatedWith(name: Peer): Case {
  return async ({ folder, load }) => {
    load()
    const rounds = 50
    const script = `
      const { workerData, parentPort } = require('node:worker_threads')
      const made = require(workerData.peer)
      if (workerData.name === 'usocket') new made.UServer().listen(workerData.path, 5)
      else if (workerData.name === 'unix-dgram') made.createSocket('unix_dgram', () => {}).bind(workerData.path)
      else new made.SeqpacketServer().listen(workerData.path)
      setTimeout(() => parentPort.postMessage('ready'), 20)`
    for (let round = 0; round < rounds; round++) {
      const workerData = { name, peer: process.env.ANCILLARY_PEER, path: join(folder, `w${round}`) }
      const worker = new Worker(script, { eval: true, workerData })
      await new Promise((resolve) => worker.once('message', resolve).once('error', resolve))
      await worker.terminate()
    }
    return judged([], `✓ ${rounds}`)
  }
}

/** Rows that do much with memory, where what is freed is overwritten. */
const poisoned = { short: [2, 7, 16, 24], long: [1, 2, 3, 4, 5, 7, 8, 10, 11, 13, 15, 16, 21, 22, 24, 25, 27] }

async function memorySafe({ long }: Kit): Promise<Finding> {
  const numbers = long ? poisoned.long : poisoned.short
  const wrong: string[] = []
  for (const number of numbers) {
    const outcome = await startCase(number, 'ancillary', 'short', { MALLOC_PERTURB_: '165', MALLOC_CHECK_: '3' })
    if (!outcome.held) wrong.push(`row ${number}: ${outcome.figure}`)
  }
  return judged(wrong, `clean: rows ${numbers.join(', ')} with MALLOC_PERTURB_`)
}

const memorySafeWith: Case = async () => {
  const outcome = await startCase(22, 'usocket', 'short', { MALLOC_PERTURB_: '165' })
  const isEnded = /SIG|exit code/.test(outcome.figure)
  return judged(isEnded ? [outcome.figure] : [], '✓')
}

/** A connection with talk and a descriptor, closed at both ends. */
async function visit(listener: UnixListener<'seqpacket'>, path: string): Promise<void> {
  const accepting = listener.accept()
  const client = await connect(path, { type: 'seqpacket' })
  const server = await accepting
  const file = memfd('soak', { data: 'x' })
  await client.send('a request', { fds: [file] })
  const request = await server.recv()
  request?.close()
  await server.send('an answer')
  await client.recv()
  file.close()
  await Promise.all([client.close(), server.close()])
}

/** RSS against time in the long form; in the short form, the heap for each connection beside a program that keeps something. */
async function soak({ folder, long }: Kit): Promise<Finding> {
  const path = join(folder, 's')
  const listener = listen(path, { type: 'seqpacket', maxFds: 1 })
  const made = (): Promise<void> => visit(listener, path)
  const finding = long ? await soakForLong(made) : await soakBriefly(made)
  await listener.close()
  return finding
}

async function heapAfter(rounds: number, visitOnce: () => Promise<void>): Promise<number> {
  for (let round = 0; round < rounds; round++) await visitOnce()
  for (let round = 0; round < 5; round++) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

const WARM_ROUNDS = 8_000

async function soakBriefly(visitOnce: () => Promise<void>): Promise<Finding> {
  const rounds = 2_000
  const kept: Buffer[] = []
  // What is compiled and cached is there only after some thousands.
  const before = await heapAfter(WARM_ROUNDS, visitOnce)
  const open = descriptorCount()
  const ours = ((await heapAfter(rounds, visitOnce)) - before) / rounds
  const leaked = await leakedSince(open)
  const keeping = (): Promise<void> => {
    kept.push(Buffer.from(new ArrayBuffer(1024)))
    return visitOnce()
  }
  const control = ((await heapAfter(rounds, keeping)) - before) / rounds
  const wrong = [
    ...(leaked > 0 ? [`${leaked} descriptors`] : []),
    ...(ours * FACTOR > control ? [`${ours.toFixed(0)} B for each connection`] : []),
  ]
  return judged(
    wrong,
    `${ours.toFixed(0)} B, 0 descriptors for each of ${count(rounds)} connections (one that keeps 1 KiB: ${control.toFixed(0)})`,
  )
}

/** Minutes until the memory is no longer that of a beginning, and of the measurement. */
const [warm, minutes] = [1, 10]

async function soakForLong(visitOnce: () => Promise<void>): Promise<Finding> {
  const minute = 60_000
  let connections = 0
  const until = async (end: number, each: () => void): Promise<void> => {
    for (let next = 0; performance.now() < end; connections++) {
      if (performance.now() >= next) {
        each()
        next = performance.now() + 5_000
      }
      await visitOnce()
    }
  }
  await until(performance.now() + warm * minute, () => {})
  const open = descriptorCount()
  const samples: [number, number][] = []
  await until(performance.now() + minutes * minute, () => {
    globalThis.gc?.()
    samples.push([performance.now() / minute, process.memoryUsage().rss / 2 ** 20])
  })
  const leaked = await leakedSince(open)
  const slope = slopeOf(samples) * 10
  const wrong = [
    ...(leaked > 0 ? [`${leaked} descriptors`] : []),
    ...(slope > 1 ? [`RSS ${slope.toFixed(2)} MB / 10 min`] : []),
  ]
  const [first, last] = [samples[0]?.[1] ?? 0, samples.at(-1)?.[1] ?? 0]
  return judged(
    wrong,
    `${minutes} min, ${count(connections)} connections: RSS ${slope.toFixed(2)} MB / 10 min (${first.toFixed(1)} → ${last.toFixed(1)}), 0 descriptors`,
  )
}

/** Of the line nearest to all points. */
function slopeOf(points: readonly [number, number][]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, point) => sum + point[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const over = points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0)
  return over / points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0)
}

/** A million inputs by the tests of the core; in the long form a fuzzer. */
function fuzzed({ long }: Kit): Finding {
  if (!long) {
    const { status, stdout, stderr } = run('cargo', ['test', '-p', 'unix-socket', '--lib', 'survive_any_bytes'])
    const passed = /(\d+) passed/.exec(stdout)?.[1]
    return judged(status === 0 && passed === '3' ? [] : [stdout + stderr], '10⁶ inputs, 0 findings')
  }
  const { status, stderr } = run('node', ['scripts/fuzz.mjs', '--target', 'control', '--fast', '--runs', '100000000'])
  const done = /Done (\d+) runs in (\d+) second/.exec(stderr)
  if (status !== 0 || done === null) return judged([stderr.split('\n').slice(-5).join(' ')], '')
  return judged([], `${count(Number(done[1]))} runs in ${count(Number(done[2]))} s, 0 findings`)
}

function run(command: string, args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  })
  return { status, stdout: stdout ?? '', stderr: stderr || String(error ?? '') }
}

export const lifetimes: Readonly<Record<number, Cases>> = {
  21: {
    ancillary: terminated,
    usocket: terminatedWith('usocket'),
    'node-unix-socket': terminatedWith('node-unix-socket'),
    'unix-dgram': terminatedWith('unix-dgram'),
  },
  23: { ancillary: memorySafe, usocket: memorySafeWith },
  26: { ancillary: soak },
  28: { ancillary: fuzzed },
}
