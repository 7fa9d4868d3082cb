// What a loop asks the kernel for: one message in a conversation, all that there is room for in a flood.
import test from 'ava'
import { ReadAhead } from '../lib/read-ahead.js'

const MOST = 32

/** What is asked for in each of `rounds` receives, where so many messages are there. */
function asked(ahead: ReadAhead, rounds: number, there: number): number[] {
  return Array.from({ length: rounds }, () => {
    const { want } = ahead
    ahead.learn(Math.min(want, there))
    return want
  })
}

test('a flood is read in batches from the beginning', (t) => {
  t.deepEqual(asked(new ReadAhead(MOST), 4, 1000), [MOST, MOST, MOST, MOST])
})

test('in a conversation one message is asked for, and ever more rarely another', (t) => {
  const ahead = new ReadAhead(MOST)
  t.is(asked(ahead, 1, 1)[0], MOST)
  const more = asked(ahead, 1000, 1).filter((want) => want > 1)
  t.true(more.length > 1 && more.length < 30, `${more.length} of 1000`)
  t.true(Math.max(...more) < MOST)
})

test('a flood after a long conversation is read in batches soon', (t) => {
  const ahead = new ReadAhead(MOST)
  asked(ahead, 10_000, 1)
  const wants = asked(ahead, 100, 1000)
  t.true(wants.indexOf(MOST) > 0 && wants.indexOf(MOST) < 80, wants.join(' '))
  t.deepEqual(new Set(wants.slice(wants.indexOf(MOST))), new Set([MOST]))
})

test('where a few come at a time twice as many are asked for', (t) => {
  const ahead = new ReadAhead(MOST)
  t.deepEqual(asked(ahead, 4, 3), [MOST, 6, 6, 6])
})
