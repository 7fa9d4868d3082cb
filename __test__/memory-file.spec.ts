// Memory files: content, size and seals; what a receiver may rely on, whoever sent them.
import { readFileSync, readlinkSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { listen, type Message, memfd, OwnedFd, pair, type Seal } from '../index.js'
import { fstatSync, ftruncateSync, openSync, writeSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { openCount } from './helpers/marked.js'
import { receivedFds } from './helpers/received.js'
import { type Kit, run, start } from './helpers/script.js'

const folder = guard(test)
const SEALS: readonly Seal[] = ['seal', 'shrink', 'grow', 'write']
const CONTENT = 'content'

function sorted(seals: readonly Seal[] | null): Seal[] {
  return [...(seals ?? [])].sort()
}

function codeOf(action: () => unknown): string | undefined {
  try {
    action()
    return undefined
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

test.serial('a memory file has its content, and its position is at the beginning', async (t) => {
  for (const data of [CONTENT, Buffer.from(CONTENT), [Buffer.from('con'), Buffer.from('tent')]]) {
    const file = memfd('it', { data })
    t.deepEqual([file.kind, file.access, fstatSync(file.fd).size], ['memfd', 'read-write', CONTENT.length])
    t.is(String(await file.read(100)), CONTENT)
    file.close()
  }
})

test.serial('without data it is empty, and beyond the data there are zeros up to its size', (t) => {
  const empty = memfd('it')
  const sized = memfd('it', { data: 'ab', size: 5 })
  t.is(fstatSync(empty.fd).size, 0)
  t.is(readFileSync(`/proc/self/fd/${sized.fd}`, 'latin1'), 'ab\0\0\0')
  empty.close()
  sized.close()
})

test.serial('its name is in /proc for those who debug', (t) => {
  for (const name of ['', 'it', 'ü'.repeat(124)]) {
    const file = memfd(name)
    t.is(readlinkSync(`/proc/self/fd/${file.fd}`), `/memfd:${name} (deleted)`)
    file.close()
  }
})

for (let mask = 0; mask < 1 << SEALS.length; mask++) {
  const seals = SEALS.filter((_, bit) => (mask & (1 << bit)) !== 0)
  test.serial(`sealed against [${seals}] it refuses exactly that`, (t) => {
    const file = memfd('it', { data: CONTENT, seals })
    t.deepEqual(sorted(file.seals), sorted(seals))
    const tries: Record<Seal, () => unknown> = {
      write: () => writeSync(file.fd, 'C', 0),
      shrink: () => ftruncateSync(file.fd, 1),
      grow: () => ftruncateSync(file.fd, 100),
      seal: () => file.seal(['grow']),
    }
    for (const [seal, action] of Object.entries(tries)) {
      t.is(codeOf(action), seals.includes(seal as Seal) ? 'EPERM' : undefined, seal)
    }
    file.close()
  })
}

test.serial('seals can be added later, and none can be taken away', (t) => {
  const file = memfd('it', { data: CONTENT })
  t.deepEqual(file.seals, [])
  file.seal(['write'])
  file.seal([])
  file.seal(['grow', 'shrink'])
  t.deepEqual(sorted(file.seals), ['grow', 'shrink', 'write'])
  file.seal(['seal'])
  t.throws(() => file.seal(['write']), { code: 'EPERM', message: 'fcntl EPERM' })
  file.close()
})

test.serial('only memory files have seals', (t) => {
  const device = OwnedFd.dup(0)
  const [left, right] = pair()
  const socket = left.detach()
  for (const fd of [device, socket]) {
    t.is(fd.seals, null)
    t.throws(() => fd.seal(['write']), { code: 'EINVAL' })
    fd.close()
    t.throws(() => fd.seals, { code: 'ERR_SOCKET_CLOSED' })
    t.throws(() => fd.seal(['write']), { code: 'ERR_SOCKET_CLOSED' })
  }
  right[Symbol.dispose]()
})

test.serial('a file of a file system in memory has none either', (t) => {
  const path = `/dev/shm/ancillary-${process.pid}`
  const file = OwnedFd.adopt(openSync(path, 'w'))
  unlinkSync(path)
  t.deepEqual([file.kind, file.seals], ['file', null])
  file.close()
})

test.serial('a copy for reading has the seals, and may not add any', (t) => {
  const file = memfd('it', { seals: ['grow'] })
  const copy = OwnedFd.adopt(openSync(`/proc/self/fd/${file.fd}`, 'r'))
  t.deepEqual(copy.seals, ['grow'])
  t.throws(() => copy.seal(['write']), { code: 'EPERM' })
  copy.close()
  file.close()
})

test.serial('wrong arguments are told before anything is made', (t) => {
  const before = openCount()
  const wrong: [unknown[], string][] = [
    [[1], 'ERR_INVALID_ARG_TYPE'],
    [['x'.repeat(250)], 'ERR_INVALID_ARG_VALUE'],
    [['\0'], 'ERR_INVALID_ARG_VALUE'],
    [['it', 1], 'ERR_INVALID_ARG_TYPE'],
    [['it', { data: 1 }], 'ERR_INVALID_ARG_TYPE'],
    [['it', { size: -1 }], 'ERR_OUT_OF_RANGE'],
    [['it', { data: 'abc', size: 2 }], 'ERR_OUT_OF_RANGE'],
    [['it', { size: '5' }], 'ERR_INVALID_ARG_TYPE'],
    [['it', { seals: 'write' }], 'ERR_INVALID_ARG_TYPE'],
    [['it', { seals: ['exec'] }], 'ERR_INVALID_ARG_VALUE'],
  ]
  for (const [values, code] of wrong) {
    t.throws(() => memfd(...(values as [string])), { code }, JSON.stringify(values))
  }
  t.is(openCount(), before)
})

/** In another process: trusts nothing but the seals. */
async function judge(
  { ancillary, require }: { ancillary: typeof import('../index.js'); require: NodeJS.Require },
  path: string,
  numbers: string,
) {
  const fs = require(numbers) as typeof import('./helpers/fs-numbers.js')
  const socket = await ancillary.connect(path, { maxFds: 1 })
  const seen: unknown[] = []
  for await (const message of socket) {
    const [file] = message.takeFds(1)
    const trusted = ['shrink', 'write'].every((seal) => file.seals?.includes(seal as Seal))
    const codes = [() => fs.writeSync(file.fd, 'X', 0), () => fs.ftruncateSync(file.fd, 0)].map((action) => {
      try {
        action()
        return 'done'
      } catch (error) {
        return (error as NodeJS.ErrnoException).code
      }
    })
    seen.push([trusted, trusted ? String(await file.read(100)) : null, ...codes])
    file.close()
  }
  await socket.close()
  return seen
}

test.serial('a receiver in another process sees what is sealed, and reads it from the beginning', async (t) => {
  const listener = listen(`${folder}/judge`)
  const verdict = run(judge, [`${folder}/judge`, join(__dirname, 'helpers', 'fs-numbers.js')])
  const socket = await listener.accept()
  const files = [memfd('sealed', { data: CONTENT, seals: SEALS }), memfd('open', { data: CONTENT })]
  for (const file of files) await socket.send('x', { fds: [file] })
  await socket.close()
  t.deepEqual(await verdict, [
    [true, CONTENT, 'EPERM', 'EPERM'],
    [false, null, 'done', 'done'],
  ])
  for (const file of files) file.close()
  await listener.close()
})

test.serial('within one process as well, a received file is sealed', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  const file = memfd('it', { data: CONTENT, seals: ['write'] })
  await left.send('x', { fds: [file] })
  file.close()
  const [received] = (await receivedFds(right, 1)) as [OwnedFd]
  t.deepEqual(received.seals, ['write'])
  t.throws(() => writeSync(received.fd, 'X'), { code: 'EPERM' })
  for (const one of [received, left, right]) one[Symbol.dispose]()
})

/** In a process of its own: how many of its threads close descriptors, after a file of each size came that nobody took. */
async function closers({ ancillary, require, tell }: Kit, ...sizes: number[]): Promise<void> {
  const fs = require('node:fs') as typeof import('node:fs')
  const isCloser = (thread: string) => fs.readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').includes('close')
  const count = () => fs.readdirSync('/proc/self/task').filter(isCloser).length
  const [left, right] = ancillary.pair('stream', { maxFds: 8 })
  const found: number[] = []
  for (const size of sizes) {
    const file = ancillary.memfd('it', { data: Buffer.alloc(size, 1) })
    await left.send('x', { fds: [file, file, file] })
    const message = (await right.recv()) as Message
    message.close()
    // A thread has its name only some time after it was started.
    while (size === sizes.at(-1) && count() === 0) await new Promise(setImmediate)
    found.push(count())
    file.close()
  }
  for (const one of [left, right]) one[Symbol.dispose]()
  await tell(found)
}

test.serial('small ones that nobody took are closed at once, large ones on a thread', async (t) => {
  const script = start(closers, [0, 4096, 65_536, 8 << 20])
  const [empty, small, middle, large] = await script.next<number[]>()
  t.deepEqual([empty, small, middle], [0, 0, 0])
  t.true((large as number) > 0)
  t.is(await script.end(), 0)
})
