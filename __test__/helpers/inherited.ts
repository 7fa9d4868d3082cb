// Scenarios for descriptors that somebody else made, without O_NONBLOCK: standard input is a pipe or a socket.
import { constants } from 'node:fs'
import { OwnedFd, pair, type SocketError, UnixSocket } from '../../index.js'
import { serveScenarios } from './child.js'
import { fill } from './fill.js'
import { openSync, writeSync } from './fs-numbers.js'
import { stateOf } from './turns.js'

function isNonblocking(fd: OwnedFd): boolean {
  return (fd.flags & constants.O_NONBLOCK) !== 0
}

async function emptyPipe(): Promise<unknown> {
  const pipe = OwnedFd.dup(0)
  const writer = openSync('/proc/self/fd/0', 'w')
  const read = pipe.read(10)
  const state = await stateOf(read)
  writeSync(writer, 'late')
  return { kind: pipe.kind, state, data: String(await read), nonblocking: isNonblocking(pipe) }
}

async function fullPipe(): Promise<unknown> {
  const writer = OwnedFd.adopt(openSync('/proc/self/fd/0', 'w'))
  const page = Buffer.alloc(4096)
  let write = writer.write(page)
  while ((await stateOf(write)) === 'fulfilled') write = writer.write(page)
  await OwnedFd.dup(0).read(8192)
  return { written: await write, nonblocking: isNonblocking(writer) }
}

/** Our parent neither writes nor reads. */
async function silentSocket(): Promise<unknown> {
  const bare = OwnedFd.dup(0)
  const states: string[] = [
    await bare.read(1, { timeout: 1 }).then(
      () => 'fulfilled',
      () => 'rejected',
    ),
  ]
  const socket = UnixSocket.adopt(bare)
  states.push(await stateOf(socket.recv()))
  fill(socket)
  states.push(await stateOf(socket.send('x')))
  const nonblocking = isNonblocking(OwnedFd.dup(0))
  socket[Symbol.dispose]()
  return { states, nonblocking }
}

/** Node ignores SIGPIPE; a handler that comes and goes leaves it deadly. */
async function deadlySignal(): Promise<unknown> {
  const handler = (): void => {}
  process.on('SIGPIPE', handler).removeListener('SIGPIPE', handler)
  const [left, right] = pair()
  await right.close()
  const codes = [await codeOf(left.send('x'))]
  const bare: OwnedFd = left.detach()
  codes.push(await codeOf(bare.write('x')))
  bare.close()
  return codes
}

async function codeOf(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(
    () => 'no error',
    (error: SocketError) => error.code,
  )
}

void serveScenarios({ emptyPipe, fullPipe, silentSocket, deadlySignal })
