// What a message owns and whom its descriptors belong to: to the message until taken, then to whoever took them.
import test from 'ava'
import { type Batch, type Message, type OwnedFd, pair } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { fstatSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openCount, openMarked } from './helpers/marked.js'

const folder = guard(test)

/** One message with marked descriptors, as it arrives. */
async function withDescriptors(count: number, data = 'x'): Promise<{ message: Message; inodes: number[] }> {
  const [left, right] = pair('seqpacket', { maxFds: 8 })
  const fds = openMarked(folder, count)
  const inodes = inodesOf(fds)
  await left.send(data, { fds })
  const message = (await right.recv()) as Message
  closeAll(fds)
  dispose(left, right)
  return { message, inodes }
}

test.serial('closing a message closes the descriptors that nobody took; its data stays', async (t) => {
  const before = openCount()
  const { message, inodes } = await withDescriptors(3, 'kept')
  t.deepEqual(inodesOf(message.fds), inodes)
  const [first] = message.fds as [OwnedFd]
  message.close()
  message.close()
  t.true(first.closed)
  t.is(openCount(), before)
  t.is(message.data.toString(), 'kept')
  t.deepEqual(message.fds, [])
})

test.serial('a message may be disposed of as a resource', async (t) => {
  const before = openCount()
  const { message } = await withDescriptors(2)
  message[Symbol.dispose]()
  t.is(openCount(), before)
})

test.serial('descriptors outlive the socket that they came through', async (t) => {
  const { message, inodes } = await withDescriptors(1)
  t.is(fstatSync((message.fds[0] as OwnedFd).fd).ino, inodes[0] as number)
  message.close()
})

test.serial('what was taken is the taker’s: closing the message leaves it open', async (t) => {
  const { message, inodes } = await withDescriptors(2)
  const taken = message.takeFds()
  message.close()
  t.deepEqual(inodesOf(taken), inodes)
  t.deepEqual(message.takeFds(), [], 'they can be taken once')
  for (const fd of taken) fd.close()
})

test.serial('taking the right number gives it, taking another closes all of them', async (t) => {
  const before = openCount()
  const right = await withDescriptors(2)
  const [one, two] = right.message.takeFds(2)
  t.deepEqual(inodesOf([one, two]), right.inodes)
  one.close()
  two.close()
  for (const count of [0, 1, 3]) {
    const { message } = await withDescriptors(2)
    t.throws(() => message.takeFds(count), { code: 'ERR_FDS_COUNT' })
    t.is(openCount(), before)
  }
})

test.serial('a count that cannot be is an error of the argument and closes nothing', async (t) => {
  const { message } = await withDescriptors(1)
  for (const count of [-1, 254, 1.5, Number.NaN]) {
    t.throws(() => message.takeFds(count), { code: 'ERR_OUT_OF_RANGE' })
  }
  t.throws(() => message.takeFds('1' as unknown as number), { code: 'ERR_INVALID_ARG_TYPE' })
  t.is(message.fds.length, 1)
  message.close()
})

test.serial('a message without anything says so', async (t) => {
  const [left, right] = pair('stream')
  await left.send('bare')
  const message = (await right.recv()) as Message
  t.deepEqual(
    [message.fds, message.fdsTruncated, message.fdsRefused, message.credentials, message.from, message.control],
    [[], false, 0, null, null, []],
  )
  t.deepEqual(message.takeFds(0), [])
  dispose(left, right)
})

test.serial('the data is the receiver’s for ever, whatever is received afterwards', async (t) => {
  const [left, right] = pair('seqpacket')
  const kept: Buffer[] = []
  for (let index = 0; index < 100; index++) {
    await left.send(Buffer.alloc(1000, index))
    kept.push(((await right.recv()) as Message).data)
  }
  t.true(kept.every((data, index) => data.every((byte) => byte === index)))
  dispose(left, right)
})

test.serial('closing a batch closes each of its messages, but not what was taken from them', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 1 })
  for (const borrow of [false, true]) {
    const fds = openMarked(folder, 3)
    const before = openCount()
    for (const fd of fds) await left.send('x', { fds: [fd] })
    const loop = (borrow ? right.batches({ borrow }) : right.batches())[Symbol.asyncIterator]()
    const batch = (await loop.next()).value as Batch<Message>
    const [taken] = ([...batch][1] as Message).takeFds(1)
    batch.close()
    batch[Symbol.dispose]()
    t.is(openCount(), before + 1)
    t.deepEqual(inodesOf([taken]), inodesOf([fds[1] as number]))
    taken.close()
    closeAll(fds)
  }
  dispose(left, right)
})

test.serial('a lent message tells everything that an owned one does', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 1, passCredentials: true })
  await left.send('first')
  await left.send('x', { fds: [0], credentials: true })
  for await (const batch of right.batches({ borrow: true })) {
    const [, message] = [...batch]
    t.deepEqual(
      [
        message?.fds.length,
        message?.fdsTruncated,
        message?.fdsRefused,
        message?.from,
        message?.control,
        message?.offset,
      ],
      [1, false, 0, null, [], 5],
    )
    t.is(message?.credentials?.pid, process.pid)
    break
  }
  dispose(left, right)
})

test.serial('on a seqpacket socket the timestamp that tells the end is not shown', async (t) => {
  const [left, right] = pair('seqpacket')
  await left.send('x')
  t.deepEqual((await right.recv())?.control, [])
  dispose(left, right)
})
