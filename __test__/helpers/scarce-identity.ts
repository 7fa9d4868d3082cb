// Scenarios about identities for a process that is short of descriptors: run by child.ts with a low limit.
import { type Message, pair, peerCredentials, peerProcess, type SocketError } from '../../index.js'
import { serveScenarios } from './child.js'
import { dispose } from './dispose.js'
import { exhaust } from './exhaust.js'
import { openCount } from './marked.js'

function errorOf(action: () => unknown): object | null {
  try {
    action()
    return null
  } catch (error) {
    const { code, errno, syscall } = error as SocketError
    return { code, errno, syscall }
  }
}

function peer(): unknown {
  const [left, right] = pair()
  // Whether each id is mapped is read once, from a file.
  peerCredentials(left)
  const before = openCount()
  const restore = exhaust()
  const process_ = errorOf(() => peerProcess(left))
  const { pid, uid, gid, effective, groups, real, saved, sources } = peerCredentials(left, { fresh: true })
  restore()
  const leaked = openCount() - before
  const handle = peerProcess(left)
  const again = { real: peerCredentials(left, { fresh: true }).real !== null, alive: handle?.alive }
  handle?.close()
  dispose(left, right)
  return {
    process: process_,
    facts: { own: pid === process.pid, uid, gid, effective, groups: Array.isArray(groups), real, saved },
    sources: { real: 'real' in sources, saved: 'saved' in sources },
    again,
    leaked,
  }
}

async function message(type: 'stream' | 'seqpacket' | 'dgram'): Promise<unknown> {
  const [left, right] = pair(type, { passProcess: true })
  await right.readable({ timeout: 0 }).catch(() => {})
  // Whether each id is mapped is read once, from a file.
  peerCredentials(right.fd)
  await left.send('data')
  const before = openCount()
  const restore = exhaust()
  const poor = (await right.recv()) as Message
  const found = poor.credentials
  const refused = errorOf(() => poor.process)
  const take = errorOf(() => poor.takeProcess())
  poor.close()
  restore()
  const leaked = openCount() - before
  await left.send('next')
  const next = (await right.recv()) as Message
  const answer = {
    data: String(poor.data),
    process: refused,
    take,
    credentials: { own: found?.pid === process.pid, uid: found?.uid, sentByPeer: found?.sentByPeer },
    leaked,
    next: { data: String(next.data), alive: next.process?.alive, sentByPeer: next.credentials?.sentByPeer },
  }
  dispose(left, right, next)
  return answer
}

void serveScenarios({
  peer,
  stream: () => message('stream'),
  seqpacket: () => message('seqpacket'),
  dgram: () => message('dgram'),
})
