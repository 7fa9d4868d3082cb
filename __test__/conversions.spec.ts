// Every kind of descriptor and every conversion: it becomes an object that works and owns it, or there is a typed error and it is
// still ours. No descriptor is left behind by either.
import test, { type ExecutionContext } from 'ava'
import type { SocketError } from '../index.js'
import { runtime } from '../lib/runtime.js'
import { CONVERSIONS, type Conversion, PROOFS, type Proof } from './helpers/conversion-proofs.js'
import { descriptorCount, leakedSince } from './helpers/descriptor-count.js'
import { fstatSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { Rare } from './helpers/rare.js'
import { closeSample, openWhereThereIs, type Sample } from './helpers/samples.js'
import { fileSamples, rareSamples } from './helpers/samples-files.js'
import { socketSamples } from './helpers/samples-sockets.js'

const folder = guard(test)
let rare: Rare

test.serial.before('start the child that opens what Node cannot', () => {
  rare = new Rare(folder)
})

const samples = { ...fileSamples(folder), ...rareSamples(() => rare), ...socketSamples() }

/** What each can become. All other conversions are refused. */
const BECOMES: Record<string, Conversion[]> = {
  'file, read': ['toReadStream', 'toFileHandle'],
  'file, write': ['toWriteStream', 'toFileHandle'],
  'file, both': ['toReadStream', 'toWriteStream', 'toFileHandle'],
  'file, path': ['toFileHandle'],
  directory: ['toFileHandle'],
  'directory, path': ['toFileHandle'],
  'symlink, path': [],
  'socket file, path': [],
  'memfd, both': ['toReadStream', 'toWriteStream', 'toFileHandle'],
  'memfd, read': ['toReadStream', 'toFileHandle'],
  'tty slave': ['toTTY'],
  'tty master': ['toTTY'],
  'char device': ['toReadStream', 'toWriteStream', 'toFileHandle'],
  'char device, path': ['toFileHandle'],
  'block device, read': ['toReadStream', 'toFileHandle'],
  pidfd: [],
  'pipe, read': ['toNetSocket'],
  'pipe, write': ['toNetSocket'],
  'fifo, both': ['toNetSocket'],
  'fifo, read': ['toNetSocket'],
  'fifo, write': ['toNetSocket'],
  'fifo, path': [],
  eventfd: [],
  timerfd: [],
  signalfd: [],
  epoll: [],
  inotify: [],
  'unix-stream, connected': ['toNetSocket', 'toUnixSocket'],
  'unix-stream, listening': ['toNetServer', 'toUnixListener'],
  'unix-stream, unconnected': ['toUnixSocket'],
  'unix-seqpacket, connected': ['toUnixSocket'],
  'unix-seqpacket, listening': ['toUnixListener'],
  'unix-seqpacket, unconnected': ['toUnixSocket'],
  'unix-dgram, connected': ['toUnixSocket'],
  'unix-dgram, unconnected': ['toUnixSocket'],
  'tcp4, connected': ['toNetSocket'],
  'tcp4, listening': ['toNetServer'],
  'tcp4, unconnected': [],
  'tcp6, connected': ['toNetSocket'],
  'tcp6, listening': ['toNetServer'],
  'tcp6, unconnected': [],
  'udp4, bound': ['toDgramSocket'],
  'udp4, unbound': ['toDgramSocket'],
  'udp4, connected': [],
  'udp6, bound': ['toDgramSocket'],
  'raw socket': [],
  'ping socket': [],
  netlink: [],
  packet: [],
  vsock: [],
}

async function becomes(t: ExecutionContext, sample: Sample, conversion: Conversion): Promise<void> {
  const { fd } = sample
  const made = fd[conversion]()
  t.deepEqual([fd.closed, fd.fd], [true, -1], conversion)
  await (PROOFS[conversion] as Proof<typeof made>)(t, made, sample)
}

/** What Bun and Deno cannot make of any descriptor. */
const NOT_HERE: readonly Conversion[] =
  runtime === 'deno'
    ? ['toDgramSocket', 'toReadStream', 'toWriteStream', 'toFileHandle']
    : runtime === 'bun'
      ? ['toNetSocket', 'toDgramSocket', 'toTTY']
      : []

function isUnsupported(t: ExecutionContext, { fd }: Sample, conversion: Conversion): void {
  t.throws(() => fd[conversion](), { code: 'ERR_UNSUPPORTED_PLATFORM' }, conversion)
  t.false(fd.closed)
}

function isRefused(t: ExecutionContext, { fd }: Sample, conversion: Conversion): void {
  const { ino } = fstatSync(fd.fd)
  const error = t.throws<SocketError>(() => fd[conversion](), { code: 'ERR_FD_KIND' }, conversion)
  t.is(error?.kind, fd.kind)
  t.regex(error?.message ?? '', new RegExp(`^A descriptor of kind .*\\b${fd.kind} .*cannot become a `))
  t.false(fd.closed)
  t.is(fstatSync(fd.fd).ino, ino)
}

test.serial('the table names each sample once', (t) => {
  t.deepEqual(Object.keys(BECOMES).sort(), Object.keys(samples).sort())
})

for (const [name, open] of Object.entries(samples)) {
  const can = BECOMES[name] ?? []
  test.serial(`${name} becomes ${can.length > 0 ? can.join(' and ') : 'nothing'}, or says why not`, async (t) => {
    const before = descriptorCount()
    for (const conversion of CONVERSIONS) {
      const sample = await openWhereThereIs(open)
      if (sample === null) return t.pass('kinds.spec.ts says whether it may lack')
      if (can.includes(conversion) && NOT_HERE.includes(conversion)) isUnsupported(t, sample, conversion)
      else if (can.includes(conversion)) await becomes(t, sample, conversion)
      else isRefused(t, sample, conversion)
      closeSample(sample)
      t.is(await leakedSince(before), 0, conversion)
    }
    return undefined
  })
}

test.serial('the child that opens what Node cannot ends when nobody asks any more', async (t) => {
  t.deepEqual(await rare.end(), [0, null])
})
