// Twenty thousand descriptors through full buffers to a slow reader: each arrives once, in order, with its own message,
// also when sends are made in the callbacks of sends.
import test from 'ava'
import { guard } from './helpers/leaks.js'
import { squeeze } from './helpers/squeeze.js'

const folder = guard(test)
const total = 20_000

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`${type}: every descriptor arrives once and in order`, async (t) => {
    const { messages, sent, arrived, ordered, misplaced, whole, waited, leaked } = await squeeze(type, total, folder)
    t.true(sent >= total)
    t.is(arrived, sent)
    t.true(ordered)
    t.deepEqual(misplaced, [], 'each came with its own message')
    t.true(whole)
    t.true(waited > messages / 2, 'most sends had to wait')
    t.is(leaked, 0, 'and none is left')
  })
}
