/**
 * An http server is replaced again and again under load, and no client notices. The load is autocannon with connections that are
 * kept alive; with `--kill`, each successor has forerunners that are killed in the middle of their take-over.
 *
 *   npm run example:graceful-restart -- [--times 10] [--connections 20] [--tcp] [--kill]
 *
 * Ends with 1 unless every request was answered. The server is graceful-restart/server.ts; your program imports 'ancillary/handoff'.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { on, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { Load } from './graceful-restart/load.js'

/** About as long as a successor takes from its start to its end: a kill falls anywhere within. */
const START_MS = 300
/** What takes longer is stuck: no request of ours takes a second. */
const PATIENCE_MS = 60_000
const STOPS = ['taken', 'ready', 'anywhere'] as const

const { values } = parseArgs({
  options: {
    times: { type: 'string', default: '10' },
    connections: { type: 'string', default: '20' },
    tcp: { type: 'boolean', default: false },
    kill: { type: 'boolean', default: false },
  },
})

const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
const handoffPath = join(folder, 'handoff')
let where = values.tcp ? '0' : join(folder, 'http.sock')
const ends: Promise<number | NodeJS.Signals>[] = []
const running = new Set<ChildProcess>()
let last: ChildProcess | undefined
let killed = 0
let told = 0

function start(stopAt?: string): ChildProcess {
  const env = { ...process.env, ...(stopAt === undefined ? {} : { GRACEFUL_RESTART_STOP_AT: stopAt }) }
  const child = fork(join(__dirname, 'graceful-restart', 'server.js'), [handoffPath, where], { env })
  running.add(child)
  child.once('exit', () => running.delete(child))
  child.on('message', (message: { failed?: string }) => {
    if (message.failed !== undefined) told++
  })
  return child
}

/** Resolves when the new process serves. Its end comes much later, when its own successor has taken over. */
async function replace(): Promise<void> {
  const child = start()
  ends.push(endOf(child))
  for await (const [message] of on(child, 'message', { close: ['exit'], signal: AbortSignal.timeout(PATIENCE_MS) })) {
    if (message.serving === undefined) continue
    where = String(message.serving)
    last = child
    return
  }
  throw new Error('A server ended before it served')
}

async function endOf(child: ChildProcess): Promise<number | NodeJS.Signals> {
  const [code, signal] = await once(child, 'exit')
  return code ?? signal
}

/** A successor that does not come to its end. */
async function killOne(at: (typeof STOPS)[number]): Promise<void> {
  const child = start(at === 'anywhere' ? 'taken' : at)
  const end = endOf(child)
  const there =
    at === 'anywhere'
      ? setTimeout(Math.random() * START_MS)
      : once(child, 'message', { signal: AbortSignal.timeout(PATIENCE_MS) })
  await Promise.race([end, there])
  child.kill('SIGKILL')
  killed++
  if ((await end) !== 'SIGKILL') throw new Error('A successor ended before it was killed')
}

/** Of the old processes all must end by themselves. The last one serves still: it is told. */
async function endAll(): Promise<number> {
  last?.kill('SIGTERM')
  const stuck = global.setTimeout(killAll, PATIENCE_MS)
  const codes = await Promise.all(ends)
  clearTimeout(stuck)
  return codes.slice(0, -1).filter((code) => code !== 0).length
}

function killAll(): void {
  for (const child of running) child.kill('SIGKILL')
}

async function main(): Promise<void> {
  const began = performance.now()
  await replace()
  const load = new Load(where, Number(values.connections))
  for (let count = 0; count < Number(values.times); count++) {
    if (values.kill) await killOne(STOPS[Math.floor(Math.random() * STOPS.length)] as (typeof STOPS)[number])
    await replace()
  }
  const { served, processes, ...troubles } = await load.end()
  const bad = { ...troubles, 'ended badly': await endAll() }
  const seconds = ((performance.now() - began) / 1000).toFixed(1)
  console.log(`replaced ${values.times} times, ${killed} successors killed, ${told} failures told, in ${seconds} s`)
  console.log(`served ${served} requests by ${processes} processes`)
  console.log(
    Object.entries(bad)
      .map(([what, count]) => `${what} ${count}`)
      .join(', '),
  )
  if (served === 0 || Object.values(bad).some((count) => count > 0)) process.exitCode = 1
}

main().finally(() => {
  killAll()
  rmSync(folder, { recursive: true, force: true })
})
