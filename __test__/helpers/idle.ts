// Scenarios of processes that have nothing but their sockets: those that wait are woken by a timer that keeps nothing
// alive itself, so that a process that would have ended never says "done".
import { execFileSync } from 'node:child_process'
import { constants, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bind, connect, listen, OwnedFd, pair, type UnixSocket } from '../../index.js'
import { serveScenarios } from './child.js'
import { drain, fill } from './fill.js'
import { openSync, writeSync } from './fs-numbers.js'

const folder = mkdtempSync(join(tmpdir(), 'anc-'))
const path = join(folder, 's')
process.on('exit', () => rmSync(folder, { recursive: true }))

/** Later, unless the process has ended by then. */
function later(action: () => unknown): void {
  setTimeout(action, 50).unref()
}

/** Says so when nothing is left to do but `waiting`. */
function idleBeside(waiting?: Promise<unknown>): 'idle' {
  waiting?.then(
    () => process.exit(3),
    () => {},
  )
  return 'idle'
}

async function doneAfter(waiting: Promise<unknown>): Promise<'done'> {
  kept.push(await waiting)
  return 'done'
}

function fullReceiver(): { receiver: UnixSocket<'dgram'>; sender: UnixSocket<'dgram'> } {
  const receiver = bind('\0')
  const sender = bind(null)
  kept.push(receiver, sender)
  const to = receiver.localAddress ?? ''
  while (sender.trySend('x', { to }));
  return { receiver, sender }
}

function openFifo(): OwnedFd {
  execFileSync('mkfifo', [path])
  return OwnedFd.adopt(openSync(path, constants.O_RDWR))
}

/** Kept until the end of the process, so that nothing is collected. */
const kept: unknown[] = []

function openPair(): [UnixSocket<'stream'>, UnixSocket<'stream'>] {
  const sockets = pair()
  kept.push(sockets)
  return sockets
}

function unrefListener(): 'idle' {
  const listener = listen(path).unref()
  kept.push(listener)
  return idleBeside(listener.accept())
}

function unrefAfter(): 'idle' {
  const [, right] = openPair()
  const waiting = right.recv()
  right.unref()
  return idleBeside(waiting)
}

async function endedOperation(): Promise<'idle'> {
  const [left, right] = openPair()
  const waiting = right.recv()
  await left.send('x')
  await waiting
  return idleBeside()
}

async function abortedOperation(): Promise<'idle'> {
  const [, right] = openPair()
  await right.recv({ timeout: 1 }).catch(() => {})
  return idleBeside()
}

function unrefDatagram(): 'idle' {
  const { receiver, sender } = fullReceiver()
  return idleBeside(sender.unref().send('x', { to: receiver.localAddress ?? '' }))
}

function receiveWaits(): Promise<'done'> {
  const [left, right] = openPair()
  later(() => left.send('x'))
  return doneAfter(right.recv())
}

function refAgain(): Promise<'done'> {
  const [left, right] = openPair()
  later(() => left.send('x'))
  const waiting = right.unref().recv()
  right.ref()
  return doneAfter(waiting)
}

function sendWaits(): Promise<'done'> {
  const [left, right] = openPair()
  fill(left)
  later(() => drain(right))
  return doneAfter(left.send('x'))
}

function acceptWaits(): Promise<'done'> {
  const listener = listen(path)
  kept.push(listener)
  later(async () => kept.push(await connect(path)))
  return doneAfter(listener.accept())
}

function datagramWaits(): Promise<'done'> {
  const { receiver, sender } = fullReceiver()
  later(() => drain(receiver))
  return doneAfter(sender.send('x', { to: receiver.localAddress ?? '' }))
}

function fifoWaits(): Promise<'done'> {
  const fifo = openFifo()
  later(() => writeSync(fifo.fd, 'x'))
  return doneAfter(fifo.read(1))
}

void serveScenarios({
  openSockets: () => idleBeside(void openPair()),
  openListener: () => idleBeside(void kept.push(listen(path))),
  unrefBefore: () => idleBeside(openPair()[1].unref().recv()),
  unrefAfter,
  unrefListener,
  unrefDatagram,
  endedOperation,
  abortedOperation,
  receiveWaits,
  refAgain,
  sendWaits,
  acceptWaits,
  datagramWaits,
  fifoWaits,
})
