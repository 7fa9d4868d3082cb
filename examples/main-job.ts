/**
 * The main job of the package in one command. Process B opens two sockets and sends them to process A, which reads from
 * them; then B says who it is, and A finds out whether that is true.
 *
 * With CAP_NET_RAW (root) the sockets are raw ICMP and ICMPv6 ones, and what A reads from them, long after it gave up
 * all privileges, are the packets of a ping. Without, they are UDP sockets. This file only starts the two processes and
 * counts what was checked; read main-job/receiver.ts (A) and main-job/sender.ts (B) for the sockets.
 *
 * The examples import '../index.js' because they live in the repository; your program imports 'ancillary'.
 */
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { constants, networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { hasCode, openSocket } from '../index.js'
import type { Plan } from './main-job/plan.js'
import { type Check, checkLine, heading, type Told } from './main-job/report.js'

const NOBODY = 65_534
const DEADLINE = 20_000

const checks: Check[] = []
const over = new AbortController()
const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => interrupt(signal))

main()
  .catch((error: Error) => check('the demo ran', false, error.message))
  .finally(summarize)

async function main(): Promise<void> {
  const plan = makePlan()
  setTimeout(() => stop(`the demo took less than ${DEADLINE / 1000} s`), DEADLINE).unref()
  const receiver = start('receiver', plan)
  const receiverEnded = ended('A', receiver)
  const listening = new Promise<void>((resolve) => receiver.on('message', (told: Told) => told.listening && resolve()))
  await Promise.race([listening, receiverEnded])
  if (over.signal.aborted) return
  const sender = start('sender', plan)
  receiver.on('message', ({ said }: Told) => said && checkIdentity(said, sender))
  await Promise.all([receiverEnded, ended('B', sender)])
  if (over.signal.aborted) return
  check('nothing is left in the folder of the socket', readdirSync(folder).length === 0)
}

/** What this machine and this user allow. */
function makePlan(): Plan {
  const raw = mayOpenRawSockets()
  console.log(
    raw
      ? 'This user may open raw sockets: the descriptors will be ICMP sockets, and the data the packets of a ping.'
      : 'This user may not open raw sockets: CAP_NET_RAW is missing, which root has. The descriptors will be UDP sockets.',
  )
  const ipv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
  if (!ipv6) console.log('This machine has no ::1: both sockets will speak IPv4.')
  const nonce = randomBytes(6).toString('hex')
  const user = userForReceiver()
  if (user === null) console.log('Process A stays the user that it is: this one cannot become another.')
  return { path: join(folder, 'socket'), nonce, raw, families: ['inet', ipv6 ? 'inet6' : 'inet'], user }
}

function mayOpenRawSockets(): boolean {
  try {
    openSocket('inet', 'raw', 'icmp').close()
    return true
  } catch (error) {
    if (hasCode(error, 'EPERM') || hasCode(error, 'EACCES')) return false
    throw error
  }
}

/** Root lets A become nobody and gives it the folder. Other users cannot, nor can root where that id does not exist. */
function userForReceiver(): number | null {
  try {
    if (process.getuid?.() !== 0) return null
    chownSync(folder, NOBODY, NOBODY)
    return NOBODY
  } catch {
    return null
  }
}

function start(file: string, plan: Plan): ChildProcess {
  const program = join(__dirname, 'main-job', `${file}.js`)
  const child = fork(program, [JSON.stringify(plan)], { signal: over.signal, killSignal: 'SIGKILL' })
  child.on('message', (told: Told) => told.check && checks.push(told.check))
  return child
}

/** Waits for the end of a process; a bad one ends the other process as well. */
async function ended(name: string, child: ChildProcess): Promise<void> {
  const end = await new Promise((resolve) => {
    child.once('error', resolve)
    child.once('close', (code, signal) => resolve(signal ?? `exit code ${code}`))
  })
  if (over.signal.aborted) return
  if (end === 'exit code 0') check(`process ${name} ended well`, true)
  else stop(`process ${name} ended well`, String(end))
}

function stop(claim: string, detail?: string): void {
  check(claim, false, detail)
  over.abort()
}

function interrupt(signal: NodeJS.Signals): void {
  over.abort()
  process.exit(128 + constants.signals[signal])
}

/** The parent is the witness: it knows B because it started it. */
function checkIdentity({ word, pid, uid, gid }: NonNullable<Told['said']>, sender: ChildProcess): void {
  const same = pid === sender.pid && uid === process.geteuid?.() && gid === process.getegid?.()
  check(`the sender of '${word}' is the process that the parent started as B`, same, `pid ${sender.pid}`)
}

function check(claim: string, holds: boolean, detail?: string): void {
  checks.push({ claim, holds, detail })
}

function summarize(): void {
  heading('Checked')
  for (const each of checks) console.log(checkLine(each))
  const held = checks.filter(({ holds }) => holds).length
  console.log(`\n${held} of ${checks.length} checks held.`)
  process.exitCode = held === checks.length && held > 0 ? 0 : 1
}
