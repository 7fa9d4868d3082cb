// Promise 7: `replace: 'stale'` takes the place of a dead server of our own user, and of nothing else, one at a time.
import {
  chmodSync,
  chownSync,
  existsSync,
  readdirSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, listen, type OwnedFd, type UnixListener } from '../index.js'
import { guard } from './helpers/leaks.js'
import { isRoot, type Kit, run, start, unprivileged } from './helpers/script.js'

const dir = guard(test)
const path = join(dir, 'sock')

/** Leaves a socket file whose server is dead, of a stream socket unless told otherwise. */
function leaveStale(make: () => { detach(): OwnedFd } = () => listen(path)): number {
  make().detach().close()
  return statSync(path).ino
}

async function answers(listener: UnixListener): Promise<boolean> {
  const client = await connect(path, { type: listener.type })
  const server = await listener.accept()
  await Promise.all([client.close(), server.close()])
  return true
}

test.serial('a file that a dead server left is EADDRINUSE without being asked for', (t) => {
  const inode = leaveStale()
  t.throws(() => listen(path), { code: 'EADDRINUSE' })
  t.throws(() => listen(path, { replace: 'never' }), { code: 'EADDRINUSE' })
  t.is(statSync(path).ino, inode)
  unlinkSync(path)
})

for (const type of ['stream', 'seqpacket'] as const) {
  test.serial(`a dead ${type} server is replaced, and no lock file stays`, async (t) => {
    leaveStale(() => listen(path, { type }))
    const listener = listen(path, { type, replace: 'stale' })
    t.true(await answers(listener))
    t.deepEqual(readdirSync(dir), ['sock'])
    await listener.close()
    t.deepEqual(readdirSync(dir), [])
  })
}

test.serial('a dead datagram socket is replaced by another one', async (t) => {
  leaveStale(() => bind(path))
  const socket = bind(path, { replace: 'stale' })
  const sender = bind()
  await sender.send('x', { to: path })
  t.is(String((await socket.recv()).data), 'x')
  await Promise.all([socket.close(), sender.close()])
  t.deepEqual(readdirSync(dir), [])
})

test.serial('with nothing at the path it is bound as usual', async (t) => {
  const listener = listen(path, { replace: 'stale' })
  t.true(await answers(listener))
  await listener.close()
  t.deepEqual(readdirSync(dir), [])
})

test.serial('a live server is never replaced and does not notice', async (t) => {
  const listener = listen(path)
  const inode = statSync(path).ino
  for (let round = 0; round < 3; round++) {
    t.throws(() => listen(path, { replace: 'stale' }), { code: 'EADDRINUSE' })
  }
  t.is(statSync(path).ino, inode)
  t.deepEqual(readdirSync(dir), ['sock'])
  await listener.close()
})

test.serial('a live server whose backlog is full is alive', async (t) => {
  const listener = listen(path, { backlog: 0 })
  const waiting = await connect(path)
  t.throws(() => listen(path, { replace: 'stale' }), { code: 'EADDRINUSE' })
  await Promise.all([waiting.close(), listener.close()])
})

test.serial('a live socket of another type is alive', async (t) => {
  const socket = bind(path)
  t.throws(() => listen(path, { replace: 'stale' }), { code: 'EADDRINUSE' })
  t.throws(() => listen(path, { replace: 'stale', type: 'seqpacket' }), { code: 'EADDRINUSE' })
  await socket.close()
  const listener = listen(path)
  t.throws(() => bind(path, { replace: 'stale' }), { code: 'EADDRINUSE' })
  await listener.close()
})

test.serial('a symbolic link to a dead socket is not ours to delete', (t) => {
  const target = join(dir, 'target')
  listen(target).detach().close()
  symlinkSync(target, path)
  t.throws(() => listen(path, { replace: 'stale' }), { code: 'EADDRINUSE' })
  t.deepEqual(readdirSync(dir).sort(), ['sock', 'target'])
  unlinkSync(path)
  unlinkSync(target)
})

test.serial("another user's dead socket is not replaced", (t) => {
  leaveStale()
  if (isRoot) {
    chownSync(path, 1, 1)
    t.throws(() => listen(path, { replace: 'stale' }), { code: 'EADDRINUSE' })
    t.true(existsSync(path))
  } else {
    t.throws(() => chownSync(path, 1, 1), { code: 'EPERM' })
  }
  unlinkSync(path)
})

test.serial('a directory where the lock cannot be made is an error, and nothing is deleted', async (t) => {
  leaveStale()
  chmodSync(dir, 0o555)
  const error = await run(replaceError, [path], unprivileged)
  chmodSync(dir, 0o700)
  t.is(error, 'EACCES')
  t.deepEqual(readdirSync(dir), ['sock'])
  unlinkSync(path)
})

function replaceError({ ancillary }: Kit, address: string): string | undefined {
  try {
    ancillary.listen(address, { replace: 'stale' })
    return 'replaced'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code
  }
}

test.serial('a lock file of somebody else is used and left where it is', async (t) => {
  writeFileSync(`${path}.lock`, 'mine')
  leaveStale()
  const listener = listen(path, { replace: 'stale' })
  t.true(await answers(listener))
  await listener.close()
  t.deepEqual(readdirSync(dir), ['sock.lock'])
  unlinkSync(`${path}.lock`)
})

test.serial('a failed bind takes its lock file with it', (t) => {
  writeFileSync(path, 'mine')
  t.throws(() => listen(path, { replace: 'stale' }), { code: 'EADDRINUSE' })
  t.deepEqual(readdirSync(dir), ['sock'])
  unlinkSync(path)
})

test.serial('of servers that race for a dead one, exactly one wins every time', async (t) => {
  const racers = [1, 2, 3].map(() => start(race, [path]))
  await Promise.all(racers.map((racer) => racer.next()))
  for (let round = 0; round < 100; round++) {
    leaveStale()
    for (const racer of racers) racer.tell('go')
    const outcomes = await Promise.all(racers.map((racer) => racer.next<string>()))
    t.deepEqual(outcomes.sort(), ['EADDRINUSE', 'EADDRINUSE', 'won'], `round ${round}`)
    t.deepEqual(readdirSync(dir), ['sock'], `round ${round}`)
    for (const racer of racers) racer.tell('close')
    await Promise.all(racers.map((racer) => racer.next()))
  }
  for (const racer of racers) racer.tell('stop')
  await Promise.all(racers.map((racer) => racer.end()))
  t.deepEqual(readdirSync(dir), [])
})

async function race({ ancillary, tell, told }: Kit, address: string): Promise<void> {
  await tell('ready')
  for (;;) {
    if ((await told()) === 'stop') return
    let listener: UnixListener | undefined
    try {
      listener = ancillary.listen(address, { replace: 'stale' })
      await tell('won')
    } catch (error) {
      await tell((error as NodeJS.ErrnoException).code)
    }
    await told()
    await listener?.close()
    await tell('closed')
  }
}
