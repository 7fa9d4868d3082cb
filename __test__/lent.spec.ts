// Bytes that are lent: until their batch is closed they are what came, whatever is received meanwhile, however many batches are
// lent, and whatever becomes of the batch.
import test from 'ava'
import { type Batch, type BorrowedMessage, pair, type UnixSocket } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openCount, openMarked } from './helpers/marked.js'
import { turns } from './helpers/turns.js'

const folder = guard(test)

type Lent = Batch<BorrowedMessage>

async function lend(socket: UnixSocket<'seqpacket'>): Promise<Lent> {
  return (await socket.recvMany({ borrow: true })) as Lent
}

const texts = (batch: Lent): string[] => [...batch].map(({ view }) => view.toString())

test.serial('twenty batches that are open at once keep their bytes, each its own', async (t) => {
  const [left, right] = pair('seqpacket')
  const batches: Lent[] = []
  for (let round = 0; round < 20; round++) {
    await left.sendMany([{ data: `${round}a` }, { data: `${round}b`.repeat(1000) }])
    batches.push(await lend(right))
  }
  const expected = batches.map((_, round) => [`${round}a`, `${round}b`.repeat(1000)])
  t.deepEqual(batches.map(texts), expected)
  for (const batch of batches.slice(0, 10)) batch.close()
  await left.send('later')
  t.deepEqual(texts(await lend(right)), ['later'])
  t.deepEqual(batches.slice(10).map(texts), expected.slice(10))
  for (const batch of batches) batch.close()
  dispose(left, right)
})

test.serial('memory that was lent is used again: no fresh memory for a thousand batches', async (t) => {
  const [left, right] = pair('seqpacket')
  const buffers = new Set<ArrayBufferLike>()
  for (let round = 0; round < 1000; round++) {
    await left.send('x')
    const batch = await lend(right)
    for (const { view } of batch) buffers.add(view.buffer)
    batch.close()
  }
  t.is(buffers.size, 1)
  dispose(left, right)
})

test.serial('a batch that was forgotten costs its memory only: lending goes on', async (t) => {
  const [left, right] = pair('seqpacket')
  const views: Buffer[] = []
  for (let round = 0; round < 50; round++) {
    await left.send(`#${round}`)
    for (const { view } of await lend(right)) views.push(view)
    globalThis.gc?.()
    await turns(1)
  }
  t.deepEqual(
    views.map(String),
    Array.from({ length: 50 }, (_, round) => `#${round}`),
    'nobody wrote over them',
  )
  await left.send('after')
  const batch = await lend(right)
  t.true(
    [...batch].every(({ view }) => view.buffer.byteLength > 1 << 20),
    'a slab again, not a copy',
  )
  batch.close()
  dispose(left, right)
})

test.serial('memory that was transferred away while it was lent is not used again', async (t) => {
  const [left, right] = pair('seqpacket')
  await left.send('first')
  const batch = await lend(right)
  const [{ view }] = [...batch] as [BorrowedMessage]
  structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] })
  batch.close()
  for (let round = 0; round < 20; round++) {
    await left.send(`#${round}`)
    const next = await lend(right)
    t.deepEqual(texts(next), [`#${round}`])
    next.close()
  }
  dispose(left, right)
})

test.serial('a record longer than a slot is lent whole', async (t) => {
  const [left, right] = pair('seqpacket', { sendBufferSize: 1 << 20 })
  const long = Buffer.alloc(200_000, 'abc')
  await left.sendMany([{ data: 'before' }, { data: long }, { data: 'behind' }])
  const got: Buffer[] = []
  while (got.length < 3) {
    const batch = await lend(right)
    for (const message of batch) got.push(message.copy())
    batch.close()
  }
  t.deepEqual([got[0]?.toString(), got[2]?.toString()], ['before', 'behind'])
  t.true(got[1]?.equals(long))
  dispose(left, right)
})

test.serial('a record that does not fit has its place between the others, as an error', async (t) => {
  const [left, right] = pair('seqpacket', { sendBufferSize: 4 << 20 })
  await left.send('before')
  await left.send(Buffer.alloc(1_300_000))
  await left.send('behind')
  t.deepEqual(texts(await lend(right)), ['before'])
  await t.throwsAsync(lend(right), { code: 'ERR_MESSAGE_TRUNCATED' })
  t.deepEqual(texts(await lend(right)), ['behind'])
  dispose(left, right)
})

test.serial('descriptors of a batch are closed with it; those that were taken are not', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 3 })
  const fds = openMarked(folder, 3)
  const before = openCount()
  for (let count = 1; count <= 3; count++) await left.send('x', { fds: fds.slice(0, count) })
  const batch = await lend(right)
  const [, second] = [...batch] as BorrowedMessage[]
  const taken = (second as BorrowedMessage).takeFds(2)
  t.is(openCount(), before + 6)
  batch.close()
  t.is(openCount(), before + 2)
  t.deepEqual(inodesOf(taken), inodesOf(fds.slice(0, 2)))
  for (const fd of taken) fd.close()
  closeAll(fds)
  dispose(left, right)
})

test.serial('what was read ahead for somebody else is lent first, and in order', async (t) => {
  const [left, right] = pair('seqpacket')
  await left.sendMany(['a', 'b', 'c'].map((data) => ({ data })))
  for await (const message of right) {
    t.is(message.data.toString(), 'a')
    break
  }
  await left.send('d')
  t.deepEqual(texts(await lend(right)), ['b', 'c'])
  t.deepEqual(texts(await lend(right)), ['d'])
  dispose(left, right)
})

test.serial('the end is null, also for a batch that is lent', async (t) => {
  const [left, right] = pair('seqpacket')
  await left.send('')
  await left.close()
  const last = await lend(right)
  t.deepEqual(texts(last), [''])
  last.close()
  t.is(await right.recvMany({ borrow: true }), null)
  dispose(right)
})
