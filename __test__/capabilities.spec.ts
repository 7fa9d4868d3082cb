// capabilities(): what it says can be done is done here, what it says cannot is tried and fails.
import { readdirSync } from 'node:fs'
import test from 'ava'
import * as ancillary from '../index.js'
import { constants, native } from '../lib/native.js'
import { guard } from './helpers/leaks.js'
import { withNativeResult } from './helpers/native-calls.js'
import { isRoot, type Kit, run, type ScriptOptions, unprivileged } from './helpers/script.js'

const dir = guard(test)
const { capabilities } = ancillary

type Found = Record<string, { available: boolean; reason?: string }>

/** Uses each feature by the public API: whether it did what it is for. */
async function use({ ancillary: api, require }: Kit, dir: string): Promise<[Found, Record<string, boolean>]> {
  const { readFileSync } = require('node:fs') as typeof import('node:fs')
  type Socket = ReturnType<typeof api.pair>[0]
  const withPair = async (
    action: (left: Socket, right: Socket) => unknown,
    type: 'stream' | 'seqpacket' = 'stream',
  ) => {
    const [left, right] = api.pair(type, { maxFds: 0 }) as [Socket, Socket]
    try {
      return (await action(left, right)) === true
    } finally {
      left.close()
      right.close()
    }
  }
  const received = async (left: Socket, right: Socket, data: string, options?: object) => {
    await left.send(data, options)
    const message = await right.recv()
    message?.[Symbol.dispose]?.()
    return message
  }
  const who = (test: (found: ReturnType<typeof api.peerCredentials>) => boolean) =>
    withPair((left) => test(api.peerCredentials(left)))
  const uses: Record<string, () => Promise<boolean>> = {
    seqpacket: () => withPair(async (l, r) => String((await received(l, r, 'x'))?.data) === 'x', 'seqpacket'),
    abstractNames: async () => {
      const socket = api.bind('\0')
      await socket.close()
      return true
    },
    longPaths: async () => {
      const socket = api.bind(`${dir}/${'n'.repeat(200)}`)
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
  const works: Record<string, boolean> = {}
  for (const [name, action] of Object.entries(uses)) works[name] = await action().catch(() => false)
  return [api.capabilities() as unknown as Found, works]
}

const users: [string, ScriptOptions][] = isRoot ? [['root', {}]] : []
users.push(['a user without privilege', unprivileged])

for (const [name, options] of users) {
  test.serial(`what is said of ${name} is what happens when it is done`, async (t) => {
    const folder = isRoot && options.uid !== undefined ? '/tmp' : dir
    const [found, works] = await run(use, [folder], options)
    const said = Object.fromEntries(Object.entries(found).map(([feature, { available }]) => [feature, available]))
    t.like(said, works)
    for (const [feature, { available, reason }] of Object.entries(found)) {
      t.is(typeof reason, available ? 'undefined' : 'string', feature)
      if (!available) t.true((reason as string).length > 10, feature)
    }
    const privileged = name === 'root'
    t.is(found.rawSockets?.available, privileged)
    t.is(found.claimCredentials?.available, privileged)
    if (!privileged) t.regex(String(found.rawSockets?.reason), /^the process has no privilege for it \(socket EPERM\)$/)
  })
}

test.serial('nothing is remembered, opened or changed', (t) => {
  const before = readdirSync('/proc/self/fd').length
  const found = capabilities()
  t.is(readdirSync('/proc/self/fd').length, before)
  t.deepEqual(capabilities(), found)
  t.not(capabilities(), found)
})

function unavailable(): string[] {
  return Object.entries(capabilities() as unknown as Found)
    .filter(([, { available, reason }]) => !available && reason !== undefined)
    .map(([name]) => name)
}

const ENOPROTOOPT = -92
for (const [name, features] of [
  ['setNumber', ['emptyRecords', 'passRights', 'passCredentials', 'passProcess']],
  ['getOption', ['peerCredentials', 'peerGroups', 'peerLabel']],
  ['peerProcess', ['peerProcess', 'processIds']],
  ['processInfo', ['processIds']],
  ['open', ['seqpacket', 'abstractNames', 'rawSockets']],
  ['bindName', ['abstractNames']],
  ['send', ['claimCredentials']],
] as const) {
  test.serial(`a kernel that cannot ${name} lacks ${features.join(', ')}, and says so`, (t) => {
    const usual = unavailable()
    withNativeResult(name, ENOPROTOOPT, () => {
      t.deepEqual(unavailable().sort(), [...new Set([...usual, ...features])].sort())
      const { reason } = capabilities()[features[0]] as { reason?: string }
      t.regex(String(reason), /^the kernel has no such option, or it is switched off \(\w+ ENOPROTOOPT\)$/)
    })
  })
}

test.serial('each option is tried by itself: without SO_PASSPIDFD only passProcess is missing', (t) => {
  const usual = unavailable()
  const original = native.setNumber
  native.setNumber = (fd, name, value) => (name === constants.soPasspidfd ? ENOPROTOOPT : original(fd, name, value))
  try {
    t.deepEqual(
      unavailable(),
      Object.keys(capabilities()).filter((name) => name === 'passProcess' || usual.includes(name)),
    )
  } finally {
    native.setNumber = original
  }
})

test.serial('out of descriptors it cannot tell: EMFILE, and nothing is left open', async (t) => {
  const codes = await run(withFewDescriptors, [], { shell: 'ulimit -n 64' })
  t.regex(codes.join(' '), /^(EMFILE ){3,}(found ?)+$/)
})

/** What becomes of it with ever more free descriptors. */
function withFewDescriptors({ ancillary: api, require }: Kit): string[] {
  const { openSync, closeSync } = require('node:fs') as typeof import('node:fs')
  const files: number[] = []
  const exhaust = (): void => {
    try {
      for (;;) files.push(openSync('/dev/null', 'r'))
    } catch {}
  }
  exhaust()
  return [0, 1, 2, 3, 4, 6, 8, 12].map((free) => {
    const taken = files.length
    for (let count = 0; count < free; count++) closeSync(files.pop() as number)
    let outcome = 'found'
    try {
      api.capabilities()
    } catch (error) {
      outcome = String((error as NodeJS.ErrnoException).code)
    }
    exhaust()
    return files.length === taken ? outcome : `${outcome}, and ${taken - files.length} lost`
  })
}
