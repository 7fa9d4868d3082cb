// A process with few free descriptors waits with receiving and accepting until some are closed, and so loses none.
import test from 'ava'
import { descriptorUsage, pair } from '../index.js'
import { runScenario } from './helpers/child.js'
import { dispose } from './helpers/dispose.js'
import { guard } from './helpers/leaks.js'
import { openCount } from './helpers/marked.js'

guard(test)
const SCARCE = 'ANCILLARY_DESCRIPTORS_SCARCE'
const types = ['Stream', 'Seqpacket', 'Datagram'] as const

/** What a scenario answers in a process that may have so many descriptors. */
async function answerOf(name: string, descriptors: number): Promise<unknown> {
  const { answer, code, stderr } = await runScenario('headroom', name, { descriptors })
  return answer ?? `${code}: ${stderr}`
}

for (const type of types) {
  test.serial(`${type.toLowerCase()}: of 1,200 descriptors that come to a table of 128, none is lost`, async (t) => {
    const answer = await answerOf(`flood${type}`, 128)
    t.deepEqual(answer, { messages: 40, fds: 1200, truncated: 0, warnings: [SCARCE] })
  })

  test.serial(`${type.toLowerCase()}: it goes on when Node has closed some, which only a look can tell`, async (t) => {
    const answer = await answerOf(`timer${type}`, 64)
    t.deepEqual(answer, { states: ['pending', 'again', 1], fds: 5, paused: 0, warnings: [SCARCE] })
  })
}

test.serial('a batch has no more messages than there is room for', async (t) => {
  t.deepEqual(await answerOf('batch', 1024), [253, 253, 253, 253])
})

for (const [title, scenario] of [
  ['an object is closed', 'byOwnClose'],
  ['a thread has closed what was received', 'byReaper'],
] as const) {
  test.serial(`it goes on when ${title}`, async (t) => {
    t.deepEqual(await answerOf(scenario, 128), ['pending', 5])
  })
}

test.serial('a message without descriptors does not wait', async (t) => {
  t.deepEqual(await answerOf('dataAlone', 64), ['data', 'other', 0])
})

test.serial('who waits for room can be aborted, and loses nothing', async (t) => {
  t.deepEqual(await answerOf('aborted', 64), ['pending', 'ABORT_ERR', 5])
})

test.serial('what the limit has never room for is not waited for', async (t) => {
  t.deepEqual(await answerOf('tooMany', 64), ['data', true, []])
})

test.serial('accepting leaves 16 free for others, and serves everybody in the end', async (t) => {
  const { whole, fewest, warnings } = (await answerOf('accept', 64)) as { whole: boolean; fewest: number; warnings: [] }
  t.deepEqual([whole, warnings], [true, [SCARCE]])
  t.true(fewest >= 15, `${fewest} were free`)
  const without = (await answerOf('acceptWithout', 64)) as typeof fewest & { whole: boolean; fewest: number }
  t.deepEqual([without.whole, without.fewest < 15], [true, true], 'unless it was told not to')
})

test.serial('a listener goes on when Node has closed some', async (t) => {
  t.deepEqual(await answerOf('acceptByTimer', 64), ['pending', 1, false])
})

test.serial('the descriptors of the process are counted', (t) => {
  const sockets = pair()
  const { open, limit, paused } = descriptorUsage()
  t.is(open, openCount())
  t.true(limit > openCount())
  t.is(paused, 0)
  dispose(...sockets)
})

test.serial('pauseWhenScarce is a boolean', (t) => {
  t.throws(() => pair('stream', { pauseWhenScarce: 1 as unknown as boolean }), { code: 'ERR_INVALID_ARG_TYPE' })
})
