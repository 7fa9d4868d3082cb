// Addresses as users write and read them: byte-exact paths, abstract names, names of the kernel's choice, and what is refused.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { type Address, bind, connect, listen, type UnixListener, type UnixSocket } from '../index.js'
import { guard } from './helpers/leaks.js'
import { type Kit, run } from './helpers/script.js'

const dir = guard(test)
const notUtf8 = Buffer.from([0xff, 0xfe, 0x80, 0x20, 0xc3])

type Closable = { close(): Promise<void> }

function closeAll(...sockets: Closable[]): Promise<unknown> {
  return Promise.all(sockets.map((socket) => socket.close()))
}

async function meet(listener: UnixListener, address: Address): Promise<[UnixSocket, UnixSocket]> {
  const client = await connect(address)
  return [client, await listener.accept()]
}

/** A name that no other run of this file has. */
function abstractName(tail: string | Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${dir}/`), Buffer.from(tail as string)])
}

test.serial('a path is the address of the listener, of its connections and of the peer of a client', async (t) => {
  const path = join(dir, 'plain')
  const listener = listen(path)
  const [client, server] = await meet(listener, path)
  t.is(listener.address, path)
  t.is(server.localAddress, path)
  t.is(client.peerAddress, path)
  t.is(client.localAddress, null)
  t.is(server.peerAddress, null)
  await closeAll(client, server, listener)
})

test.serial('a path that is not UTF-8 names exactly those bytes in the file system', async (t) => {
  const path = Buffer.concat([Buffer.from(`${dir}/`), notUtf8])
  const listener = listen({ path })
  // Not readdirSync: Deno's shows other bytes.
  t.deepEqual(execFileSync('ls', [dir]), Buffer.concat([notUtf8, Buffer.from('\n')]))
  const [client, server] = await meet(listener, { path })
  t.deepEqual(client.peerAddress, { path })
  t.deepEqual(server.localAddress, { path })
  await closeAll(client, server, listener)
  t.is(execFileSync('ls', [dir]).length, 0)
})

test.serial('the sender of a datagram bound to such a path can be answered by its address', async (t) => {
  const path = Buffer.concat([Buffer.from(`${dir}/d`), notUtf8])
  const [left, right] = [bind({ path }), bind(join(dir, 'right'))]
  await left.send('ping', { to: join(dir, 'right') })
  const { from } = await right.recv()
  t.deepEqual(from, { path })
  await right.send('pong', { to: from as Address })
  const answer = await left.recv()
  t.is(String(answer.data), 'pong')
  t.is(answer.from, join(dir, 'right'))
  await closeAll(left, right)
})

test.serial('the bytes of a given path may change later without changing the address of the file', async (t) => {
  const path = Buffer.from(join(dir, 'mine'))
  const listener = listen({ path })
  path.fill('x')
  const [client, server] = await meet(listener, join(dir, 'mine'))
  await closeAll(client, server, listener)
  t.deepEqual(readdirSync(dir), [])
})

test.serial('a string with a leading NUL is the same abstract name as the object form', async (t) => {
  const name = abstractName('same')
  const listener = listen({ abstract: name })
  t.is(listener.address, `\0${name}`)
  const [client, server] = await meet(listener, `\0${name}`)
  t.is(client.peerAddress, `\0${name}`)
  t.deepEqual(readdirSync(dir), [])
  await closeAll(client, server, listener)
})

test.serial('an abstract name is exact: a NUL more or less is another name', async (t) => {
  const name = abstractName('exact')
  const longer = Buffer.concat([name, Buffer.of(0)])
  const inner = abstractName('in\0side')
  const listeners = [name, longer, inner].map((abstract) => listen({ abstract }))
  t.deepEqual(
    listeners.map(({ address }) => address),
    [name, longer, inner].map((abstract) => `\0${abstract}`),
  )
  const [client, server] = await meet(listeners[1] as UnixListener, `\0${longer}`)
  t.is(client.peerAddress, `\0${longer}`)
  await closeAll(client, server, ...listeners)
  await t.throwsAsync(connect({ abstract: longer }), { code: 'ECONNREFUSED' })
})

test.serial('an abstract name that is not UTF-8 comes back as bytes', async (t) => {
  const abstract = abstractName(notUtf8)
  const listener = listen({ abstract })
  t.deepEqual(listener.address, { abstract })
  const [client, server] = await meet(listener, listener.address)
  t.deepEqual(client.peerAddress, { abstract })
  await closeAll(client, server, listener)
})

test.serial('an abstract name has room for 107 bytes, and one more is ERR_PATH_TOO_LONG that says so', async (t) => {
  const full = Buffer.alloc(107, abstractName('full-'))
  const listener = listen({ abstract: full })
  t.is(listener.address, `\0${full}`)
  const [client, server] = await meet(listener, listener.address)
  await closeAll(client, server, listener)
  const error = t.throws(() => listen({ abstract: Buffer.alloc(108, 'a') }), { code: 'ERR_PATH_TOO_LONG' })
  t.regex(error.message, /108 bytes.*107/)
})

test.serial("'\\0' alone lets the kernel choose, and the address tells what it chose", async (t) => {
  const listeners = [listen('\0'), listen('\0')]
  const names = listeners.map(({ address }) => String(address))
  for (const name of names) t.regex(name, /^\0[0-9a-f]{5}$/)
  t.not(names[0], names[1])
  const [client, server] = await meet(listeners[0] as UnixListener, names[0] as string)
  await closeAll(client, server, ...listeners)
  const socket = bind('\0')
  t.regex(String(socket.localAddress), /^\0[0-9a-f]{5}$/)
  await socket.close()
})

test.serial('an unnamed socket has no address, and what it sends comes from nobody', async (t) => {
  const path = join(dir, 'receiver')
  const [receiver, sender] = [bind(path), bind()]
  t.is(sender.localAddress, null)
  t.is(sender.peerAddress, null)
  await sender.send('x', { to: path })
  t.is((await receiver.recv()).from, null)
  await closeAll(receiver, sender)
})

test.serial('a client may bind its own address before it connects', async (t) => {
  const path = join(dir, 'server')
  const listener = listen(path)
  const client = await connect(path, { localAddress: join(dir, 'client') })
  const server = await listener.accept()
  t.is(client.localAddress, join(dir, 'client'))
  t.is(server.peerAddress, join(dir, 'client'))
  await closeAll(client, server, listener)
  t.deepEqual(readdirSync(dir), [])
})

test.serial('a relative path is where the process was when it was used, wherever the process goes later', async (t) => {
  const told = await run(listenAndWander, ['here'], { cwd: dir })
  t.deepEqual(told, { address: 'here', bound: true, data: 'hello', left: false })
})

async function listenAndWander({ ancillary, require }: Kit, name: string): Promise<object> {
  const fs = require('node:fs') as typeof import('node:fs')
  const folder = process.cwd()
  const listener = ancillary.listen(name)
  process.chdir('/')
  const bound = fs.existsSync(`${folder}/${name}`)
  process.chdir(folder)
  const client = await ancillary.connect(name)
  process.chdir('/')
  const server = await listener.accept()
  await client.send('hello')
  const data = String((await server.recv())?.data)
  const { address } = listener
  await Promise.all([client.close(), server.close(), listener.close()])
  return { address, bound, data, left: fs.existsSync(`${folder}/${name}`) }
}

test.serial('what is no address is refused before any system call', async (t) => {
  const wrongType = { code: 'ERR_INVALID_ARG_TYPE', instanceOf: TypeError }
  const wrongValue = { code: 'ERR_INVALID_ARG_VALUE', instanceOf: TypeError }
  for (const address of [7, null, undefined, {}, { path: 7 }, { abstract: 7 }, Buffer.from('x')]) {
    t.throws(() => listen(address as Address), wrongType)
    await t.throwsAsync(connect(address as Address), wrongType)
  }
  for (const address of ['', `${dir}/a\0b`, { path: '' }, { path: '\0a' }, { path: Buffer.from('a\0') }]) {
    t.throws(() => listen(address), wrongValue)
    t.throws(() => bind(address), wrongValue)
    await t.throwsAsync(connect(address), wrongValue)
  }
  t.deepEqual(readdirSync(dir), [])
})

test.serial('a path longer than any file system knows is ERR_PATH_TOO_LONG that states the limit', async (t) => {
  const part = join(dir, 'n'.repeat(256))
  const error = t.throws(() => listen(part), { code: 'ERR_PATH_TOO_LONG' })
  t.regex(error.message, /allows \(255 bytes/)
  await t.throwsAsync(connect(part), { code: 'ERR_PATH_TOO_LONG' })
  const endless = t.throws(() => listen('/x'.repeat(1_000_000)), { code: 'ERR_PATH_TOO_LONG' })
  t.regex(endless.message, /2000000 bytes.*1048576/)
})
