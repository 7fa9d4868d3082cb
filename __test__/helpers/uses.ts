// Each feature that `capabilities()` knows, used by the public API: whether it did what it is for.
import { readFileSync } from 'node:fs'
import * as api from '../../index.js'

type Socket = api.UnixSocket

async function withPair(
  action: (left: Socket, right: Socket) => unknown,
  type: 'stream' | 'seqpacket' = 'stream',
): Promise<boolean> {
  const [left, right] = api.pair(type, { maxFds: 0 }) as [Socket, Socket]
  try {
    return (await action(left, right)) === true
  } finally {
    await Promise.all([left.close(), right.close()])
  }
}

async function received(left: Socket, right: Socket, data: string, options?: object): Promise<api.Message | null> {
  await left.send(data, options)
  const message = await right.recv()
  message?.[Symbol.dispose]?.()
  return message
}

function who(test: (found: api.Credentials) => boolean): Promise<boolean> {
  return withPair((left) => test(api.peerCredentials(left)))
}

const uses: Readonly<Record<string, (folder: string) => Promise<boolean>>> = {
  seqpacket: () => withPair(async (l, r) => String((await received(l, r, 'x'))?.data) === 'x', 'seqpacket'),
  abstractNames: async () => {
    const socket = api.bind('\0')
    await socket.close()
    return true
  },
  longPaths: async (folder) => {
    const socket = api.bind(`${folder}/${'n'.repeat(200)}`)
    await socket.close()
    return true
  },
  emptyRecords: () => withPair(async (l, r) => (await received(l, r, ''))?.data.length === 0, 'seqpacket'),
  passRights: () =>
    withPair(async (l) =>
      l.send('x', { fds: [0] }).then(
        () => false,
        (e) => e.code === 'ERR_FDS_REFUSED',
      ),
    ),
  passCredentials: () =>
    withPair(async (l, r) => {
      r.passCredentials = true
      return (await received(l, r, 'x'))?.credentials?.pid === process.pid
    }),
  passProcess: async () => {
    const [left, right] = api.pair('stream', { passProcess: true })
    await left.send('x')
    const message = await right.recv()
    const same = message?.process?.pid === process.pid && message.process.alive
    message?.[Symbol.dispose]()
    await Promise.all([left.close(), right.close()])
    return same
  },
  peerCredentials: () => who(({ pid, uid }) => pid === process.pid && uid === process.geteuid?.()),
  peerGroups: () => who(({ groups }) => groups !== null),
  peerLabel: () => who(({ label }) => label !== null),
  peerProcess: () =>
    withPair((left) => {
      const handle = api.peerProcess(left)
      handle?.close()
      return handle !== null
    }),
  processIds: () => who(({ real, saved }) => real?.uid === process.getuid?.() && saved !== null),
  allIdsMapped: async () => /^\s*0\s+0\s+4294967295\s*$/.test(readFileSync('/proc/self/uid_map', 'utf8')),
  claimCredentials: () =>
    withPair(async (l, r) => {
      r.passCredentials = true
      const credentials = { pid: 1, uid: 0, gid: 0 }
      return (await received(l, r, 'x', { credentials }))?.credentials?.pid === 1
    }),
  rawSockets: async () => {
    api.openSocket('inet', 'raw', 'icmp').close()
    return true
  },
}

/** What is said of each feature, and what came of using it. A long path is made in `folder`. */
export async function useAll(folder: string): Promise<[api.Capabilities, Record<string, boolean>]> {
  const works: Record<string, boolean> = {}
  for (const [name, use] of Object.entries(uses)) works[name] = await use(folder).catch(() => false)
  return [api.capabilities(), works]
}
