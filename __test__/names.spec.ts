// Promise 7: paths of any length, and no path is deleted that we did not create.
import { execFileSync } from 'node:child_process'
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { type Address, bind, connect, listen, type UnixListener } from '../index.js'
import { guard } from './helpers/leaks.js'
import { type Kit, start } from './helpers/script.js'

const dir = guard(test)

/** A path of exactly so many bytes. */
function pathOf(length: number): string {
  return `${dir}/`.padEnd(length, 'p')
}

/** Connects, says a word each way, and closes both ends. */
async function talk(listener: UnixListener, address: Address): Promise<string> {
  const client = await connect(address)
  const server = await listener.accept()
  await client.send('ping')
  await server.send(`${(await server.recv())?.data} pong`)
  const answer = String((await client.recv())?.data)
  await Promise.all([client.close(), server.close()])
  return answer
}

for (const length of [107, 108, 109, 250]) {
  test.serial(`a path of ${length} bytes is bound whole, connected to and removed`, async (t) => {
    const path = pathOf(length)
    const listener = listen(path)
    t.is(listener.address, path)
    t.deepEqual(readdirSync(dir), [path.slice(dir.length + 1)])
    t.is(await talk(listener, path), 'ping pong')
    await listener.close()
    t.deepEqual(readdirSync(dir), [])
  })
}

test.serial('a path of 5,000 bytes through nested directories works like any other', async (t) => {
  const folder = execFileSync('python3', ['-c', makeDeepFolder, dir, '5000'], { encoding: 'utf8' })
  const path = join(folder, 'sock')
  t.true(path.length > 5_000)
  const listener = listen(path)
  t.is(await talk(listener, path), 'ping pong')
  const client = await connect(path)
  t.is(client.peerAddress, path)
  await Promise.all([client.close(), listener.close()])
  await t.throwsAsync(connect(path), { code: 'ENOENT' })
  // Node's own rm cannot reach that deep either.
  execFileSync('rm', ['-r', join(dir, 'deep')])
})

/** No system call takes such a path: it is made from inside, in Python, since Bun cannot go beyond PATH_MAX. */
const makeDeepFolder = `
import os, sys
path, name = sys.argv[1], 'deep'
os.chdir(path)
while len(path) < int(sys.argv[2]):
    os.mkdir(name)
    os.chdir(name)
    path += '/' + name
    name = 'd' * 200
print(path, end='')
`

test.serial('a long path that is taken is EADDRINUSE and stays what it was', (t) => {
  const path = pathOf(200)
  writeFileSync(path, 'mine')
  t.throws(() => listen(path), { code: 'EADDRINUSE' })
  t.throws(() => bind(path), { code: 'EADDRINUSE' })
  t.deepEqual(readdirSync(dir).length, 1)
  unlinkSync(path)
})

test.serial('a sender bound under a long path is marked as one that cannot be answered', async (t) => {
  const receiver = bind(join(dir, 'receiver'))
  const sender = bind(pathOf(200))
  t.is(sender.localAddress, pathOf(200))
  await sender.send('x', { to: join(dir, 'receiver') })
  const { from } = await receiver.recv()
  t.like(from, { answerable: false })
  const answer = { to: from as Address }
  await t.throwsAsync(receiver.send('y', answer), { code: 'ERR_INVALID_ARG_VALUE', message: /cannot be answered/ })
  await t.throwsAsync(connect(from as Address, { type: 'dgram' }), { code: 'ERR_INVALID_ARG_VALUE' })
  await Promise.all([receiver.close(), sender.close()])
})

test.serial('a sender under a short path carries no such mark', async (t) => {
  const receiver = bind(join(dir, 'receiver'))
  const sender = bind(pathOf(108))
  await sender.send('x', { to: join(dir, 'receiver') })
  t.is((await receiver.recv()).from, pathOf(108))
  await Promise.all([receiver.close(), sender.close()])
})

const occupants: [string, (path: string) => void][] = [
  ['a regular file', (path) => writeFileSync(path, 'mine')],
  ['a directory', (path) => mkdirSync(path)],
  ['a dangling symbolic link', (path) => symlinkSync(join(dir, 'nowhere'), path)],
]

for (const [what, make] of occupants) {
  for (const replace of ['never', 'stale'] as const) {
    test.serial(`${what} at the path is EADDRINUSE with replace '${replace}' and is left alone`, (t) => {
      const path = join(dir, 'taken')
      make(path)
      t.throws(() => listen(path, { replace }), { code: 'EADDRINUSE' })
      t.throws(() => bind(path, { replace }), { code: 'EADDRINUSE' })
      t.deepEqual(readdirSync(dir), ['taken'])
      rmSync(path, { recursive: true })
    })
  }
}

test.serial('close removes the path before the socket is gone', async (t) => {
  const path = join(dir, 'sock')
  const listener = listen(path)
  t.true(statSync(path).isSocket())
  await listener.close()
  t.false(existsSync(path))
  await t.throwsAsync(connect(path), { code: 'ENOENT' })
})

test.serial("close leaves a successor's file at the same path alone", async (t) => {
  const path = join(dir, 'sock')
  const first = listen(path)
  unlinkSync(path)
  const second = listen(path)
  await first.close()
  t.true(existsSync(path))
  t.is(await talk(second, path), 'ping pong')
  await second.close()
  t.false(existsSync(path))
})

test.serial('close leaves a regular file alone that took the place of ours', async (t) => {
  const path = join(dir, 'sock')
  const socket = bind(path)
  unlinkSync(path)
  writeFileSync(path, 'mine')
  await socket.close()
  t.true(statSync(path).isFile())
  unlinkSync(path)
})

test.serial('a file that was moved away is not looked for, and nothing else is deleted', async (t) => {
  const [path, moved] = [join(dir, 'sock'), join(dir, 'moved')]
  const listener = listen(path)
  renameSync(path, moved)
  await listener.close()
  t.deepEqual(readdirSync(dir), ['moved'])
  unlinkSync(moved)
})

test.serial('a directory that was renamed meanwhile does not hide our file', async (t) => {
  const [before, after] = [join(dir, 'before'), join(dir, 'after')]
  mkdirSync(before)
  const listener = listen(join(before, 'sock'))
  renameSync(before, after)
  mkdirSync(before)
  writeFileSync(join(before, 'sock'), 'mine')
  await listener.close()
  t.deepEqual(readdirSync(after), [])
  t.true(statSync(join(before, 'sock')).isFile())
  rmSync(before, { recursive: true })
  rmSync(after, { recursive: true })
})

test.serial('another name of the same socket outlives close', async (t) => {
  const listener = listen(join(dir, 'sock'))
  linkSync(join(dir, 'sock'), join(dir, 'alias'))
  await listener.close()
  t.deepEqual(readdirSync(dir), ['alias'])
  unlinkSync(join(dir, 'alias'))
})

test.serial('detach leaves the file, whose owner is now somebody else', async (t) => {
  const path = join(dir, 'sock')
  const listener = listen(path)
  const owned = listener.detach()
  t.true(existsSync(path))
  owned.close()
  await t.throwsAsync(connect(path), { code: 'ECONNREFUSED' })
  unlinkSync(path)
})

test.serial('a bind that fails half-way leaves no file', (t) => {
  const path = join(dir, 'sock')
  const listener = listen(path)
  t.throws(() => bind(join(dir, 'other'), { peer: path }), { code: 'EPROTOTYPE' })
  t.deepEqual(readdirSync(dir), ['sock'])
  listener.close()
})

test.serial('a path that net listens on is never taken away', async (t) => {
  const path = join(dir, 'sock')
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(path, resolve))
  t.throws(() => listen(path), { code: 'EADDRINUSE' })
  t.throws(() => listen(path, { replace: 'stale' }), { code: 'EADDRINUSE' })
  await new Promise((resolve) => server.close(resolve))
})

test.serial('process.exit removes the path, and a signal that kills leaves it', async (t) => {
  const [exits, dies] = [join(dir, 'exits'), join(dir, 'dies')]
  const polite = start(listenUntilTold, [exits])
  const rude = start(listenUntilTold, [dies])
  t.deepEqual(await Promise.all([polite.next(), rude.next()]), ['listening', 'listening'])
  t.deepEqual(readdirSync(dir).sort(), ['dies', 'exits'])
  polite.tell('exit')
  rude.kill('SIGKILL')
  t.deepEqual(await Promise.all([polite.end(), rude.end()]), [3, 'SIGKILL'])
  t.deepEqual(readdirSync(dir), ['dies'])
  t.throws(() => listen(dies), { code: 'EADDRINUSE' })
  const successor = listen(dies, { replace: 'stale' })
  t.is(await talk(successor, dies), 'ping pong')
  await successor.close()
})

async function listenUntilTold({ ancillary, tell, told }: Kit, path: string): Promise<void> {
  // Held until the end: a listener that nobody can reach is closed by the garbage collector.
  const listener = ancillary.listen(path)
  await tell('listening')
  await told()
  process.exit(listener.closed ? 4 : 3)
}
