// The example under load, as a user runs it: servers are replaced, and successors killed, and every request is answered.
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { guard } from './helpers/leaks.js'
import { runProgram } from './helpers/program.js'

const folder = guard(test)
/** Fewer where the same has just been run on another Node.js: `scripts/test.mjs --short`. */
const times = process.env.ANCILLARY_TEST_SHORT === '1' ? 12 : 50

async function restart(t: ExecutionContext, ...args: string[]): Promise<string[]> {
  const program = join(__dirname, '..', 'examples', 'graceful-restart.js')
  const { stdout, stderr } = await runProgram([program, ...args], { env: { TMPDIR: folder }, timeout: 170_000 })
  t.is(stderr, '')
  t.log(stdout)
  return stdout.trimEnd().split('\n')
}

/** One that is replaced before its first connection has come has served nobody. */
function assertServed(t: ExecutionContext, line: string | undefined): void {
  const [, requests, processes] = /^served (\d+) requests by (\d+) processes$/.exec(line ?? '') ?? []
  t.true(Number(requests) >= 1000 && Number(processes) > times / 5, line)
}

const NO_TROUBLE = 'refused 0, reset 0, failed 0, timeouts 0, non2xx 0, wrong 0, unanswered 0, ended badly 0'

test.serial(
  `${times} replacements under load: every request is answered, and every old process ends by itself`,
  async (t) => {
    const [replaced, served, troubles] = await restart(t, '--times', String(times))
    t.regex(replaced ?? '', new RegExp(`^replaced ${times} times, 0 successors killed, 0 failures told`))
    assertServed(t, served)
    t.is(troubles, NO_TROUBLE)
  },
)

test.serial(
  `${times} successors are killed in the middle: the old process goes on, and the next one succeeds`,
  async (t) => {
    const [replaced, served, troubles] = await restart(t, '--times', String(times), '--kill')
    const [, told] =
      new RegExp(`^replaced ${times} times, ${times} successors killed, (\\d+) failures told`).exec(replaced ?? '') ??
      []
    t.true(Number(told) > 0 && Number(told) <= times, replaced)
    assertServed(t, served)
    t.is(troubles, NO_TROUBLE)
  },
)

test.serial('10 replacements of a server on TCP, with successors killed: every request is answered', async (t) => {
  const [, , troubles] = await restart(t, '--times', '10', '--kill', '--tcp')
  t.is(troubles, NO_TROUBLE)
})
