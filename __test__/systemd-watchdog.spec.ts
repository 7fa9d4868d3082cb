// Signs of life: whether they are asked for, when they come, and when they must not.
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { type Watchdog, type WatchdogOptions, watchdog } from '../entries/systemd.js'
import { bind, type UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'
import { run } from './helpers/script.js'
import { turns } from './helpers/turns.js'

const folder = guard(test)
const path = join(folder, 'notify')
const timeout = 5_000
/** Signs of life every 20 milliseconds. */
const MICROSECONDS = '40000'

const dogs: Watchdog[] = []

test.serial.afterEach.always(() => {
  for (const dog of dogs.splice(0)) dog.stop()
  delete process.env.WATCHDOG_USEC
  delete process.env.WATCHDOG_PID
})

function asked(options: WatchdogOptions = {}, microseconds = MICROSECONDS): Watchdog {
  process.env.WATCHDOG_USEC = microseconds
  const dog = watchdog({ path, ...options })
  if (dog === null) throw new Error('There must be a watchdog')
  dogs.push(dog)
  return dog
}

async function managed(action: (manager: UnixSocket<'dgram'>) => Promise<void>): Promise<void> {
  const manager = bind(path)
  try {
    await action(manager)
  } finally {
    await manager.close()
  }
}

/** What has come by now. */
function texts(manager: UnixSocket<'dgram'>): string[] {
  const found: string[] = []
  for (;;) {
    const message = manager.tryRecv()
    if (message === 'again') return found
    found.push(String(message.data))
  }
}

async function signs(manager: UnixSocket<'dgram'>, count: number): Promise<string[]> {
  const found: string[] = []
  while (found.length < count) found.push(String((await manager.recv({ timeout })).data))
  return found
}

test.serial('it is null unless the manager watches this process', (t) => {
  const cases: [string | undefined, string | undefined, boolean][] = [
    [undefined, undefined, false],
    ['', undefined, false],
    [undefined, String(process.pid), false],
    [MICROSECONDS, undefined, true],
    [MICROSECONDS, String(process.pid), true],
    [MICROSECONDS, '1', false],
    [MICROSECONDS, '', false],
  ]
  for (const [microseconds, pid, expected] of cases) {
    if (microseconds === undefined) delete process.env.WATCHDOG_USEC
    else process.env.WATCHDOG_USEC = microseconds
    if (pid === undefined) delete process.env.WATCHDOG_PID
    else process.env.WATCHDOG_PID = pid
    t.is(watchdog() !== null, expected, `${microseconds} ${pid}`)
  }
})

test.serial('an interval that is none, and wrong options, are typed errors', (t) => {
  for (const wrong of ['0', 'x', '-1', '1.5', '0x10']) {
    process.env.WATCHDOG_USEC = wrong
    t.throws(() => watchdog(), { code: 'ERR_INVALID_ARG_VALUE' }, wrong)
  }
  const dog = asked()
  t.throws(() => watchdog({ path: 1 } as object), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => watchdog({ onError: true } as object), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => dog.start(true as never), { code: 'ERR_INVALID_ARG_TYPE' })
})

test.serial('one sign, and one alarm, by hand', async (t) => {
  await managed(async (manager) => {
    const dog = asked()
    t.is(dog.interval, 40)
    t.true(await dog.ping())
    t.true(await dog.trigger())
    t.deepEqual(texts(manager), ['WATCHDOG=1', 'WATCHDOG=trigger'])
  })
})

test.serial('the timer gives a sign at once and then twice in each interval, until it is stopped', async (t) => {
  await managed(async (manager) => {
    const dog = asked({}, '400000')
    const begin = performance.now()
    let checks = 0
    dog.start(() => {
      checks++
      return true
    })
    t.deepEqual(await signs(manager, 1), ['WATCHDOG=1'])
    t.true(performance.now() - begin < dog.interval / 2, 'the first one does not wait')
    t.deepEqual(await signs(manager, 3), Array(3).fill('WATCHDOG=1'))
    const each = (performance.now() - begin) / 3
    t.true(each > dog.interval / 4 && each < dog.interval, `${each} ms`)
    dog[Symbol.dispose]()
    texts(manager)
    const before = checks
    await delay(dog.interval)
    t.deepEqual([texts(manager), checks], [[], before])
  })
})

test.serial('who is not well gives no sign', async (t) => {
  await managed(async (manager) => {
    const failures: unknown[] = []
    const dog = asked({ onError: (error) => failures.push(String(error)) })
    const answers: unknown[] = [false, 1, 'true', undefined, Promise.resolve(false), 'throw', Promise.resolve(true)]
    const check = (): boolean => {
      const answer = answers.shift()
      if (answer === 'throw') throw new Error('ill')
      return answer as boolean
    }
    dog.start(check)
    t.deepEqual(await signs(manager, 1), ['WATCHDOG=1'])
    dog.stop()
    t.deepEqual([answers, failures], [[], ['Error: ill']])
  })
})

test.serial('a check that does not come back is not asked again, and gives no sign when it is late', async (t) => {
  await managed(async (manager) => {
    const dog = asked()
    let count = 0
    let finish = (_well: boolean): void => {}
    dog.start(() => {
      count++
      return new Promise((resolve) => {
        finish = resolve
      })
    })
    await delay(dog.interval * 2)
    t.deepEqual([count, texts(manager)], [1, []])
    const late = finish
    dog.start(() => false)
    late(true)
    await delay(dog.interval)
    dog.stop()
    t.deepEqual(texts(manager), [])
  })
})

test.serial('a manager that is gone is told to onError, and breaks nothing', async (t) => {
  const failures: unknown[] = []
  const dog = asked({ onError: (error) => failures.push((error as NodeJS.ErrnoException).code) })
  dog.start()
  await delay(dog.interval)
  dog.stop()
  t.true(failures.length >= 1)
  t.deepEqual(new Set(failures), new Set(['ENOENT']))
  const silent = asked()
  silent.start()
  await turns()
  silent.stop()
})

test.serial('the timer does not keep the process alive', async (t) => {
  await managed(async (manager) => {
    const entry = join(__dirname, '../entries/systemd.js')
    await run(
      ({ require }, module: string, to: string) => {
        process.env.WATCHDOG_USEC = '20000000'
        const { watchdog } = require(module) as typeof import('../entries/systemd.js')
        watchdog({ path: to })?.start()
        return 'started'
      },
      [entry, path],
    )
    t.deepEqual(texts(manager), ['WATCHDOG=1'])
  })
})
