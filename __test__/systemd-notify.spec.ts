// What a service tells its manager, seen from the other side: a datagram socket of ours and one of Python play the manager, with
// credentials, descriptors and barriers.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, closeSync, openSync, readFileSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { barrier, type NotifyState, notify, removeStored, storeFds } from '../entries/systemd.js'
import { bind, hasCode, type Message, OwnedFd, type UnixSocket } from '../index.js'
import { fillReceiver } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openMarked } from './helpers/marked.js'
import { isRoot, run, unprivileged } from './helpers/script.js'
import { stateOf } from './helpers/turns.js'

const folder = guard(test)
const path = join(folder, 'notify')
const timeout = 5_000
const MAX_FDS = 253

/** A manager for the time of `action`. */
async function managed(
  action: (manager: UnixSocket<'dgram'>) => Promise<void>,
  at: string | { abstract: string } = path,
) {
  const manager = bind(at, { passCredentials: true, maxFds: MAX_FDS, mode: 0o777 })
  try {
    await action(manager)
  } finally {
    await manager.close()
  }
}

async function withEnvironment(values: Record<string, string | undefined>, action: () => Promise<void>): Promise<void> {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const)
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name]
    else process.env[name] = value
  }
  for (const [name, value] of Object.entries(values)) set(name, value)
  try {
    await action()
  } finally {
    for (const [name, value] of before) set(name, value)
  }
}

async function textOf(manager: UnixSocket<'dgram'>): Promise<string> {
  return String((await manager.recv({ timeout })).data)
}

/** The next messages; a barrier is let go at once. */
async function settled(manager: UnixSocket<'dgram'>, count: number): Promise<Message[]> {
  const messages: Message[] = []
  while (messages.length < count) {
    const message = await manager.recv({ timeout })
    messages.push(message)
    if (String(message.data) === 'BARRIER=1') message.close()
  }
  return messages
}

test.serial('a state arrives as it is, with our process, user and group', async (t) => {
  await managed(async (manager) => {
    t.true(await notify('READY=1\nSTATUS=Waiting for work', { path }))
    const { data, credentials } = await manager.recv({ timeout })
    t.is(String(data), 'READY=1\nSTATUS=Waiting for work')
    t.like(credentials, { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() } as object)
  })
})

test.serial('our identity goes with the message, not only where the manager asks for it', async (t) => {
  const manager = bind(path)
  await notify('READY=1', { path })
  manager.passCredentials = true
  t.is((await manager.recv({ timeout })).credentials?.pid, process.pid)
  await manager.close()
})

test.serial('an object becomes one assignment a line', async (t) => {
  await managed(async (manager) => {
    const state = { READY: true, X_IDLE: false, MAINPID: 17, MONOTONIC_USEC: 2n ** 60n, STATUS: 'a = b; ä', EMPTY: '' }
    await notify(state, { path })
    t.is(await textOf(manager), `READY=1\nX_IDLE=0\nMAINPID=17\nMONOTONIC_USEC=${2n ** 60n}\nSTATUS=a = b; ä\nEMPTY=`)
  })
})

test.serial('NOTIFY_SOCKET names the manager, by its path or by an abstract name', async (t) => {
  const name = `anc-notify-${process.pid}`
  for (const [variable, at] of [[path, path] as const, [`@${name}`, { abstract: name }] as const]) {
    await managed(async (manager) => {
      await withEnvironment({ NOTIFY_SOCKET: variable }, async () => {
        t.true(await notify('READY=1'))
        t.is(await textOf(manager), 'READY=1')
        t.is(process.env.NOTIFY_SOCKET, variable)
      })
    }, at)
  }
})

test.serial('without a manager everything is false, and nothing is opened', async (t) => {
  for (const nothing of [undefined, '']) {
    await withEnvironment({ NOTIFY_SOCKET: nothing }, async () => {
      const answers = [notify('READY=1'), barrier(), storeFds('name', [2]), removeStored('name')]
      t.deepEqual(await Promise.all(answers), [false, false, false, false])
    })
  }
})

test.serial('a manager that is gone, and one behind a vsock, are errors', async (t) => {
  await t.throwsAsync(notify('READY=1', { path }), { code: 'ENOENT' })
  for (const vsock of ['vsock:2:9999', 'vsock-stream:2:9999', 'vsock-dgram:2:1']) {
    await withEnvironment({ NOTIFY_SOCKET: vsock }, async () => {
      await t.throwsAsync(notify('READY=1'), { code: 'EAFNOSUPPORT', message: `connect EAFNOSUPPORT ${vsock}` })
      await t.throwsAsync(barrier(), { code: 'EAFNOSUPPORT' })
    })
  }
})

test.serial('nothing that is put into a value becomes an assignment of its own', async (t) => {
  const wrong: [unknown, string][] = [
    [{ STATUS: 'fine\nMAINPID=1' }, 'ERR_INVALID_ARG_VALUE'],
    [{ STATUS: 'fine\0' }, 'ERR_INVALID_ARG_VALUE'],
    [{ 'STATUS=x\nMAINPID': '1' }, 'ERR_INVALID_ARG_VALUE'],
    [{ '': '1' }, 'ERR_INVALID_ARG_VALUE'],
    ['READY=1\0', 'ERR_INVALID_ARG_VALUE'],
    ['', 'ERR_INVALID_ARG_VALUE'],
    [{}, 'ERR_INVALID_ARG_VALUE'],
    [{ MAINPID: Number.NaN }, 'ERR_INVALID_ARG_TYPE'],
    [{ STATUS: null }, 'ERR_INVALID_ARG_TYPE'],
    [{ STATUS: undefined }, 'ERR_INVALID_ARG_TYPE'],
    [7, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
  ]
  await managed(async (manager) => {
    for (const [state, code] of wrong) await t.throwsAsync(notify(state as NotifyState, { path }), { code })
    t.is(manager.tryRecv(), 'again')
  })
})

test.serial('wrong options are typed errors, also without a manager', async (t) => {
  const wrong: [object, string][] = [
    [{ pid: 0 }, 'ERR_OUT_OF_RANGE'],
    [{ pid: '1' }, 'ERR_INVALID_ARG_TYPE'],
    [{ path: 7 }, 'ERR_INVALID_ARG_TYPE'],
    [{ timeout: -1 }, 'ERR_OUT_OF_RANGE'],
    [{ signal: AbortSignal.abort() }, 'ABORT_ERR'],
  ]
  for (const [options, code] of wrong) await t.throwsAsync(notify('READY=1', options), { code })
  await t.throwsAsync(storeFds('name', [2], { barrier: 1 } as object), { code: 'ERR_INVALID_ARG_TYPE' })
  await t.throwsAsync(storeFds('name', [2], { poll: 'no' } as object), { code: 'ERR_INVALID_ARG_TYPE' })
})

test.serial('a privileged process may speak for another one, others may not', async (t) => {
  chmodSync(folder, 0o755)
  await managed(async (manager) => {
    const code = await run(
      async ({ require }, entry: string, to: string, pid: number) => {
        const { notify } = require(entry) as typeof import('../entries/systemd.js')
        return await notify('READY=1', { path: to, pid }).then(String, (error: NodeJS.ErrnoException) => error.code)
      },
      [join(__dirname, '../entries/systemd.js'), path, process.pid],
      { ...unprivileged, preload: join(__dirname, '../entries/systemd.js') },
    )
    t.is(code, 'EPERM')
    if (!isRoot) return
    await notify('READY=1', { path, pid: process.ppid })
    t.is((await manager.recv({ timeout })).credentials?.pid, process.ppid)
  })
})

test.serial('a full manager is waited for, up to the deadline', async (t) => {
  await managed(async (manager) => {
    const before = fillReceiver(path)
    await t.throwsAsync(notify('LATE=1', { path, timeout: 20 }), { code: 'ETIMEDOUT' })
    const waiting = notify('IN=TIME', { path, timeout })
    t.is(await stateOf(waiting), 'pending')
    for (let count = 0; count < before; count++) await manager.recv({ timeout })
    t.true(await waiting)
    t.is(await textOf(manager), 'IN=TIME')
    t.is(manager.tryRecv(), 'again')
  })
})

test.serial('a barrier ends when the manager lets go of it, and not before', async (t) => {
  await managed(async (manager) => {
    await notify('STOPPING=1', { path })
    const waiting = barrier({ path })
    t.is(await textOf(manager), 'STOPPING=1')
    const message = await manager.recv({ timeout })
    t.is(String(message.data), 'BARRIER=1')
    t.is(message.fds.length, 1)
    t.is(await stateOf(waiting), 'pending')
    message.close()
    t.true(await waiting)
  })
})

test.serial('a barrier has one deadline for its two steps, and ends with the manager', async (t) => {
  const manager = bind(path, { maxFds: 1 })
  await t.throwsAsync(barrier({ path, timeout: 20 }), { code: 'ETIMEDOUT' })
  const aborted = new AbortController()
  const waiting = barrier({ path, signal: aborted.signal })
  aborted.abort()
  await t.throwsAsync(waiting, { code: 'ABORT_ERR' })
  const last = barrier({ path })
  t.is(await stateOf(last), 'pending')
  await manager.close()
  t.true(await last)
})

test.serial('descriptors are stored by name, and that is done when it says so', async (t) => {
  const files = openMarked(folder, 3)
  await managed(async (manager) => {
    const storing = storeFds('my files', files, { path })
    const message = await manager.recv({ timeout })
    t.is(String(message.data), 'FDSTORE=1\nFDNAME=my files')
    t.deepEqual(inodesOf(message.fds), inodesOf(files))
    t.is(await stateOf(storing), 'pending')
    message.close()
    await settled(manager, 1)
    t.true(await storing)
  })
  closeAll(files)
})

test.serial('storing can do without hang-ups, and without waiting', async (t) => {
  const files = openMarked(folder, 1)
  await managed(async (manager) => {
    t.true(await storeFds('x', files, { path, poll: false, barrier: false }))
    t.true(await removeStored('x', { path, barrier: false }))
    const [stored, removed, ...rest] = await manager.recvMany({ timeout })
    t.deepEqual([String(stored?.data), stored?.fds.length], ['FDSTORE=1\nFDNAME=x\nFDPOLL=0', 1])
    t.deepEqual([String(removed?.data), removed?.fds.length], ['FDSTOREREMOVE=1\nFDNAME=x', 0])
    t.deepEqual(rest, [])
    stored?.close()
  })
  closeAll(files)
})

test.serial('removing waits for the manager as well', async (t) => {
  await managed(async (manager) => {
    const removing = removeStored('x', { path })
    const texts = (await settled(manager, 2)).map(({ data }) => String(data))
    t.deepEqual(texts, ['FDSTOREREMOVE=1\nFDNAME=x', 'BARRIER=1'])
    t.true(await removing)
  })
})

test.serial('a name that the manager would not take is refused before', async (t) => {
  const wrong = ['', 'a:b', 'a\nREADY=1', 'a\0', 'ä', 'x'.repeat(256)]
  await managed(async (manager) => {
    for (const name of wrong) {
      await t.throwsAsync(storeFds(name, [2], { path }), { code: 'ERR_INVALID_ARG_VALUE' }, name)
      await t.throwsAsync(removeStored(name, { path }), { code: 'ERR_INVALID_ARG_VALUE' }, name)
    }
    await t.throwsAsync(storeFds(7 as never, [2], { path }), { code: 'ERR_INVALID_ARG_TYPE' })
    await t.throwsAsync(storeFds('x', [], { path }), { code: 'ERR_INVALID_ARG_VALUE' })
    await t.throwsAsync(storeFds('x', 2 as never, { path }), { code: 'ERR_INVALID_ARG_TYPE' })
    await t.throwsAsync(storeFds('x', Array(254).fill(2), { path }), { code: 'ERR_TOO_MANY_FDS' })
    t.is(manager.tryRecv(), 'again')
    t.true(await storeFds('~ !'.padEnd(255, 'x'), [2], { path, barrier: false }))
  })
})

test.serial('a manager that accepts no descriptors is an error, where the kernel tells', async (t) => {
  const manager = bind(path)
  const answer = await storeFds('x', [2], { path, timeout }).then(String, (error) => error)
  // Linux 6.16; before, the manager's kernel closes them, and the barrier with them.
  t.true(answer === 'true' || hasCode(answer, 'ERR_FDS_REFUSED'))
  await manager.close()
})

/** Prints what it gets until STOPPING=1: text, ids, and what the descriptors hold; keeps a barrier for a while. */
const pythonManager = `
import array, json, os, socket, struct, sys, time
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind(sys.argv[1])
print(json.dumps('bound'), flush=True)
while True:
    data, control, flags, address = s.recvmsg(4096, 4096)
    ids = [struct.unpack('3i', c[:12]) for l, t, c in control if t == socket.SCM_CREDENTIALS]
    fds = [fd for l, t, c in control if t == socket.SCM_RIGHTS for fd in array.array('i', c)]
    if data == b'BARRIER=1':
        time.sleep(0.1)
        print(json.dumps('barrier'), flush=True)
    else:
        held = [os.pread(fd, 100, 0).decode() for fd in fds]
        print(json.dumps([data.decode(), ids, held]), flush=True)
    for fd in fds: os.close(fd)
    if data == b'STOPPING=1': break
`

test.serial('a manager in Python understands all of it', async (t) => {
  // Into a file: what is there can be read at once, and a pipe comes when the loop has its turn.
  const log = `${folder}/log`
  const output = openSync(log, 'w')
  const child = spawn('python3', ['-c', pythonManager, path], { stdio: ['ignore', output, 'inherit'] })
  closeSync(output)
  const written = (): unknown[] =>
    readFileSync(log, 'utf8')
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  const ended = once(child, 'close')
  while (written().length === 0) await setImmediate()
  const files = openMarked(folder, 2)
  const file = OwnedFd.dup(files[1] as number)
  await notify({ READY: true }, { path })
  await storeFds('two', [files[0] as number, file], { path, timeout })
  t.is(written().length, 4, 'the barrier was over when storing was')
  await notify('STOPPING=1', { path })
  await ended
  const ids = [[process.pid, process.getuid?.(), process.getgid?.()]]
  t.deepEqual(written(), [
    'bound',
    ['READY=1', ids, []],
    ['FDSTORE=1\nFDNAME=two', ids, ['0', '1']],
    'barrier',
    ['STOPPING=1', ids, []],
  ])
  file.close()
  closeAll(files)
  unlinkSync(log)
  rmSync(path)
})
