// The QNX page on Unix sockets, line by line (Q1 to Q8: types, names, permissions). The numbers are those of docs/guide/seeds.md.
import { chmodSync, mkdirSync, readdirSync, rmdirSync, statSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, listen, OwnedFd, UnixListener } from '../index.js'
import { guard } from './helpers/leaks.js'
import { received } from './helpers/received.js'
import { type Kit, run, unprivileged } from './helpers/script.js'

const dir = guard(test)
const path = join(dir, 'sock')

async function close(...objects: { close(): unknown }[]): Promise<void> {
  await Promise.all(objects.map((object) => object.close()))
}

for (const type of ['stream', 'seqpacket', 'dgram'] as const) {
  test.serial(`Q1 ${type} sockets work`, async (t) => {
    const server = type === 'dgram' ? bind(path) : listen(path, { type })
    const client = await connect(path, { type })
    const peer = server instanceof UnixListener ? await server.accept() : server
    await client.send('one')
    await client.send('two')
    const first = await received(peer)
    const text = type === 'stream' ? 'onetwo' : 'one'
    t.is(String(first.data), text)
    await close(client, peer, server)
  })
}

test.serial('Q2 no path is cut short: each is bound whole or refused', async (t) => {
  for (const length of [104, 107, 108, 109, 130]) {
    const whole = `${dir}/`.padEnd(length, 'p')
    const listener = listen(whole)
    t.deepEqual(readdirSync(dir), [whole.slice(dir.length + 1)])
    await close(listener)
  }
  t.throws(() => listen(join(dir, 'p'.repeat(256))), { code: 'ERR_PATH_TOO_LONG', message: /255/ })
  t.deepEqual(readdirSync(dir), [])
})

test.serial('Q3 the terminating NUL is no part of an address, and 108 bytes have room for none', async (t) => {
  for (const length of [60, 107, 108]) {
    const name = `${dir}/`.padEnd(length, 'p')
    const listener = listen(name)
    const asked = UnixListener.adopt(OwnedFd.dup(listener))
    t.is(asked.address, name)
    await close(listener, asked)
  }
})

test.serial('Q5 a socket file stays until it is unlinked, holds its path, and refuses those who connect', async (t) => {
  listen(path).detach().close()
  t.true(statSync(path).isSocket())
  t.throws(() => listen(path), { code: 'EADDRINUSE' })
  await t.throwsAsync(connect(path), { code: 'ECONNREFUSED' })
  unlinkSync(path)
  await close(listen(path))
})

test.serial('Q6 absolute and relative paths name the same file', async (t) => {
  t.deepEqual(await run(bothPaths, ['sock'], { cwd: dir }), ['relative, absolute', 'absolute, relative'])
})

async function bothPaths({ ancillary }: Kit, name: string): Promise<string[]> {
  const absolute = `${process.cwd()}/${name}`
  const talk = async (bound: string, connected: string, word: string): Promise<string> => {
    const [listener, client] = [ancillary.listen(bound), await ancillary.connect(connected)]
    const server = await listener.accept()
    await client.send(word)
    const data = String((await server.recv())?.data)
    await Promise.all([client.close(), server.close(), listener.close()])
    return data
  }
  return [await talk(name, absolute, 'relative, absolute'), await talk(absolute, name, 'absolute, relative')]
}

test.serial('Q7 a socket without a name cannot be sent to: there is no wildcard', async (t) => {
  const [receiver, nameless] = [bind(path), bind()]
  await nameless.send('x', { to: path })
  t.is((await receiver.recv()).from, null)
  await t.throwsAsync(receiver.send('y'), { code: 'ENOTCONN' })
  await t.throwsAsync(receiver.send('y', { to: '' }), { code: 'ERR_INVALID_ARG_VALUE' })
  await t.throwsAsync(receiver.send('y', { to: { path: '' } }), { code: 'ERR_INVALID_ARG_VALUE' })
  await close(receiver, nameless)
})

test.serial('Q8 without permission on the file, or to search the directory, it is EACCES', async (t) => {
  chmodSync(dir, 0o755)
  const folder = join(dir, 'closed')
  mkdirSync(folder)
  const opened = [
    listen(path, { mode: 0 }),
    bind(`${path}-d`, { mode: 0 }),
    listen(join(folder, 'sock'), { mode: 0o777 }),
  ]
  chmodSync(folder, 0o600)
  const codes = await run(codesOf, [path, `${path}-d`, join(folder, 'sock')], unprivileged)
  t.deepEqual(codes, ['EACCES', 'EACCES', 'EACCES'])
  chmodSync(folder, 0o700)
  await close(...opened)
  rmdirSync(folder)
})

async function codesOf({ ancillary }: Kit, stream: string, datagram: string, hidden: string): Promise<unknown[]> {
  const code = (error: NodeJS.ErrnoException): unknown => error.code
  const attempts = [ancillary.connect(stream), ancillary.bind().send('x', { to: datagram }), ancillary.connect(hidden)]
  return await Promise.all(attempts.map((attempt) => attempt.then(() => 'allowed', code)))
}
