// What wakes us: on Node.js libuv or, where the environment says so, a thread of our own; all else is the same.
import { join } from 'node:path'
import test from 'ava'
import { guard } from './helpers/leaks.js'
import { runProgram } from './helpers/program.js'

guard(test)

const index = join(__dirname, '..', 'index.js')
const program = `
  const { pair } = require(${JSON.stringify(index)})
  const { readdirSync, readFileSync } = require('node:fs')
  const [left, right] = pair()
  setTimeout(() => left.trySend('x'), 1)
  right.recv().then(() => {
    const threads = readdirSync('/proc/self/task').map((id) => {
      try {
        return readFileSync('/proc/self/task/' + id + '/comm', 'utf8').trim()
      } catch {
        return 'one of Node.js that has ended meanwhile'
      }
    })
    console.log(threads.filter((name) => name.startsWith('ancillary')).join())
  }, (error) => console.log(error.code, error.message))`

/** What the program says under this value of ANCILLARY_WAKER. It ends by itself: two open sockets keep no process alive. */
async function saidWith(waker: string | undefined): Promise<string> {
  const { stdout } = await runProgram(['-e', program], { env: { ANCILLARY_WAKER: waker }, timeout: 60_000 })
  return stdout.trim()
}

for (const waker of [undefined, '', 'uv']) {
  test.serial(`ANCILLARY_WAKER=${waker ?? ' not set'}: libuv wakes us, and there is no thread`, async (t) => {
    t.is(await saidWith(waker), '')
  })
}

test.serial('ANCILLARY_WAKER=thread: a thread wakes us', async (t) => {
  t.is(await saidWith('thread'), 'ancillary-poll')
})

test.serial('another value is refused by the first call that waits', async (t) => {
  t.regex(await saidWith('epoll'), /^ERR_INVALID_ARG_VALUE The "ANCILLARY_WAKER" argument must be "thread" or "uv"/)
})
