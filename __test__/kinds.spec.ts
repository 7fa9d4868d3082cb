// What a descriptor is, in three words: kind, state and access, for one of every kind that Linux has.
import test from 'ava'
import { guard } from './helpers/leaks.js'
import { Rare } from './helpers/rare.js'
import { closeSample, openWhereThereIs } from './helpers/samples.js'
import { fileSamples, rareSamples } from './helpers/samples-files.js'
import { socketSamples } from './helpers/samples-sockets.js'
import { isRoot } from './helpers/script.js'

const folder = guard(test)
let rare: Rare

test.serial.before('start the child that opens what Node cannot', () => {
  rare = new Rare(folder)
})

const samples = { ...fileSamples(folder), ...rareSamples(() => rare), ...socketSamples() }

/** kind, state, access. */
const EXPECTED: Record<string, [string, string | null, string]> = {
  'file, read': ['file', null, 'read'],
  'file, write': ['file', null, 'write'],
  'file, both': ['file', null, 'read-write'],
  'file, path': ['file', null, 'path'],
  directory: ['directory', null, 'read'],
  'directory, path': ['directory', null, 'path'],
  'symlink, path': ['symlink', null, 'path'],
  'socket file, path': ['socket', null, 'path'],
  'memfd, both': ['memfd', null, 'read-write'],
  'memfd, read': ['memfd', null, 'read'],
  'tty slave': ['tty', null, 'read-write'],
  'tty master': ['tty', null, 'read-write'],
  'char device': ['char-device', null, 'read-write'],
  'char device, path': ['char-device', null, 'path'],
  'block device, read': ['block-device', null, 'read'],
  pidfd: ['pidfd', null, 'read-write'],
  'pipe, read': ['pipe', null, 'read'],
  'pipe, write': ['pipe', null, 'write'],
  'fifo, both': ['fifo', null, 'read-write'],
  'fifo, read': ['fifo', null, 'read'],
  'fifo, write': ['fifo', null, 'write'],
  'fifo, path': ['fifo', null, 'path'],
  eventfd: ['eventfd', null, 'read-write'],
  timerfd: ['timerfd', null, 'read-write'],
  signalfd: ['signalfd', null, 'read-write'],
  epoll: ['epoll', null, 'read-write'],
  inotify: ['inotify', null, 'read'],
  'unix-stream, connected': ['unix-stream', 'connected', 'read-write'],
  'unix-stream, listening': ['unix-stream', 'listening', 'read-write'],
  'unix-stream, unconnected': ['unix-stream', 'unconnected', 'read-write'],
  'unix-seqpacket, connected': ['unix-seqpacket', 'connected', 'read-write'],
  'unix-seqpacket, listening': ['unix-seqpacket', 'listening', 'read-write'],
  'unix-seqpacket, unconnected': ['unix-seqpacket', 'unconnected', 'read-write'],
  'unix-dgram, connected': ['unix-dgram', 'connected', 'read-write'],
  'unix-dgram, unconnected': ['unix-dgram', 'unconnected', 'read-write'],
  'tcp4, connected': ['tcp', 'connected', 'read-write'],
  'tcp4, listening': ['tcp', 'listening', 'read-write'],
  'tcp4, unconnected': ['tcp', 'unconnected', 'read-write'],
  'tcp6, connected': ['tcp', 'connected', 'read-write'],
  'tcp6, listening': ['tcp', 'listening', 'read-write'],
  'tcp6, unconnected': ['tcp', 'unconnected', 'read-write'],
  'udp4, bound': ['udp', 'unconnected', 'read-write'],
  'udp4, unbound': ['udp', 'unconnected', 'read-write'],
  'udp4, connected': ['udp', 'connected', 'read-write'],
  'udp6, bound': ['udp', 'unconnected', 'read-write'],
  'raw socket': ['raw', 'unconnected', 'read-write'],
  'ping socket': ['ping', 'unconnected', 'read-write'],
  // Its peer is the kernel.
  netlink: ['netlink', 'connected', 'read-write'],
  packet: ['packet', 'unconnected', 'read-write'],
  vsock: ['vsock', 'unconnected', 'read-write'],
}

/** Systems without IPv6, without these sockets, and users who may not. */
const MAY_LACK = ['tcp6, connected', 'tcp6, listening', 'tcp6, unconnected', 'udp6, bound', 'ping socket', 'vsock']
const FOR_ROOT = ['block device, read', 'raw socket', 'packet']

test.serial('the table names each sample once', (t) => {
  t.deepEqual(Object.keys(EXPECTED).sort(), Object.keys(samples).sort())
})

for (const [name, open] of Object.entries(samples)) {
  test.serial(`kind, state and access are told: ${name}`, async (t) => {
    const sample = await openWhereThereIs(open)
    const mayLack = [...MAY_LACK, ...(isRoot ? [] : FOR_ROOT)].includes(name)
    t.true(sample !== null || mayLack, 'It could not be opened')
    if (sample === null) return
    const { kind, state, access } = sample.fd
    t.deepEqual([kind, state, access], EXPECTED[name])
    closeSample(sample)
  })
}

test.serial('the child that opens what Node cannot ends when nobody asks any more', async (t) => {
  t.deepEqual(await rare.end(), [0, null])
})
