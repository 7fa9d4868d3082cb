// Scenarios for a process that is short of descriptors: run by child.ts with a low limit.
import { type Message, pair, type SocketError, type UnixSocket } from '../../index.js'
import { serveScenarios } from './child.js'
import { dispose } from './dispose.js'
import { exhaust } from './exhaust.js'
import { drain, fill } from './fill.js'
import { closeSync } from './fs-numbers.js'
import { openCount } from './marked.js'

/** The poller opens its descriptors at the first wait. */
async function startPoller(socket: UnixSocket): Promise<void> {
  await socket.readable({ timeout: 0 }).catch(() => {})
}

async function queueWithoutDescriptors(): Promise<unknown> {
  const [left, right] = pair('seqpacket', { maxFds: 3 })
  await startPoller(right)
  fill(left)
  const before = openCount()
  const first = left.send('first')
  const restore = exhaust(2)
  const doomed = left.send('doomed', { fds: [0, 1, 2] })
  const last = left.send('last')
  const error = (await doomed.catch((reason: unknown) => reason)) as SocketError
  restore()
  const arrived = drain(right)
  const ended = await Promise.allSettled([first, last])
  arrived.push(...drain(right))
  const words = arrived.map(String).filter((text) => text === 'first' || text === 'last')
  const others = ended.map(({ status }) => status)
  const leaked = openCount() - before
  dispose(left, right)
  return { code: error.code, syscall: error.syscall, others, arrived: words.length, leaked }
}

/** A message with more descriptors than are free, on a socket that does not wait for more; then one that fits. */
async function receiveWithTwoFree(type: 'stream' | 'seqpacket' | 'dgram'): Promise<unknown> {
  const [left, right] = pair(type, { maxFds: 5, pauseWhenScarce: false })
  await startPoller(right)
  await left.send('data', { fds: [0, 1, 2, 0, 1] })
  const before = openCount()
  const restore = exhaust(2)
  const message = (await right.recv()) as Message
  restore()
  const leaked = openCount() - before
  await left.send('next', { fds: [0, 1] })
  const next = (await right.recv()) as Message
  const answer = {
    data: message.data.toString(),
    truncated: message.fdsTruncated,
    fds: codeOf(() => message.fds),
    take: codeOf(() => message.takeFds()),
    leaked,
    next: [next.data.toString(), next.fdsTruncated, next.fds.length],
  }
  dispose(left, right, next)
  return answer
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return (error as SocketError).code
  }
}

/** Numbers that received and own descriptors get when standard input and output are closed. */
async function withoutStandardInput(): Promise<unknown> {
  closeSync(0)
  const [left, right] = pair('stream', { maxFds: 1 })
  await left.send('x', { fds: [1] })
  const message = (await right.recv()) as Message
  const answer = [left, right, ...message.fds].every(({ fd }) => fd > 2)
  dispose(left, right, message)
  return answer
}

void serveScenarios({
  queueWithoutDescriptors,
  receiveStream: () => receiveWithTwoFree('stream'),
  receiveSeqpacket: () => receiveWithTwoFree('seqpacket'),
  receiveDatagram: () => receiveWithTwoFree('dgram'),
  withoutStandardInput,
})
