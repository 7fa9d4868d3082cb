// Promise 7: the mode of a socket file is exact and never wider than asked, whatever the umask, which is never changed.
import { chmodSync, existsSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, listen } from '../index.js'
import { guard } from './helpers/leaks.js'
import { isRoot, type Kit, run, start, unprivileged } from './helpers/script.js'

const dir = guard(test)

/** What a process with another umask makes of a mode. */
function modes({ ancillary, require }: Kit, path: string, mode?: number): object {
  const fs = require('node:fs') as typeof import('node:fs')
  const options = mode === undefined ? {} : { mode }
  const see = (): number => fs.statSync(path).mode & 0o7777
  const before = process.umask()
  const listener = ancillary.listen(path, options)
  const listening = see()
  listener.close()
  const socket = ancillary.bind(path, options)
  const bound = see()
  socket.close()
  return { listening, bound, umaskChanged: process.umask() !== before }
}

const cases: [umask: string, mode: number][] = [
  ['022', 0o666],
  ['077', 0o660],
  ['000', 0o600],
  ['077', 0o777],
  ['777', 0o640],
  ['022', 0],
]

for (const [umask, mode] of cases) {
  for (const length of [60, 200]) {
    test.serial(`mode 0${mode.toString(8)} is exact under umask ${umask}, on a path of ${length} bytes`, async (t) => {
      const path = `${dir}/`.padEnd(length, 'p')
      const seen = await run(modes, [path, mode], { shell: `umask ${umask}` })
      t.deepEqual(seen, { listening: mode, bound: mode, umaskChanged: false })
    })
  }
}

test.serial('without a mode the umask says it', async (t) => {
  const seen = await run(modes, [join(dir, 'sock')], { shell: 'umask 027' })
  t.deepEqual(seen, { listening: 0o750, bound: 0o750, umaskChanged: false })
})

test.serial('a replaced file gets its own mode', async (t) => {
  const path = join(dir, 'sock')
  listen(path, { mode: 0o777 }).detach().close()
  const listener = listen(path, { replace: 'stale', mode: 0o600 })
  t.is(statSync(path).mode & 0o777, 0o600)
  await listener.close()
})

test.serial('a mode is a number of permission bits', (t) => {
  for (const mode of [-1, 0o1000, 1.5, Number.NaN]) {
    t.throws(() => listen(join(dir, 'sock'), { mode }), { code: 'ERR_OUT_OF_RANGE' })
  }
  t.throws(() => bind(join(dir, 'sock'), { mode: '600' as unknown as number }), { code: 'ERR_INVALID_ARG_TYPE' })
  t.false(existsSync(join(dir, 'sock')))
})

for (const length of [60, 200]) {
  test.serial(`whoever looks all the time sees no wider mode, on a path of ${length} bytes`, async (t) => {
    const path = `${dir}/`.padEnd(length, 'p')
    const stop = join(dir, 'stop')
    const watcher = start(watch, [dir, stop])
    await watcher.next()
    const binder = start(bindManyTimes, [path], { shell: 'umask 000' })
    const rounds = await binder.next<number>()
    await binder.end()
    writeFileSync(stop, '')
    const seen = await watcher.next<number[]>()
    await watcher.end()
    t.true(rounds > 0)
    // What the umask left, narrowed from the first moment: any other bit would have been visible here.
    t.deepEqual(seen, [0o640])
  })
}

/** Looks at every socket in the folder until the file `stop` is there. */
async function watch({ require, tell }: Kit, folder: string, stop: string): Promise<number[]> {
  const fs = require('node:fs') as typeof import('node:fs')
  const seen = new Set<number>()
  await tell('watching')
  while (!fs.existsSync(stop)) {
    for (const name of fs.readdirSync(folder)) {
      const status = fs.statSync(`${folder}/${name}`, { throwIfNoEntry: false })
      if (status?.isSocket()) seen.add(status.mode & 0o7777)
    }
  }
  fs.unlinkSync(stop)
  return [...seen].sort()
}

function bindManyTimes({ ancillary }: Kit, path: string): number {
  const rounds = 2_000
  for (let round = 0; round < rounds; round++) ancillary.listen(path, { mode: 0o640 }).close()
  return rounds
}

test.serial('the mode decides who may connect', async (t) => {
  chmodSync(dir, 0o755)
  const path = join(dir, 'sock')
  const closed = listen(path, { mode: 0 })
  t.is(await run(connectCode, [path], unprivileged), 'EACCES')
  await closed.close()
  const open = listen(path, { mode: 0o666 })
  t.is(await run(connectCode, [path], unprivileged), 'connected')
  await open.close()
  const socket = bind(path, { mode: 0 })
  t.is(await run(sendCode, [path], unprivileged), 'EACCES')
  await socket.close()
})

async function connectCode({ ancillary }: Kit, path: string): Promise<string | undefined> {
  try {
    const socket = await ancillary.connect(path)
    await socket.close()
    return 'connected'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

async function sendCode({ ancillary }: Kit, path: string): Promise<string | undefined> {
  try {
    await ancillary.bind().send('x', { to: path })
    return 'sent'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

test.serial('only root passes a mode of 0', async (t) => {
  const path = join(dir, 'sock')
  const listener = listen(path, { mode: 0 })
  if (isRoot) await (await connect(path)).close()
  else await t.throwsAsync(connect(path), { code: 'EACCES' })
  t.is(statSync(path).mode & 0o777, 0)
  await listener.close()
})
