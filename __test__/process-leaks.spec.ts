// The process that came with a message owns a descriptor: none is left of it whatever becomes of the message, its batch or its
// socket.
import test from 'ava'
import { type Message, pair } from '../index.js'
import { guard } from './helpers/leaks.js'
import { openCount } from './helpers/marked.js'

guard(test)
const rounds = 200

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`of ${rounds} ${type} messages with a process that are closed no descriptor is left`, async (t) => {
    const [left, right] = pair(type, { passProcess: true })
    const before = openCount()
    for (let round = 0; round < rounds; round++) {
      await left.send('x')
      const message = (await right.recv()) as Message
      if (round % 2 === 0) t.true(message.process?.alive)
      message.close()
    }
    t.is(openCount(), before)
    await Promise.all([left.close(), right.close()])
  })

  test.serial(
    `of ${type} messages with a process that nobody reads no descriptor is left when the socket is closed`,
    async (t) => {
      const before = openCount()
      for (let round = 0; round < rounds / 10; round++) {
        const [left, right] = pair(type, { passProcess: true })
        for (let count = 0; count < 5; count++) await left.send('x')
        await right.readable()
        await Promise.all([left.close(), right.close()])
      }
      t.is(openCount(), before)
    },
  )
}

for (const type of ['seqpacket', 'dgram'] as const) {
  for (const borrow of [false, true]) {
    const kind = borrow ? 'lent' : 'owned'
    test.serial(`processes in a ${type} batch (${kind}) are closed with it, but for one that was taken`, async (t) => {
      const [left, right] = pair(type, { passProcess: true })
      const before = openCount()
      for (let round = 0; round < rounds / 5; round++) {
        for (let count = 0; count < 5; count++) await left.send('x')
        for await (const batch of right.batches({ borrow: borrow as false })) {
          t.deepEqual([batch.length, openCount()], [5, before + 5])
          const [first] = batch
          first?.takeProcess()?.close()
          if (round % 2 === 0) batch.close()
          // Leaving the loop closes it as well.
          break
        }
        t.is(openCount(), before)
      }
      await Promise.all([left.close(), right.close()])
    })

    test.serial(`a ${type} batch (${kind}) is closed when the loop ends because the socket was closed`, async (t) => {
      const before = openCount()
      const [left, right] = pair(type, { passProcess: true })
      await left.send('x')
      for await (const batch of right.batches({ borrow: borrow as false })) {
        t.is(batch.length, 1)
        await Promise.all([left.close(), right.close()])
        t.is(openCount(), before + 1)
      }
      t.is(openCount(), before)
    })
  }

  test.serial(`a ${type} record that did not fit is lost, and its process with it`, async (t) => {
    const [left, right] = pair(type, { passProcess: true })
    const before = openCount()
    for (let round = 0; round < rounds / 10; round++) {
      await left.send('too long')
      await t.throwsAsync(right.recv({ maxBytes: 2 }), { code: 'ERR_MESSAGE_TRUNCATED' })
    }
    t.is(openCount(), before)
    await Promise.all([left.close(), right.close()])
  })
}
