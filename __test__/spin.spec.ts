// `spin`: a receive that finds nothing asks again and again for a while before it waits, in the same turn of the event loop; who
// waits in vain does so rarely. Nothing else changes.
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { connect, listen, type Message, pair } from '../index.js'
import { native } from '../lib/native.js'
import { Spin } from '../lib/spin.js'
import { dispose } from './helpers/dispose.js'
import { guard } from './helpers/leaks.js'
import { type Kit, start } from './helpers/script.js'
import { stateOf, turns } from './helpers/turns.js'

const folder = guard(test)
const path = join(folder, 'sock')

/** How many times this process has spun since. */
function counted(t: ExecutionContext): () => number {
  const { spin } = native
  let count = 0
  native.spin = (...args) => {
    count++
    return spin(...args)
  }
  t.teardown(() => {
    native.spin = spin
  })
  return () => count
}

async function echo({ ancillary }: Kit, address: string): Promise<void> {
  const socket = await ancillary.connect(address)
  for await (const message of socket.messages()) await socket.send(message.data)
  await socket.close()
}

for (const spin of [0, 1000]) {
  test.serial(`spin: ${spin}: each message of a conversation with another process comes, in order`, async (t) => {
    const listener = listen(path, { spin })
    const script = start(echo, [path])
    const socket = await listener.accept()
    for (let count = 0; count < 200; count++) {
      await socket.send(`${count}`)
      t.is(String(((await socket.recv()) as Message).data), `${count}`)
    }
    await socket.close()
    t.is(await script.end(), 0)
    await listener.close()
  })
}

test.serial('it spins before it waits; after some vain tries rarely', async (t) => {
  const spins = counted(t)
  const [left, right] = pair('stream', { spin: 1 })
  for (let count = 0; count < 40; count++) {
    await right.recv({ signal: AbortSignal.timeout(0) }).catch(() => null)
  }
  // Four, and one of sixteen after that: no sooner.
  t.is(spins(), 4 + Math.floor((40 - 4) / 16))
  dispose(left, right)
})

test.serial('one that has found something spins again', (t) => {
  const [left, right] = pair()
  const spin = new Spin(1)
  const vain = Array.from({ length: 40 }, () => spin.found(right.fd))
  t.false(vain.includes(true))
  left.trySend('x')
  let asked = 0
  while (!spin.found(right.fd)) asked++
  t.true(asked < 16)
  t.true(spin.found(right.fd))
  dispose(left, right)
})

test.serial('tryRecv does not spin, and an abort ends a receive that has spun', async (t) => {
  const spins = counted(t)
  const [left, right] = pair('seqpacket', { spin: 1 })
  t.is(right.tryRecv(), 'again')
  t.is(spins(), 0)
  const controller = new AbortController()
  const waiting = right.recv({ signal: controller.signal })
  t.is(await stateOf(waiting), 'pending')
  controller.abort()
  await t.throwsAsync(waiting, { code: 'ABORT_ERR' })
  await left.send('a')
  t.is(String((await right.recv())?.data), 'a')
  dispose(left, right)
})

test.serial('two conversations that spin in one process let the event loop turn', async (t) => {
  const [left, right] = pair('stream', { spin: 10 })
  let turned = 0
  const answer = (async () => {
    for await (const message of right.messages()) await right.send(message.data)
  })()
  const count = turns(20).then(() => turned++)
  for (let rally = 0; rally < 2000; rally++) {
    await left.send('x')
    await left.recv()
    if (turned > 0) break
  }
  await count
  t.is(turned, 1)
  await left.close()
  await answer
  dispose(right)
})

test('it takes whole microseconds, a thousand at most', async (t) => {
  for (const spin of [-1, 0.5, 1001]) {
    t.throws(() => pair('stream', { spin }), { code: 'ERR_OUT_OF_RANGE', message: /spin/ })
    await t.throwsAsync(connect(path, { spin }), { code: 'ERR_OUT_OF_RANGE' })
  }
  t.throws(() => pair('stream', { spin: true as never }), { code: 'ERR_INVALID_ARG_TYPE' })
})
