// Scenarios about identities for a process in a namespace of its own: run by child.ts with unshare(1) in front of it.
import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Credentials,
  connect,
  listen,
  type Message,
  peerCredentials,
  peerProcess,
  type SocketError,
  type UnixSocket,
} from '../../index.js'
import { Actor } from './actor.js'
import { serveScenarios } from './child.js'

function codeOf(action: () => unknown): string | null {
  try {
    action()
    return null
  } catch (error) {
    return String((error as SocketError).code)
  }
}

type Type = 'stream' | 'seqpacket'
const somebody = { uids: [1001, 1002, 1003], gids: [2001, 2002, 2003], groups: [3001, 3002] }

/** Somebody has the number of the process that connected, and its socket. Needs a pid namespace where numbers can be chosen. */
async function recycled(type: Type, options: { passCredentials?: true; passProcess?: true }): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'anc-'))
  const path = join(folder, 'sock')
  const listener = listen(path, { type, ...options })
  const actor = new Actor()
  const pid = await actor.does('fork_connect', type, path, 0)
  const socket = await listener.accept()
  const handle = peerProcess(socket)
  await actor.does('end_child')
  await actor.does('reap')
  const same = (await actor.does('fork_again', somebody, 'from another')) === pid
  const message = (await socket.recv()) as Message
  const taken = message.takeProcess()
  const { sentByPeer, uid, real, effective, groups, sources } = message.credentials as Message['credentials'] & object
  const errors = [
    codeOf(() => peerProcess(socket)),
    codeOf(() => handle?.kill('SIGKILL')),
    codeOf(() => handle?.kill(0)),
  ]
  const peer = peerCredentials(socket, { fresh: true })
  const answer = {
    same,
    told: message.credentials?.pid === pid,
    sentByPeer,
    uid,
    fields: { real, effective, groups },
    connect: Object.values(sources).filter((source) => source.when === 'connect'),
    errors,
    peer: { same: peer.pid === pid, uid: peer.uid, real: peer.real, saved: peer.saved },
    handle: handle?.alive,
    sender: taken === null ? null : { alive: taken.alive, same: taken.pid === pid },
    // Nobody has signalled it.
    living: await actor.does('child_alive'),
  }
  taken?.close()
  message.close()
  handle?.close()
  await actor.does('end_child')
  await Promise.all([actor.end(), socket.close(), listener.close()])
  rmdirSync(folder)
  return answer
}

function facts(who: Credentials | null): unknown {
  if (who === null) return null
  const { uid, gid, real, effective, saved, groups, sources } = who
  return { pid: who.pid !== null, uid, gid, real, effective, saved, groups, sources: Object.keys(sources).sort() }
}

/** In a user namespace where no id has a number: who listens outside, and who sends from there. */
async function unmapped(): Promise<unknown> {
  const socket: UnixSocket<'stream'> = await connect(process.env.ANCILLARY_TEST_PATH as string, { passProcess: true })
  // Its options are set from here on.
  await socket.send('ready')
  let peer: unknown
  const code = codeOf(() => {
    peer = facts(peerCredentials(socket))
  })
  const message = (await socket.recv()) as Message
  const process_ = message.process
  const answer = {
    map: readFileSync('/proc/self/uid_map', 'utf8'),
    code,
    peer: peer ?? null,
    message: facts(message.credentials),
    pid: process_ === null ? null : String(process_.pid),
    alive: process_?.alive,
  }
  message.close()
  await socket.close()
  return answer
}

void serveScenarios({
  'stream credentials': () => recycled('stream', { passCredentials: true }),
  'seqpacket credentials': () => recycled('seqpacket', { passCredentials: true }),
  'stream process': () => recycled('stream', { passProcess: true }),
  'seqpacket process': () => recycled('seqpacket', { passProcess: true }),
  unmapped,
})
