// In a user namespace that maps nothing, as in a container that was set up badly, nobody has a number: every id is null, never
// the overflow id and never root's. Outside of its pid namespace a process has no number either.
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { listen, type UnixSocket } from '../index.js'
import { type Outcome, runScenario } from './helpers/child.js'
import { guard } from './helpers/leaks.js'
import { isRoot } from './helpers/script.js'

const folder = guard(test)
const path = join(folder, 'sock')

test.serial.before('others may come in', () => chmodSync(folder, 0o755))

/** Runs the scenario, and sends it a message of ours. */
async function inNamespace(wrapper: string): Promise<[Outcome, UnixSocket]> {
  const listener = listen(path, { mode: 0o666 })
  const outcome = runScenario('namespaces', 'unmapped', { wrapper, env: { ANCILLARY_TEST_PATH: path } })
  const accepted = await Promise.race([listener.accept(), outcome])
  if (!('send' in accepted)) throw new Error(`It never came: ${accepted.stderr}`)
  await accepted.recv()
  await accepted.send('who am I?')
  const done = await outcome
  await Promise.all([accepted.close(), listener.close()])
  return [done, accepted]
}

/** Some systems forbid it to users; root must be able to. */
const forbidden = !isRoot && spawnSync('unshare', ['--user', 'true']).status !== 0
const check = forbidden ? test.skip : test.serial
const nobody = { uid: null, gid: null, real: null, effective: null, saved: null, groups: [] }

check('where no id is mapped every id is null, and only the process has a number', async (t) => {
  const [{ answer, code, stderr }] = await inNamespace('unshare --user')
  t.is(code, 0, stderr)
  const sources = ['groups', 'pid']
  t.deepEqual(answer, {
    map: '',
    code: null,
    peer: { ...nobody, pid: true, sources },
    message: { ...nobody, pid: true, sources },
    pid: String(process.pid),
    alive: true,
  })
})

check('where the process has no number either there is no identity at all', async (t) => {
  const [{ answer, code, stderr }] = await inNamespace('unshare --user --pid --fork')
  t.is(code, 0, stderr)
  t.deepEqual(answer, { map: '', code: 'ERR_NO_IDENTITY', peer: null, message: null, pid: 'NaN', alive: true })
})
