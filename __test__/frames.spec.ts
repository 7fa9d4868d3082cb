// A frame and its descriptors stay together, whatever the reads return; what is no frame is a typed error and leaves nothing open.
import test from 'ava'
import { pair } from '../index.js'
import { FrameSocket } from '../lib/frames.js'
import { frameBytes, HEADER, random, receiveAll, sendInPieces } from './helpers/frames.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openCount, openMarked } from './helpers/marked.js'

const folder = guard(test)
const types = ['stream', 'seqpacket'] as const
const SIZES = [
  0,
  1,
  HEADER - 1,
  HEADER,
  1000,
  65_536 - HEADER - 1,
  65_536 - HEADER,
  65_536 - HEADER + 1,
  65_536,
  300_000,
]

interface Plan {
  readonly type: number
  readonly body: Buffer
  readonly fds: number[]
}

/** Frames of all sizes with 0 to 4 of the descriptors each. */
function plans(seed: number, count: number, fds: readonly number[]): Plan[] {
  const next = random(seed)
  return Array.from({ length: count }, (_, index) => {
    const size = next() < 0.4 ? (SIZES[Math.floor(next() * SIZES.length)] as number) : Math.floor(next() * 5000)
    const from = Math.floor(next() * fds.length)
    return { type: index, body: Buffer.alloc(size, index), fds: fds.slice(from, from + Math.floor(next() * 5)) }
  })
}

function expected({ type, body, fds }: Plan): { type: number; body: string; inodes: number[] } {
  return { type, body: body.toString('base64'), inodes: inodesOf(fds) }
}

for (const type of types) {
  test.serial(`100 frames of all sizes arrive on a ${type} as they were sent, each with its descriptors`, async (t) => {
    const marked = openMarked(folder, 10)
    const frames = pair(type).map((socket) => new FrameSocket(socket)) as [FrameSocket, FrameSocket]
    const all = plans(1, 100, marked)
    const sending = (async () => {
      for (const { type: number, body, fds } of all) await frames[0].send(number, body, fds)
      frames[0].close()
    })()
    t.deepEqual(await receiveAll(frames[1]), all.map(expected))
    await sending
    frames[1].close()
    closeAll(marked)
  })

  test.serial(`frames that come in pieces on a ${type} arrive whole, wherever they are cut`, async (t) => {
    const marked = openMarked(folder, 6)
    const [left, right] = pair(type)
    const frames = new FrameSocket(right)
    const next = random(2)
    const all = plans(3, 60, marked).filter(({ body }) => body.length < 60_000)
    const sending = (async () => {
      for (const { type: number, body, fds } of all) {
        const bytes = frameBytes(number, body, fds.length)
        const cuts = Array.from({ length: 1 + Math.floor(next() * 6) }, () => Math.floor(next() * bytes.length))
        await sendInPieces(left, bytes, [...cuts, 1 + Math.floor(next() * HEADER)], fds)
      }
      await left.close()
    })()
    t.deepEqual(await receiveAll(frames), all.map(expected))
    await sending
    frames.close()
    closeAll(marked)
  })

  test.serial(`several frames in one piece on a ${type}, with a part of the next, are taken apart`, async (t) => {
    const marked = openMarked(folder, 3)
    const [left, right] = pair(type)
    const frames = new FrameSocket(right)
    const bodies = ['one', '', 'three'].map((text) => Buffer.from(text))
    const bytes = Buffer.concat(bodies.map((body, index) => frameBytes(index, body, index)))
    const last = frameBytes(9, Buffer.from('the last'), 0)
    await left.send(Buffer.concat([bytes, last.subarray(0, 5)]), { fds: marked })
    await left.send(last.subarray(5))
    await left.close()
    const inodes = inodesOf(marked)
    const found = await receiveAll(frames)
    t.deepEqual(
      found.map(({ body }) => String(Buffer.from(body, 'base64'))),
      ['one', '', 'three', 'the last'],
    )
    t.deepEqual(
      found.map((frame) => frame.inodes),
      [[], inodes.slice(0, 1), inodes.slice(1), []],
    )
    frames.close()
    closeAll(marked)
  })

  test.serial(`a receive on a ${type} that is given up in the middle of a frame loses nothing of it`, async (t) => {
    const marked = openMarked(folder, 2)
    const [left, right] = pair(type)
    const frames = new FrameSocket(right)
    const body = Buffer.alloc(3000, 'x')
    const bytes = frameBytes(5, body, 2)
    for (const [from, to] of [
      [0, 4],
      [4, HEADER],
      [HEADER, 2000],
    ]) {
      await left.send(bytes.subarray(from, to), { fds: from === 0 ? marked : [] })
      await t.throwsAsync(frames.receive({ timeout: 1 }), { code: 'ETIMEDOUT' })
      await t.throwsAsync(frames.receive({ signal: AbortSignal.abort() }), { code: 'ABORT_ERR' })
    }
    await left.send(bytes.subarray(2000))
    await left.close()
    t.deepEqual(await receiveAll(frames), [expected({ type: 5, body, fds: marked })])
    frames.close()
    closeAll(marked)
  })
}

test.serial('a frame of 64 MiB passes, and a longer one is refused before anything is sent', async (t) => {
  const [left, right] = pair().map((socket) => new FrameSocket(socket)) as [FrameSocket, FrameSocket]
  const body = Buffer.alloc(1 << 26, 'y')
  const [frame] = await Promise.all([right.receive(), left.send(1, body)])
  t.true(frame?.body.equals(body))
  await t.throwsAsync(left.send(2, Buffer.alloc((1 << 26) + 1)), { code: 'ERR_HANDOFF' })
  await left.send(3)
  t.is((await right.receive())?.type, 3)
  for (const frames of [left, right]) frames.close()
})

const whole = (fds: number, options?: { magic?: number; length?: number }): Buffer =>
  frameBytes(1, Buffer.from('body'), fds, options)

const hostile: [what: string, bytes: Buffer, fds: number, message: RegExp][] = [
  ['no frame', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 0, /no frame begins here/],
  ['no frame, with descriptors', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 3, /no frame begins here/],
  ['another magic', whole(2, { magic: 0xa9c2 }), 2, /no frame begins here/],
  ['a body of over 64 MiB', whole(2, { length: (1 << 26) + 1 }), 2, /too large/],
  ['a body of 4 GiB', whole(1, { length: 0xffffffff }), 1, /too large/],
  ['more descriptors than a message can have', whole(254), 2, /too large/],
  ['4,294,967,295 descriptors', whole(0xffffffff), 2, /too large/],
  ['fewer descriptors than were announced', whole(3), 2, /descriptors are missing/],
  ['no descriptor where one was announced', whole(1), 0, /descriptors are missing/],
  ['the end inside a header', whole(2).subarray(0, HEADER - 1), 2, /ended inside a frame/],
  ['the end inside a body', whole(2).subarray(0, HEADER + 3), 2, /ended inside a frame/],
  ['more descriptors than were announced', whole(1), 3, /ended inside a frame/],
]

for (const [what, bytes, count, message] of hostile) {
  test.serial(`${what}: ERR_HANDOFF now and later, and nothing is left open`, async (t) => {
    const marked = openMarked(folder, count)
    for (const type of types) {
      const [left, right] = pair(type)
      const frames = new FrameSocket(right)
      const before = openCount()
      await left.send(bytes, { fds: marked })
      left.shutdown('write')
      await t.throwsAsync(receiveAll(frames), { code: 'ERR_HANDOFF', message })
      await t.throwsAsync(frames.receive(), { code: 'ERR_HANDOFF', message })
      t.is(openCount(), before)
      frames.close()
      await left.close()
    }
    closeAll(marked)
  })
}

test.serial('descriptors that never belong to a frame are not collected without end', async (t) => {
  const marked = openMarked(folder, 200)
  const [left, right] = pair()
  const frames = new FrameSocket(right)
  const before = openCount()
  const bytes = frameBytes(1, Buffer.alloc(100), 0)
  for (let at = 0; at < 4; at++) await left.send(bytes.subarray(at, at + 1), { fds: marked })
  await t.throwsAsync(frames.receive(), { code: 'ERR_HANDOFF', message: /too many descriptors/ })
  t.is(openCount(), before)
  frames.close()
  await left.close()
  closeAll(marked)
})

test.serial('closing frees the descriptors whose frame has not come whole', async (t) => {
  const marked = openMarked(folder, 2)
  const before = openCount()
  const [left, right] = pair()
  const frames = new FrameSocket(right)
  await left.send(whole(2).subarray(0, HEADER + 1), { fds: marked })
  await t.throwsAsync(frames.receive({ timeout: 1 }), { code: 'ETIMEDOUT' })
  frames.close()
  await left.close()
  t.is(openCount(), before)
  closeAll(marked)
})
