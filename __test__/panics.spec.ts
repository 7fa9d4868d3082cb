// A panic in the native part is an error of JavaScript: it ends one call, not the process, and what that call had opened is closed.
// Panics are made with memory that is too small, which nobody outside can hand over.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import type { native as Native } from '../lib/native.js'
import { guard } from './helpers/leaks.js'
import { type Kit, run } from './helpers/script.js'

guard(test)
const root = join(__dirname, '..')

async function panics({ ancillary, require }: Kit, path: string): Promise<object> {
  const { readdirSync: list } = require('node:fs') as typeof import('node:fs')
  const { native, constants } = require(path) as { native: typeof Native; constants: Record<string, number> }
  const open = (): number => list('/proc/self/fd').length
  const stream = constants.sockStream as number
  const [left, right] = ancillary.pair('stream', { maxFds: 2 })
  await left.send('before', { fds: [0] })
  ;(await right.recv())?.close()
  // What was received may block, and is closed on a thread.
  native.awaitClosed(20_000)
  const before = open()
  const calls = [() => native.pair(stream, new Int32Array(1)), () => native.pair(stream, new Int32Array(0))]
  const errors = calls.map((call) => {
    try {
      return `no error: ${call()}`
    } catch (error) {
      return error instanceof Error ? error.message.replace(/\d+/g, 'N') : 'no Error'
    }
  })
  const leaked = open() - before
  await left.send('after', { fds: [0, 1] })
  const message = await right.recv()
  const after = [`${message?.data}`, message?.fds.length]
  message?.close()
  return { errors, leaked, after }
}

test.serial('a panic is the error of one call: nothing leaks, and the sockets go on', async (t) => {
  const { errors, leaked, after } = (await run(panics, [join(root, 'lib', 'native.js')])) as Record<string, unknown[]>
  t.is(errors?.length, 2)
  for (const message of errors ?? []) t.regex(String(message), /range end index N out of range/)
  t.is(leaked as unknown, 0)
  t.deepEqual(after, ['after', 2])
})

/** Each function with what stands before it. */
function functions(text: string): { name: string; before: string }[] {
  const found = text.matchAll(/((?:^#\[.*\]\n)*)^(?:pub(?:\(crate\))? )?(?:unsafe )?(extern "C" )?fn (\w+)/gm)
  return [...found].map(([, before = '', , name = '']) => ({ name, before }))
}

test('every function that JavaScript can call catches panics', (t) => {
  const folder = join(root, 'crates', 'binding', 'src')
  const called = readdirSync(folder).flatMap((file) =>
    functions(readFileSync(join(folder, file), 'utf8')).filter(({ before }) => before.includes('#[napi')),
  )
  t.true(called.length > 50)
  t.deepEqual(
    called.filter(({ before }) => !before.includes('catch_unwind')).map(({ name }) => name),
    [],
  )
})
