// The example under load, as a user runs it: servers are replaced, and successors killed, and every request is answered.
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import test, { type ExecutionContext } from 'ava'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const deadline = 180_000

async function restart(t: ExecutionContext, ...args: string[]): Promise<string[]> {
  t.timeout(deadline)
  const program = join(__dirname, '..', 'examples', 'graceful-restart.js')
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [program, ...args], {
    env: { ...process.env, TMPDIR: folder },
    timeout: deadline,
    killSignal: 'SIGKILL',
  })
  t.is(stderr, '')
  t.log(stdout)
  return stdout.trimEnd().split('\n')
}

/** One that is replaced before its first connection has come has served nobody. */
function assertServed(t: ExecutionContext, line: string | undefined): void {
  const [, requests, processes] = /^served (\d+) requests by (\d+) processes$/.exec(line ?? '') ?? []
  t.true(Number(requests) >= 1000 && Number(processes) > 10, line)
}

const NO_TROUBLE = 'refused 0, reset 0, failed 0, timeouts 0, non2xx 0, wrong 0, unanswered 0, ended badly 0'

test.serial(
  '50 replacements under load: every request is answered, and every old process ends by itself',
  async (t) => {
    const [replaced, served, troubles] = await restart(t, '--times', '50')
    t.regex(replaced ?? '', /^replaced 50 times, 0 successors killed, 0 failures told/)
    assertServed(t, served)
    t.is(troubles, NO_TROUBLE)
  },
)

test.serial('50 successors are killed in the middle: the old process goes on, and the next one succeeds', async (t) => {
  const [replaced, served, troubles] = await restart(t, '--times', '50', '--kill')
  const [, told] = /^replaced 50 times, 50 successors killed, (\d+) failures told/.exec(replaced ?? '') ?? []
  t.true(Number(told) > 0 && Number(told) <= 50, replaced)
  assertServed(t, served)
  t.is(troubles, NO_TROUBLE)
})

test.serial('10 replacements of a server on TCP, with successors killed: every request is answered', async (t) => {
  const [, , troubles] = await restart(t, '--times', '10', '--kill', '--tcp')
  t.is(troubles, NO_TROUBLE)
})
