// The number of a process that has ended may be another's by now. Whoever has it, and even the socket, is not taken for the peer,
// is told nothing of the peer's, and is not signalled.
import test from 'ava'
import { runScenario } from './helpers/child.js'
import { guard } from './helpers/leaks.js'
import { isRoot } from './helpers/script.js'

guard(test)
const wrapper = 'unshare --pid --fork --mount-proc'
const ids = {
  real: { uid: 1001, gid: 2001 },
  effective: { uid: 1002, gid: 2002 },
}

/** What is true however its messages are asked for. */
const never = {
  same: true,
  told: true,
  sentByPeer: null,
  uid: 1001,
  connect: [],
  errors: ['ESRCH', 'ESRCH', 'ESRCH'],
  peer: { same: true, uid: 0, real: null, saved: null },
  handle: false,
  living: true,
}

if (isRoot) {
  for (const type of ['stream', 'seqpacket']) {
    test.serial(
      `a ${type} message of who has the number of the dead peer is not the peer's and has nothing of it`,
      async (t) => {
        const { answer, code, stderr } = await runScenario('namespaces', `${type} credentials`, { wrapper })
        t.is(code, 0, stderr)
        const fields = { real: null, effective: null, groups: null }
        t.deepEqual(answer, { ...never, fields, sender: null })
      },
    )

    test.serial(`with passProcess a ${type} message of it has its own process and ids, none of the peer`, async (t) => {
      const { answer, code, stderr } = await runScenario('namespaces', `${type} process`, { wrapper })
      t.is(code, 0, stderr)
      const fields = { ...ids, groups: [3001, 3002] }
      t.deepEqual(answer, { ...never, fields, sender: { alive: true, same: true } })
    })
  }
} else {
  // Ava wants a test in every file.
  test('only root can choose the number of a process', (t) => t.pass())
}
