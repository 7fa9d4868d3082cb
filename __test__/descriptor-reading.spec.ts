// Reading and writing descriptors of every kind: the event loop is never blocked, and what an abort leaves is read next.
import { execFileSync } from 'node:child_process'
import { constants, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { OwnedFd, pair, type SocketError } from '../index.js'
import { closeSync, openSync, writeSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { openCount } from './helpers/marked.js'
import { stateOf, turns } from './helpers/turns.js'

const folder = guard(test)
const path = (name: string): string => join(folder, name)

/** A FIFO that is open at both ends without O_NONBLOCK, and has no name any more. */
function openFifo(): OwnedFd {
  execFileSync('mkfifo', [path('fifo')])
  const fd = openSync(path('fifo'), constants.O_RDWR)
  unlinkSync(path('fifo'))
  return OwnedFd.adopt(fd)
}

/** Writes until there is no room, through an open file of its own, so that O_NONBLOCK stays off for the FIFO's owner. */
function fillUp(fifo: OwnedFd, page: Buffer): void {
  const filler = openSync(`/proc/self/fd/${fifo.fd}`, constants.O_WRONLY | constants.O_NONBLOCK)
  try {
    for (;;) writeSync(filler, page)
  } catch {
    closeSync(filler)
  }
}

/** A pseudo-terminal, made with ioctl alone: the controlling side, and the terminal in raw mode. */
function openTerminal(): { control: OwnedFd; terminal: OwnedFd } {
  const flags = constants.O_RDWR | constants.O_NOCTTY
  const control = OwnedFd.adopt(openSync('/dev/ptmx', flags))
  const [setLock, getNumber, getAttributes, setAttributes] = [0x40045431, 0x80045430, 0x5401, 0x5402]
  control.ioctl(setLock, Buffer.alloc(4))
  const number = Buffer.alloc(4)
  control.ioctl(getNumber, number)
  const terminal = OwnedFd.adopt(openSync(`/dev/pts/${number.readUInt32LE()}`, flags))
  const attributes = Buffer.alloc(64)
  terminal.ioctl(getAttributes, attributes)
  attributes.fill(0, 0, 4).fill(0, 12, 16)
  terminal.ioctl(setAttributes, attributes)
  return { control, terminal }
}

test.serial('a file is read to its end, from where it stands', async (t) => {
  writeFileSync(path('f'), 'abcdef')
  const file = OwnedFd.adopt(openSync(path('f'), 'r'))
  unlinkSync(path('f'))
  const parts = [await file.read(4), await file.read(100), await file.read(1), await file.read(1)]
  t.deepEqual(
    parts.map((part) => part?.toString() ?? null),
    ['abcd', 'ef', null, null],
  )
  file.close()
})

test.serial('a file is written in the order of the calls', async (t) => {
  const file = OwnedFd.adopt(openSync(path('f'), 'w'))
  const written = await Promise.all(['a', 'bb', 'ccc'].map((text) => file.write(text)))
  t.deepEqual(written, [1, 2, 3])
  await file.write([Buffer.from('d'), new Uint8Array([101])])
  t.is(readFileSync(path('f'), 'utf8'), 'abbcccde')
  file.close()
  unlinkSync(path('f'))
})

test.serial('an aborted write leaves the writes behind it once and in order', async (t) => {
  for (let round = 0; round < 50; round++) {
    const file = OwnedFd.adopt(openSync(path('f'), 'w'))
    const abort = new AbortController()
    const first = file.write('A', { signal: abort.signal }).catch(() => 0)
    const second = file.write('B')
    const third = file.write('C')
    abort.abort()
    await Promise.all([first, second, third])
    t.regex(readFileSync(path('f'), 'utf8'), /^A?BC$/)
    file.close()
    unlinkSync(path('f'))
  }
})

test.serial('a directory cannot be read, a read-only file cannot be written', async (t) => {
  const directory = OwnedFd.adopt(openSync(folder, 'r'))
  const error = (await t.throwsAsync(directory.read(10))) as SocketError
  t.deepEqual([error.code, error.message], ['EISDIR', 'read EISDIR'])
  await t.throwsAsync(directory.write('x'), { code: 'EBADF', message: 'write EBADF' })
  await Promise.all([directory.readable(), directory.writable()])
  directory.close()
})

test.serial('a FIFO without O_NONBLOCK and without data does not block', async (t) => {
  const fifo = openFifo()
  t.is(fifo.kind, 'fifo')
  const read = fifo.read(10)
  t.is(await stateOf(read), 'pending', 'and the event loop turns')
  writeSync(fifo.fd, 'late')
  t.is((await read)?.toString(), 'late')
  t.is(fifo.flags & constants.O_NONBLOCK, 0)
  fifo.close()
})

test.serial('a full FIFO without O_NONBLOCK does not block either', async (t) => {
  const fifo = openFifo()
  const page = Buffer.alloc(4096, 'x')
  fillUp(fifo, page)
  const waiting = fifo.write(page)
  t.is(await stateOf(waiting), 'pending')
  t.is((await fifo.read(8192))?.length, 8192)
  t.is(await waiting, 4096)
  fifo.close()
})

test.serial('concurrent reads are served in order', async (t) => {
  const fifo = openFifo()
  const reads = [fifo.read(1), fifo.read(2), fifo.read(3)]
  await turns()
  for (const text of ['abc', 'def']) writeSync(fifo.fd, text)
  t.deepEqual((await Promise.all(reads)).map(String), ['a', 'bc', 'def'])
  fifo.close()
})

test.serial('an aborted read loses nothing', async (t) => {
  const fifo = openFifo()
  let text = ''
  for (let round = 0; round < 200; round++) {
    const abort = new AbortController()
    const read = fifo.read(10, { signal: abort.signal }).then(
      (data) => (text += data),
      () => {},
    )
    if (round % 3 !== 0) writeSync(fifo.fd, `${round},`)
    if (round % 2 === 0) await turns(round % 4)
    abort.abort()
    await read
  }
  writeSync(fifo.fd, '!')
  while (!text.endsWith('!')) text += await fifo.read(10)
  const expected = Array.from({ length: 200 }, (_, round) => round).filter((round) => round % 3 !== 0)
  t.is(text, `${expected.join()},!`)
  fifo.close()
})

test.serial(
  'a read that a thread has done for somebody who left is given to the next, in parts if need be',
  async (t) => {
    const { control, terminal } = openTerminal()
    const abort = new AbortController()
    writeSync(control.fd, '123456')
    const aborted = t.throwsAsync(terminal.read(6, { signal: abort.signal }), { code: 'ABORT_ERR' })
    abort.abort()
    await aborted
    const parts = [await terminal.read(4), await terminal.read(4)]
    t.deepEqual(parts.map(String), ['1234', '56'])
    terminal.close()
    control.close()
  },
)

test.serial('a terminal is read and written without blocking', async (t) => {
  const { control, terminal } = openTerminal()
  t.is(terminal.kind, 'tty')
  const read = terminal.read(10)
  t.is(await stateOf(read), 'pending')
  t.is(await control.write('typed'), 5)
  t.is((await read)?.toString(), 'typed')
  t.is(await terminal.write('shown'), 5)
  t.is((await control.read(10))?.toString(), 'shown')
  terminal.close()
  control.close()
})

test.serial('close rejects a read that waits, and leaves nothing open', async (t) => {
  const before = openCount()
  const fifo = openFifo()
  const waiting = t.throwsAsync(fifo.read(1), { code: 'ERR_SOCKET_CLOSED' })
  await turns()
  fifo.close()
  await waiting
  t.is(openCount(), before)
})

test.serial('close rejects a read that blocks on its thread at once; the thread ends with its read', async (t) => {
  const { control, terminal } = openTerminal()
  const twin = terminal.dup()
  const before = openCount()
  writeSync(control.fd, 'x')
  const order: string[] = []
  const reads = [terminal, twin].map((one) => one.read(1).then(String, (error: SocketError) => error.code))
  await Promise.race(reads)
  const blocked = await firstPending(reads, [terminal, twin])
  blocked.close()
  order.push(...((await Promise.all(reads)) as string[]))
  t.deepEqual(order.sort(), ['ERR_SOCKET_CLOSED', 'x'])
  writeSync(control.fd, 'y')
  while (openCount() > before - 1) await turns(1)
  for (const one of [control, terminal, twin]) one.close()
})

/** Two threads read one terminal that has one byte: whose read is still pending. */
async function firstPending(reads: Promise<unknown>[], owners: OwnedFd[]): Promise<OwnedFd> {
  const states = await Promise.all(reads.map(stateOf))
  return owners[states.indexOf('pending')] as OwnedFd
}

test.serial('a pipe whose writers are gone ends, and one whose reader is gone says so', async (t) => {
  const reader = openFifo()
  const only = OwnedFd.adopt(openSync(`/proc/self/fd/${reader.fd}`, constants.O_RDONLY | constants.O_NONBLOCK))
  reader.close()
  t.is(await only.read(1), null)
  const writer = OwnedFd.adopt(openSync(`/proc/self/fd/${only.fd}`, 'w'))
  only.close()
  const error = (await t.throwsAsync(writer.write('x'))) as SocketError
  t.is(error.code, 'EPIPE')
  writer.close()
})

test.serial('a socket is written in part when it is full, and waits when nothing goes', async (t) => {
  const [left, right] = pair()
  const writer: OwnedFd = left.detach()
  const taken = await writer.write(Buffer.alloc(4 << 20))
  t.true(taken > 0 && taken < 4 << 20)
  const waiting = writer.write('rest')
  t.is(await stateOf(waiting), 'pending')
  for (let left = taken; left > 0; ) left -= (await right.recv())?.data.length ?? 0
  t.is(await waiting, 4)
  await right.close()
  await t.throwsAsync(writer.write('x'), { code: 'EPIPE' })
  writer.close()
})

test.serial('a datagram that is longer than asked for is lost, with its length', async (t) => {
  for (const type of ['dgram', 'seqpacket'] as const) {
    const [left, right] = pair(type)
    const reader: OwnedFd = right.detach()
    await left.send('12345')
    await left.send('1234')
    const error = (await t.throwsAsync(reader.read(4))) as SocketError
    t.deepEqual([error.code, error.length], ['ERR_MESSAGE_TRUNCATED', 5])
    t.is((await reader.read(4))?.toString(), '1234')
    reader.close()
    await left.close()
  }
})

test.serial('reading many files at once leaves none waiting', async (t) => {
  writeFileSync(path('f'), 'x'.repeat(100_000))
  const files = Array.from({ length: 100 }, () => OwnedFd.adopt(openSync(path('f'), 'r')))
  unlinkSync(path('f'))
  const sizes = await Promise.all(files.map(async (file) => (await file.read(200_000))?.length))
  t.true(sizes.every((size) => size === 100_000))
  for (const file of files) file.close()
})
