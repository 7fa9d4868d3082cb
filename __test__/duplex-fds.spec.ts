// Descriptors on a UnixDuplex: they arrive in order and in time, whatever waits; those that nobody wants are closed, and a list
// that is not whole is an error.
import { once } from 'node:events'
import test from 'ava'
import { type OwnedFd, pair, type UnixDuplex } from '../index.js'
import { runScenario } from './helpers/child.js'
import { closeSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodeOf, inodesOf, openCount, openMarked } from './helpers/marked.js'

const folder = guard(test)

function duplexes(maxFds = 8): [UnixDuplex, UnixDuplex] {
  const [left, right] = pair('stream', { maxFds })
  return [left.toDuplex(), right.toDuplex()]
}

async function ended(left: UnixDuplex, right: UnixDuplex): Promise<void> {
  const closed = Promise.all([once(left, 'close'), once(right, 'close')])
  left.end()
  left.resume()
  right.resume()
  await closed
}

/** Whether there was an error does not matter. */
function isClosed(duplex: UnixDuplex): Promise<void> {
  return new Promise((resolve) => duplex.once('close', () => resolve()))
}

/** The inodes in the order of their coming; the descriptors are closed. */
function collect(duplex: UnixDuplex): number[] {
  const inodes: number[] = []
  duplex.on('fds', (fds: OwnedFd[]) => {
    for (const fd of fds) {
      inodes.push(inodeOf(fd))
      fd.close()
    }
  })
  return inodes
}

test.serial('descriptors come before the chunk with their first byte', async (t) => {
  const marked = openMarked(folder, 3)
  const [left, right] = duplexes()
  const seen: unknown[] = []
  right.on('fds', (fds) => {
    seen.push(fds.length)
    for (const fd of fds) fd.close()
  })
  right.on('data', (chunk) => seen.push(String(chunk)))
  left.write('plain ')
  t.true(left.writeWithFds(Buffer.from('first'), marked.slice(0, 2)))
  left.writeWithFds(Buffer.from('second'), marked.slice(2))
  await ended(left, right)
  const text = seen.filter((item) => typeof item === 'string').join('')
  t.is(text, 'plain firstsecond')
  t.true(seen.indexOf(2) < seen.findIndex((item) => String(item).includes('first')))
  t.true(seen.indexOf(1) < seen.findIndex((item) => String(item).includes('second')))
  closeAll(marked)
})

test.serial('none is lost and none is early when the reader is slow', async (t) => {
  const marked = openMarked(folder, 8)
  const [left, right] = duplexes()
  const inodes = collect(right)
  const expected: number[] = []
  for (let index = 0; index < 400; index++) {
    const fd = marked[index % marked.length] as number
    expected.push(inodeOf(fd))
    left.writeWithFds(Buffer.alloc(5000, index), [fd])
  }
  t.true(left.writableNeedDrain)
  // What waits is a duplicate: ours may go.
  closeAll(marked)
  let bytes = 0
  for (let chunk = right.read(); bytes < 400 * 5000; chunk = right.read()) {
    if (chunk === null) await once(right, 'readable')
    else bytes += chunk.length
  }
  t.deepEqual(inodes, expected)
  await ended(left, right)
})

test.serial('a corked write with descriptors keeps its place', async (t) => {
  const marked = openMarked(folder, 2)
  const [left, right] = duplexes()
  const inodes = collect(right)
  left.cork()
  left.write('a')
  left.writeWithFds(Buffer.from('b'), [marked[0] as number])
  left.write('c')
  left.writeWithFds(Buffer.alloc(100_000, 'd'), [marked[1] as number])
  t.is(left.bytesWritten, 100_003)
  left.uncork()
  left.end()
  let text = ''
  for await (const chunk of right) text += chunk
  t.is(text, `abc${'d'.repeat(100_000)}`)
  t.deepEqual(inodes, inodesOf(marked))
  closeAll(marked)
})

test.serial('other bytes are in no message with descriptors', async (t) => {
  const marked = openMarked(folder, 1)
  const [left, right] = pair('stream', { maxFds: 1 })
  const duplex = left.toDuplex()
  duplex.cork()
  duplex.writeWithFds(Buffer.from('with'), marked)
  duplex.write('without')
  duplex.uncork()
  for (const expected of [
    ['with', 1],
    ['without', 0],
  ]) {
    const message = right.tryRecv()
    if (message === 'again' || message === null) return t.fail()
    t.deepEqual([String(message.data), message.fds.length], expected)
    message.close()
  }
  duplex.destroy()
  await right.close()
  closeAll(marked)
})

test.serial('they wait for whoever listens for them first', async (t) => {
  const marked = openMarked(folder, 1)
  const [left, right] = duplexes()
  left.writeWithFds(Buffer.from('x'), marked)
  // Received, and neither heard nor read.
  await new Promise((resolve) => setImmediate(resolve))
  await new Promise((resolve) => setImmediate(resolve))
  const inodes = collect(right)
  t.is(String((await once(right, 'data'))[0]), 'x')
  t.deepEqual(inodes, inodesOf(marked))
  await ended(left, right)
  closeAll(marked)
})

test.serial('those that nobody listens for are closed, with one warning', async (t) => {
  const marked = openMarked(folder, 2)
  const [left, right] = duplexes()
  const before = openCount()
  const warnings: unknown[] = []
  const note = (warning: Error): void => void warnings.push((warning as { code?: string }).code)
  process.on('warning', note)
  for (let index = 0; index < 3; index++) {
    left.writeWithFds(Buffer.from('x'), marked)
    await once(right, 'data')
  }
  t.is(openCount(), before)
  await ended(left, right)
  process.off('warning', note)
  t.deepEqual(warnings, ['ANCILLARY_UNHEARD_FDS'])
  closeAll(marked)
})

test.serial('a destroyed duplex closes what it had received and what it had to send', async (t) => {
  const marked = openMarked(folder, 2)
  const before = openCount()
  const [left, right] = duplexes()
  const error = new Promise((resolve) => left.once('error', resolve))
  left.writeWithFds(Buffer.alloc(1 << 20), marked, () => {})
  left.writeWithFds(Buffer.alloc(1 << 20), marked, () => {})
  await new Promise((resolve) => setImmediate(resolve))
  t.true(openCount() > before)
  right.destroy()
  left.destroy(new Error('enough'))
  await Promise.all([error, isClosed(left)])
  t.is(openCount(), before)
  closeAll(marked)
})

test.serial('a protocol gives back what no message claimed, also after the end', async (t) => {
  const marked = openMarked(folder, 2)
  const before = openCount()
  const [left, right] = duplexes()
  const received: OwnedFd[] = []
  right.on('fds', (fds) => received.push(...fds))
  right.once('close', () => right.closeFds(received))
  left.writeWithFds(Buffer.from('more than this was announced'), marked)
  await ended(left, right)
  t.deepEqual(
    received.map((fd) => fd.closed),
    [true, true],
  )
  t.is(openCount(), before)
  closeAll(marked)
})

test.serial('more than maxFds allows is an error for who listens', async (t) => {
  const marked = openMarked(folder, 3)
  const [left, right] = duplexes(2)
  right.on('fds', (fds) => t.deepEqual(fds, []))
  left.writeWithFds(Buffer.from('x'), marked)
  const [error] = await once(right, 'error')
  t.is(error.code, 'ERR_FDS_REFUSED')
  left.destroy()
  closeAll(marked)
})

test.serial('descriptors that the other end refuses are an error here', async (t) => {
  const marked = openMarked(folder, 1)
  const [left, right] = duplexes(0)
  const results: unknown[] = []
  left.on('error', ({ code }) => results.push(code))
  right.on('error', () => {})
  left.writeWithFds(Buffer.from('x'), marked, (error) => results.push((error as { code?: string } | null)?.code))
  right.resume()
  await isClosed(left.end())
  // Where the kernel cannot refuse, the receiver closes them and the sender hears nothing.
  t.true(['ERR_FDS_REFUSED', undefined].includes(results[0] as string))
  right.destroy()
  closeAll(marked)
})

test.serial('what cannot be sent is told at once', async (t) => {
  const [left, right] = duplexes()
  const code = (act: () => unknown) => (t.throws(act as () => void) as NodeJS.ErrnoException).code
  t.is(
    code(() => left.writeWithFds(Buffer.alloc(0), [0])),
    'ERR_MESSAGE_EMPTY',
  )
  t.is(
    code(() => left.writeWithFds(Buffer.from('x'), Array(254).fill(0))),
    'ERR_TOO_MANY_FDS',
  )
  t.is(
    code(() => left.writeWithFds('x' as never, [])),
    'ERR_INVALID_ARG_TYPE',
  )
  t.is(
    code(() => left.writeWithFds(Buffer.from('x'), ['x' as never])),
    'ERR_INVALID_ARG_TYPE',
  )
  await ended(left, right)
  t.is(left.fd, -1)
})

test.serial('a listener that throws is an uncaught exception, and loses nothing', async (t) => {
  const { answer } = await runScenario('duplex-throws', 'throws')
  t.deepEqual(answer, { uncaught: ['from fds', 'from data'], text: 'ab', fds: 2 })
})

test.serial('a conversion takes the socket, or leaves it', async (t) => {
  const [left, right] = pair('stream', { maxFds: 1 })
  t.throws(() => left.toDuplex({ objectMode: true }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => left.toDuplex({ highWaterMark: -1 }), { code: 'ERR_INVALID_ARG_VALUE' })
  t.throws(() => left.toDuplex({ fdsAt: 'nowhere' as never }))
  t.throws(() => left.toDuplex({ signal: AbortSignal.abort() }), { name: 'AbortError' })
  t.false(left.closed)
  const [record, other] = pair('seqpacket')
  t.throws(() => (record as never as typeof left).toDuplex(), { code: 'ERR_FD_KIND' })
  for (const socket of [record, other]) await socket.close()
  const duplex = left.toDuplex()
  t.true(left.closed)
  t.throws(() => left.toDuplex(), { code: 'ERR_SOCKET_CLOSED' })
  duplex.destroy()
  await Promise.all([once(duplex, 'close'), right.close()])
})

test.serial('messages that were read ahead come first, with their descriptors', async (t) => {
  const marked = openMarked(folder, 1)
  const [left, right] = pair('stream', { maxFds: 1 })
  await left.send('one', { fds: marked })
  await left.send('two', { fds: marked })
  for await (const message of right) {
    t.is(message.data.toString(), 'one')
    message.close()
    break
  }
  t.throws(() => right.toDuplex(), { code: 'ERR_MESSAGES_HELD' })
  const duplex = right.toDuplex({ unread: right.takeUnread() })
  const inodes = collect(duplex)
  await left.send('three')
  await left.close()
  let text = ''
  for await (const chunk of duplex) text += chunk
  t.is(text, 'twothree')
  t.deepEqual(inodes, inodesOf(marked))
  closeAll(marked)
})

test.serial('an aborted signal destroys', async (t) => {
  const [left, right] = pair()
  const controller = new AbortController()
  const duplex = left.toDuplex({ signal: controller.signal })
  controller.abort()
  const [error] = await once(duplex, 'error')
  t.is(error.name, 'AbortError')
  await right.close()
})

test.serial('a duplicate number may be closed as soon as it was written', async (t) => {
  const [fd] = openMarked(folder, 1) as [number]
  const inode = inodeOf(fd)
  const [left, right] = duplexes()
  const inodes = collect(right)
  left.write(Buffer.alloc(1 << 20))
  left.writeWithFds(Buffer.from('x'), [fd])
  closeSync(fd)
  await ended(left, right)
  t.deepEqual(inodes, [inode])
})
