// What keeps a process alive: operations that wait, unless they were told not to; nothing else does.
import test from 'ava'
import { runScenario } from './helpers/child.js'
import { guard } from './helpers/leaks.js'

guard(test)

const idle = {
  'an open pair of sockets': 'openSockets',
  'a listener': 'openListener',
  'an operation that has ended': 'endedOperation',
  'an operation that was aborted': 'abortedOperation',
  'a socket that was told not to, while it waits': 'unrefBefore',
  'a socket that was told not to after it began to wait': 'unrefAfter',
  'a listener that was told not to': 'unrefListener',
  'a datagram for a full receiver, where the socket was told not to': 'unrefDatagram',
}

for (const [what, scenario] of Object.entries(idle)) {
  test.serial(`the process ends in spite of ${what}`, async (t) => {
    const { answer, code, stderr } = await runScenario('idle', scenario)
    t.deepEqual({ answer, code, stderr }, { answer: 'idle', code: 0, stderr: '' })
  })
}

const busy = {
  'a receive that waits': 'receiveWaits',
  'a receive that waits after ref': 'refAgain',
  'a send that waits': 'sendWaits',
  'an accept that waits': 'acceptWaits',
  'a datagram for a full receiver': 'datagramWaits',
  'a read of a FIFO': 'fifoWaits',
}

for (const [what, scenario] of Object.entries(busy)) {
  test.serial(`the process stays alive for ${what}`, async (t) => {
    const { answer, code, stderr } = await runScenario('idle', scenario)
    t.deepEqual({ answer, code, stderr }, { answer: 'done', code: 0, stderr: '' })
  })
}
