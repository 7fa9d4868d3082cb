// Descriptors that somebody else made: never blocked on, though they have no O_NONBLOCK, and never changed.
import test from 'ava'
import { runScenario } from './helpers/child.js'
import { guard } from './helpers/leaks.js'

guard(test)

test.serial('a pipe without data does not block the event loop', async (t) => {
  const { answer, stderr } = await runScenario('inherited', 'emptyPipe', { input: 'pipe' })
  t.is(stderr, '')
  t.deepEqual(answer, { kind: 'pipe', state: 'pending', data: 'late', nonblocking: false })
})

test.serial('a full pipe does not block the event loop', async (t) => {
  const { answer } = await runScenario('inherited', 'fullPipe', { input: 'pipe' })
  t.deepEqual(answer, { written: 4096, nonblocking: false })
})

test.serial('a socket whose peer neither writes nor reads does not block the event loop', async (t) => {
  const { answer } = await runScenario('inherited', 'silentSocket', { input: 'socket' })
  const [read, recv, send] = ['rejected', 'pending', 'pending']
  t.deepEqual(answer, { states: [read, recv, send], nonblocking: false })
})

test.serial('a peer that has gone is an error, also where SIGPIPE would end the process', async (t) => {
  const { answer, code } = await runScenario('inherited', 'deadlySignal')
  t.deepEqual({ answer, code }, { answer: ['EPIPE', 'EPIPE'], code: 0 })
})
