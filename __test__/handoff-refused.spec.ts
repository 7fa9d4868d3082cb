// Who may not take over, what cannot be handed over, and one of the two that does not keep to the protocol.
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { serve, takeOver } from '../entries/handoff.js'
import { connect, listen, pair } from '../index.js'
import { FrameSocket } from '../lib/frames.js'
import { dispose } from './helpers/dispose.js'
import { ENTRY, taken, untilTold } from './helpers/handoff.js'
import { guard } from './helpers/leaks.js'
import { isRoot, type Kit, run } from './helpers/script.js'

const folder = guard(test)
const address = join(folder, 'handoff')
const path = join(folder, 'sock')

/** The entry is loaded before it becomes that user, who may not read the checkout. */
const NOBODY = { uid: 65_534, gid: 65_534, preload: ENTRY }

/** As in lib/handoff.ts. */
const [RECEIPT, TAKE, ITEM, STATE, READY, GO, NO] = [2, 3, 4, 5, 6, 7, 10]

test.serial('who does not speak the protocol is a failed successor', async (t) => {
  const told: unknown[] = []
  const handoff = serve(address, {}, { onFailed: (error) => told.push(error) })
  for (const words of ['GET / HTTP/1.1\r\n\r\n', '']) {
    const socket = await connect(address)
    if (words !== '') await socket.send(words)
    else socket.shutdown('write')
    await untilTold(told, words === '' ? 2 : 1)
    await socket.close()
  }
  t.deepEqual(
    told.map((error) => (error as { code?: string }).code),
    ['ERR_HANDOFF', 'ERR_HANDOFF'],
  )
  await taken(address).then((takeover) => takeover.ready())
  await handoff.taken
})

test.serial('if the handles or the state cannot be told, takeOver rejects and everything stays', async (t) => {
  const told: unknown[] = []
  const [left, right] = pair()
  let trouble = 'handles'
  const fail = (where: string) => {
    if (trouble === where) throw new Error(where)
  }
  const handles = () => {
    fail('handles')
    return { left }
  }
  const handoff = serve(address, handles, { state: () => String(fail('state')), onFailed: (error) => told.push(error) })
  for (trouble of ['handles', 'state']) await t.throwsAsync(takeOver(address), { code: 'ERR_HANDOFF' })
  await untilTold(told, 2)
  t.deepEqual(told, [new Error('handles'), new Error('state')])
  await right.send('x')
  t.is(String((await left.recv())?.data), 'x')
  await handoff.close()
  dispose(left, right)
})

test.serial('if one handle cannot leave, serve throws, and the others are as they were', async (t) => {
  const [left, right] = pair()
  const server = net.createServer().listen(path)
  await once(server, 'listening')
  t.throws(() => serve(address, { left, server }), { code: 'ERR_MESSAGES_HELD', message: /sock/ })
  t.false(fs.existsSync(address))
  t.false(left.closed)
  dispose(left, right)
  server.close()
})

test.serial('an old process that changes its mind after READY is not taken for dead', async (t) => {
  const listener = listen(address)
  const asking = taken(address)
  const frames = new FrameSocket(await listener.accept())
  await frames.receive()
  await frames.send(5)
  const ready = (await asking).ready()
  await frames.receive()
  await frames.send(10)
  await t.throwsAsync(ready, { code: 'ERR_HANDOFF' })
  frames.close()
  await listener.close()
})

if (isRoot) {
  test.serial('another user is refused without authorize, and is not even let in by the mode', async (t) => {
    const [, told, right] = [0, [] as unknown[], pair()]
    fs.chmodSync(folder, 0o755)
    const handoff = serve(address, { left: right[0] }, { mode: 0o666, onFailed: (error) => told.push(error) })
    t.is(await run(attempt, [ENTRY, address], NOBODY), 'ERR_HANDOFF')
    await handoff.close()
    const strict = serve(address, { left: right[0] })
    t.is(await run(attempt, [ENTRY, address], NOBODY), 'EACCES')
    await strict.close()
    const open = serve(address, { left: right[0] }, { mode: 0o666, authorize: { uid: 65_534 } })
    t.is(await run(attempt, [ENTRY, address], NOBODY), 'taken')
    await open.taken
    t.deepEqual(told, [])
    dispose(right[1])
  })
}

async function attempt({ require }: Kit, entry: string, at: string): Promise<string | undefined> {
  const handoff = require(entry) as typeof import('../entries/handoff.js')
  try {
    const takeover = await handoff.takeOver(at)
    await takeover?.ready()
    takeover?.close()
    return 'taken'
  } catch (error) {
    return (error as { code?: string }).code
  }
}

test.serial('one that goes on to talk nonsense after GO is told that the old process stays', async (t) => {
  const told: { code?: string }[] = []
  const [left, right] = pair()
  const handoff = serve(address, { left }, { onFailed: (error) => told.push(error as { code?: string }) })
  const frames = new FrameSocket(await connect(address, { maxFds: 253 }))
  const types: (number | undefined)[] = []
  for (const word of [TAKE, RECEIPT, READY, READY]) {
    await frames.send(word)
    const frame = await frames.receive()
    types.push(frame?.type)
    for (const fd of frame?.fds ?? []) fd.close()
  }
  t.deepEqual(types, [ITEM, STATE, GO, NO])
  t.is(await frames.receive(), null)
  t.deepEqual(
    told.map(({ code }) => code),
    ['ERR_HANDOFF'],
  )
  t.false(left.closed)
  frames.close()
  await handoff.close()
  dispose(left, right)
})

test.serial('one that says nothing is given up after a while, and the next one is served', async (t) => {
  const failures: NodeJS.ErrnoException[] = []
  const [left, right] = pair()
  const onFailed = (error: unknown): number => failures.push(error as NodeJS.ErrnoException)
  const handoff = serve(address, { left }, { timeout: 50, onFailed })
  const silent = await connect(address)
  const takeover = await taken(address)
  t.deepEqual(
    failures.map(({ code }) => code),
    ['ETIMEDOUT'],
  )
  await takeover.ready()
  takeover.take('left').close()
  await handoff.drained()
  t.throws(() => serve(address, {}, { timeout: -1 }), { code: 'ERR_OUT_OF_RANGE' })
  dispose(silent, right)
})
