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

/** In the other process: its helper was loaded before it became somebody else. */
function use({ require }: Kit, folder: string): Promise<[Found, Record<string, boolean>]> {
  return require('./uses.js').useAll(folder)
}

const users: [string, ScriptOptions][] = isRoot ? [['root', {}]] : []
users.push(['a user without privilege', unprivileged])

for (const [name, options] of users) {
  test.serial(`what is said of ${name} is what happens when it is done`, async (t) => {
    const folder = isRoot && options.uid !== undefined ? '/tmp' : dir
    const [found, works] = await run(use, [folder], { ...options, preload: './uses.js' })
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
  ['getOption', ['peerGroups', 'peerLabel']],
  ['peerFacts', ['peerCredentials']],
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
