// Wrong arguments: each is a typed error before any system call, leaks nothing and leaves everything usable.
import test from 'ava'
import { bind, connect, listen, pair } from '../index.js'
import { guard } from './helpers/leaks.js'
import {
  type Case,
  casesOf,
  loose,
  notObjects,
  RANGE,
  TYPE,
  tryAll,
  VALUE,
  wrongData,
  wrongNumbers,
  wrongSendOptions,
  wrongWaits,
} from './helpers/wrong.js'

guard(test)

const [left, right] = pair('stream', { maxFds: 3 })

test.serial.after.always('close what all tests share', async () => {
  await Promise.all([left.close(), right.close()])
})

const tables: Record<string, Case[]> = {
  'data to send': casesOf(wrongData, (value) => loose(left).send?.(value)),
  'data to try to send': casesOf(wrongData, (value) => loose(left).trySend?.(value)),
  'options of send': casesOf(wrongSendOptions, (value) => loose(left).send?.('x', value)),
  'options of trySend': casesOf(wrongSendOptions, (value) => loose(left).trySend?.('x', value)),
  'messages to send': [
    ...casesOf(wrongData, (value) => loose(left).sendMany?.([{ data: 'x' }, { data: value }])),
    ...casesOf(
      [
        [[null], TYPE],
        [[7], TYPE],
        [[undefined], TYPE],
      ],
      (value) => loose(left).trySendMany?.(value),
    ),
  ],
  'waits of send': casesOf(wrongWaits, (value) => loose(left).send?.('x', value)),
  'waits of recv': casesOf(wrongWaits, (value) => loose(right).recv?.(value)),
  'waits of recvMany': casesOf(wrongWaits, (value) => loose(right).recvMany?.(value)),
  'waits of readable': casesOf(wrongWaits, (value) => loose(right).readable?.(value)),
  'waits of a loop': casesOf(wrongWaits, async (value) => {
    for await (const _ of right.messages(value as object)) return
  }),
  'maxBytes of recv': casesOf([...wrongNumbers, [0, RANGE], [2 ** 31, RANGE]], (maxBytes) =>
    loose(right).recv?.({ maxBytes }),
  ),
  'maxBytes of tryRecv': casesOf(wrongNumbers, (maxBytes) => loose(right).tryRecv?.({ maxBytes })),
  'max of recvMany': casesOf([...wrongNumbers, [0, RANGE], [33, RANGE]], (max) => loose(right).recvMany?.({ max })),
  'max of batches': casesOf([...wrongNumbers, [0, RANGE], [33, RANGE]], (max) => loose(right).batches?.({ max })),
  'how to shut down': casesOf(
    [
      ['all', VALUE],
      [1, VALUE],
      [undefined, VALUE],
    ],
    (how) => loose(left).shutdown?.(how),
  ),
  'properties of a socket': [
    ...casesOf([...wrongNumbers, [254, RANGE]], (value) => Reflect.set(left, 'maxFds', value)),
    ...casesOf([...wrongNumbers, [0, RANGE]], (value) => Reflect.set(left, 'sendBufferSize', value)),
    ...casesOf(wrongNumbers, (value) => Reflect.set(left, 'receiveBufferSize', value)),
  ],
  'types of sockets': casesOf(
    [
      ['raw', VALUE],
      [1, VALUE],
      [null, VALUE],
    ],
    (type) => pair(type as 'stream'),
  ),
  'options of sockets': [
    ...notObjects.map((value): Case => [() => pair('stream', value as object), TYPE]),
    ...casesOf([...wrongNumbers, [254, RANGE]], (maxFds) => pair('stream', { maxFds } as object)),
    ...casesOf(
      [
        [1, TYPE],
        ['yes', TYPE],
      ],
      (on) => bind('\0', { passCredentials: on } as object),
    ),
    ...casesOf([[1, TYPE]], (on) => bind(null, { autobind: on } as object)),
  ],
  addresses: [
    ...[7, {}, [], true, { path: 1 }, { abstract: null }].flatMap((value): Case[] => [
      [() => connect(value as string), TYPE],
      [() => listen(value as unknown as string), TYPE],
      [() => bind(value as unknown as string), TYPE],
    ]),
    ...['', 'a\0b', { path: '' }, { path: '\0x' }, { path: Buffer.from('a\0b') }].flatMap((value): Case[] => [
      [() => connect(value), VALUE],
      [() => listen(value), VALUE],
    ]),
    [() => listen(null as unknown as string), TYPE],
    [() => connect(undefined as unknown as string), TYPE],
  ],
  'options of listen': [
    ...casesOf([...wrongNumbers, [65_536, RANGE]], (backlog) => listen('\0', { backlog } as object)),
    ...casesOf([...wrongNumbers, [0, RANGE]], (maxConnections) => listen('\0', { maxConnections } as object)),
    ...casesOf([...wrongNumbers, [0o1000, RANGE]], (mode) => listen('\0', { mode } as object)),
    ...casesOf([['dgram', VALUE]], (type) => listen('\0', { type } as object)),
    ...casesOf([['always', VALUE]], (replace) => listen('\0', { replace } as object)),
    ...casesOf([[{}, TYPE]], (signal) => listen('\0', { signal } as object)),
  ],
  'waits of connect': casesOf(wrongWaits, (value) => connect('\0none', value as object)),
}

tryAll(test, tables)

test.serial('after all of that the sockets work, and none of it was sent', async (t) => {
  t.is(right.tryRecv(), 'again')
  await left.send('fine', { fds: [0] })
  const message = await right.recv()
  t.is(message?.data.toString(), 'fine')
  message?.close()
})

test.serial('every kind of view is data: its own bytes and no others', async (t) => {
  const buffer = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]).buffer
  const views = [
    new Uint8Array(buffer, 3, 2),
    new Uint8ClampedArray(buffer, 3, 2),
    new Uint16Array(buffer, 4, 2),
    new Float64Array(buffer, 8, 1),
    new BigInt64Array(buffer, 0, 1),
    new DataView(buffer, 5, 3),
    new Uint8Array(new SharedArrayBuffer(3)),
    new Uint8Array(0),
  ]
  const [sender, receiver] = pair('seqpacket')
  for (const view of views) {
    await sender.send(view)
    const expected = Buffer.from(view.buffer as ArrayBuffer, view.byteOffset, view.byteLength)
    t.deepEqual((await receiver.recv())?.data, Buffer.from(expected))
  }
  await sender.send('åß')
  t.is((await receiver.recv())?.data.toString(), 'åß')
  for (const socket of [sender, receiver]) socket[Symbol.dispose]()
})
