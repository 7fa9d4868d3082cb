// Wrong arguments of descriptors: typed errors before any system call; nothing leaks and everything stays usable.
import test from 'ava'
import { OwnedFd, openSocket, pair, peerCredentials, UnixListener, UnixSocket } from '../index.js'
import { openSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { type Case, casesOf, RANGE, TYPE, tryAll, VALUE, wrongData, wrongNumbers, wrongWaits } from './helpers/wrong.js'

guard(test)

const [left, right] = pair()
const owned = OwnedFd.dup(0)

test.serial.after.always('close what all tests share', async () => {
  owned.close()
  await Promise.all([left.close(), right.close()])
})

const internet: [unknown, string][] = [
  [undefined, TYPE],
  ['127.0.0.1', TYPE],
  [{ address: 1 }, TYPE],
  [{ address: '127.0.0.1', port: 65_536 }, RANGE],
  [{ address: '127.0.0.1', port: '80' }, TYPE],
]

const tables: Record<string, Case[]> = {
  'numbers to adopt': [OwnedFd.adopt, UnixSocket.adopt, UnixListener.adopt].flatMap((adopt) =>
    casesOf([...wrongNumbers, [undefined, TYPE]], (fd) => adopt(fd as number)),
  ),
  'sources of descriptors': [
    ...casesOf(
      [
        [-1, RANGE],
        ['0', TYPE],
        [null, TYPE],
      ],
      (source) => OwnedFd.dup(source as number),
    ),
    ...casesOf(
      [
        [-1, RANGE],
        ['0', TYPE],
        [null, TYPE],
      ],
      (source) => peerCredentials(source as number),
    ),
  ],
  'sizes of reads': [
    ...casesOf([...wrongNumbers, [0, RANGE], [2 ** 31, RANGE]], (size) => owned.read(size as number)),
    ...casesOf([...wrongNumbers, [0, RANGE]], (size) => owned.recvFrom(size as number)),
  ],
  'data to write': [
    ...casesOf(wrongData, (data) => owned.write(data as string)),
    ...casesOf(wrongData, (data) => owned.sendTo(data as string, { address: '127.0.0.1' })),
    ...casesOf(wrongWaits, (wait) => owned.write('x', wait as object)),
  ],
  'internet addresses': [
    ...casesOf(internet, (address) => owned.bind(address as never)),
    ...casesOf(internet, (address) => owned.connect(address as never)),
    ...casesOf(internet, (address) => owned.sendTo('x', address as never)),
  ],
  'socket options': [left, owned].flatMap((one) => [
    ...casesOf(wrongNumbers, (level) => one.getOption(level as number, 1)),
    ...casesOf(wrongNumbers, (name) => one.setOption(1, name as number, 1)),
    ...casesOf(
      [
        [0, RANGE],
        [65_537, RANGE],
      ],
      (size) => one.getOption(1, 3, size as number),
    ),
    ...casesOf(
      [
        ['1', TYPE],
        [null, TYPE],
        [2 ** 31, RANGE],
        [1.5, RANGE],
      ],
      (value) => one.setOption(1, 8, value as 1),
    ),
  ]),
  ioctls: [
    ...casesOf([...wrongNumbers, [2 ** 32, RANGE]], (request) => owned.ioctl(request as number)),
    ...casesOf(
      [
        ['x', TYPE],
        [null, TYPE],
        [0.5, RANGE],
      ],
      (argument) => owned.ioctl(0x541b, argument as number),
    ),
  ],
  'words of openSocket': [
    ...casesOf(
      [
        ['ipx', VALUE],
        [null, VALUE],
        [-1, RANGE],
      ],
      (domain) => openSocket(domain as 'unix', 'stream'),
    ),
    ...casesOf(
      [
        ['record', VALUE],
        [-1, RANGE],
      ],
      (type) => openSocket('unix', type as 'stream'),
    ),
    ...casesOf(
      [
        ['sctp', VALUE],
        [0.5, RANGE],
      ],
      (protocol) => openSocket('inet', 'dgram', protocol as 'udp'),
    ),
  ],
}

tryAll(test, tables)

test.serial('a descriptor of another type is told so by the system, and is still the caller’s', (t) => {
  const fd = OwnedFd.dup(0)
  const [tcp, udp] = [openSocket('inet', 'stream'), openSocket('inet', 'dgram')]
  for (const one of [tcp, udp]) t.throws(() => UnixSocket.adopt(one), { code: VALUE })
  const file = OwnedFd.adopt(openSync(__filename, 'r'))
  t.throws(() => UnixSocket.adopt(file), { code: 'ENOTSOCK' })
  t.throws(() => UnixListener.adopt(file), { code: 'ENOTSOCK' })
  t.throws(() => UnixListener.adopt(left as unknown as OwnedFd), { code: TYPE })
  for (const one of [fd, tcp, udp, file]) {
    t.false(one.closed)
    one.close()
  }
})
