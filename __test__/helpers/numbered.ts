// Scenarios whose system calls are read afterwards (numbers.ts): one that closes everything in every way and goes on using it, one
// that really uses a closed number.
import { createServer } from 'node:net'
import { join } from 'node:path'
import {
  bind,
  connect,
  listen,
  type Message,
  memfd,
  type OwnedFd,
  pair,
  peerCredentials,
  type UnixSocket,
} from '../../index.js'
import { native } from '../../lib/native.js'
import { serveScenarios } from './child.js'
import { fill } from './fill.js'
import { closeSync, fstatSync, openSync } from './fs-numbers.js'
import { turns } from './turns.js'

const folder = process.env.ANCILLARY_TEST_FOLDER ?? ''
let refused = 0

/** Each use of what is closed must fail without asking the kernel. */
async function useAfterClose(uses: (() => unknown)[]): Promise<void> {
  for (const use of uses) {
    try {
      await use()
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_SOCKET_CLOSED') refused++
    }
  }
}

const usesOf = (socket: UnixSocket): (() => unknown)[] => [
  () => socket.send('x'),
  () => socket.trySend('x'),
  () => socket.recv(),
  () => socket.tryRecv(),
  () => socket.recvMany(),
  () => socket.readable(),
  () => socket.shutdown('both'),
  () => socket.localAddress,
  () => socket.sendBufferSize,
  () => socket.detach(),
  () => peerCredentials(socket),
  () => socket.close(),
  () => socket[Symbol.dispose](),
]

/** Waiting receives and sends, messages that are not read, descriptors under way. */
async function closeSockets(type: 'stream' | 'seqpacket' | 'dgram'): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const [left, right] = pair(type, { maxFds: 3 })
    const waiting = right.recv().catch(() => {})
    if (round % 2 === 0) await left.send('x', { fds: [0, 1] })
    else await turns(2)
    fill(left)
    const queued = left.send('y', { fds: [2] }).catch(() => {})
    const closing = round % 3 === 0 ? left.close() : left[Symbol.dispose]()
    if (round % 3 === 1) await turns(1)
    await right.close()
    await useAfterClose([...usesOf(left), ...usesOf(right)])
    await Promise.all([waiting, queued, closing])
  }
}

/** Messages, their descriptors, and those of others. */
async function closeDescriptors(): Promise<void> {
  for (let round = 0; round < 20; round++) {
    const [left, right] = pair('seqpacket', { maxFds: 3 })
    const file = memfd('numbers', { data: 'x' })
    await left.send('x', { fds: [file, left, right] })
    const message = (await right.recv()) as Message
    const [first, ...rest] = message.takeFds()
    message.close()
    // Closed together, without an object for each.
    await left.send('y', { fds: [file, file, file] })
    ;((await right.recv()) as Message).close()
    file.close()
    for (const one of [first as OwnedFd, file]) {
      one.close()
      await useAfterClose([
        () => one.read(1),
        () => one.write('x'),
        () => one.dup(),
        () => one.kind,
        () => one.readable(),
      ])
      one.close()
    }
    for (const one of rest) one.close()
    await Promise.all([left.close(), right.close()])
  }
}

async function closeListeners(): Promise<void> {
  for (let round = 0; round < 10; round++) {
    const listener = listen(join(folder, 'numbers'), { type: 'seqpacket' })
    const clients = await Promise.all([1, 2, 3].map(() => connect(join(folder, 'numbers'), { type: 'seqpacket' })))
    const server = await listener.accept()
    const pending = round % 2 === 0 ? listener.accept().then((socket) => socket.close()) : undefined
    await pending
    await listener.close()
    await useAfterClose([() => listener.accept(), () => listener.takeAccepted(), () => listener.detach()])
    for (const socket of [server, ...clients]) {
      await socket.close()
      await useAfterClose(usesOf(socket))
    }
    const datagrams = bind(join(folder, 'numbers'))
    await datagrams.close()
    await useAfterClose(usesOf(datagrams))
  }
}

/** Node's own sockets, out of our descriptors. */
async function giveAway(): Promise<void> {
  const server = createServer((socket) => socket.end('x')).listen(join(folder, 'net'))
  await turns(3)
  for (let round = 0; round < 5; round++) {
    const socket = (await connect(join(folder, 'net'))).detach().toNetSocket()
    socket.resume()
    await new Promise((resolve) => socket.once('close', resolve))
  }
  server.close()
}

async function forget(): Promise<void> {
  await (async () => {
    for (let round = 0; round < 20; round++) {
      const [left, right] = pair('seqpacket', { maxFds: 1 })
      await left.send('x', { fds: [0] })
      await right.recv()
    }
  })()
  for (let round = 0; round < 20; round++) {
    globalThis.gc?.()
    await turns(2)
  }
}

async function everything(): Promise<unknown> {
  for (const type of ['stream', 'seqpacket', 'dgram'] as const) await closeSockets(type)
  await closeDescriptors()
  await closeListeners()
  await giveAway()
  await forget()
  native.awaitClosed(20_000)
  return { refused }
}

/** What the check must find. */
function misuse(): unknown {
  const fd = openSync('/dev/null', 'r')
  closeSync(fd)
  try {
    fstatSync(fd)
    return 'it lives'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

process.on('warning', () => {})
void serveScenarios({ everything, misuse })
