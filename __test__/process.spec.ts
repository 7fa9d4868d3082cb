// A process as a handle: whether it lives, when it ends and how, signals for it and nobody else, and what closing means.
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { connect, listen, OwnedFd, type ProcessHandle, peerProcess, type SocketError } from '../index.js'
import { Actor } from './helpers/actor.js'
import { guard } from './helpers/leaks.js'
import { isRoot, type Kit, run, start, unprivileged } from './helpers/script.js'

const folder = guard(test)
const path = join(folder, 'sock')

/** A client process, and its handle. */
async function client(): Promise<{ actor: Actor; handle: ProcessHandle; close(): Promise<void> }> {
  const listener = listen(path)
  const actor = new Actor()
  await actor.does('connect', 'stream', path)
  const socket = await listener.accept()
  const handle = peerProcess(socket)
  if (handle === null) throw new Error('The kernel cannot tell')
  // The handle outlives the connection.
  await Promise.all([socket.close(), listener.close()])
  const close = async (): Promise<void> => {
    await actor.end()
    handle.close()
  }
  return { actor, handle, close }
}

test.serial('a handle names the peer, which is alive and has no exit status', async (t) => {
  const { actor, handle, close } = await client()
  t.is(handle.pid, actor.pid)
  t.true(handle.fd > 2)
  t.true(handle.alive)
  t.is(handle.exitStatus, null)
  await close()
})

test.serial('exited resolves at the end of the process, for all who wait, and at once afterwards', async (t) => {
  const { actor, handle, close } = await client()
  let ended = false
  const waiting = [handle.exited(), handle.exited()].map((exited) => exited.then(() => t.true(ended)))
  await t.throwsAsync(handle.exited({ timeout: 0 }), { code: 'ETIMEDOUT' })
  ended = true
  await Promise.all([actor.end(), ...waiting])
  t.false(handle.alive)
  await handle.exited()
  await handle.exited({ timeout: 0 })
  await close()
})

test.serial('waiting for its end can be given up, which does nothing to it', async (t) => {
  const { actor, handle, close } = await client()
  const aborting = new AbortController()
  const waiting = handle.exited({ signal: aborting.signal })
  const other = handle.exited()
  aborting.abort('enough')
  t.is((await t.throwsAsync<SocketError>(waiting, { code: 'ABORT_ERR' }))?.cause, 'enough')
  await t.throwsAsync(handle.exited({ timeout: 1 }), { code: 'ETIMEDOUT' })
  await t.throwsAsync(handle.exited({ signal: AbortSignal.abort() }), { code: 'ABORT_ERR' })
  t.true(handle.alive)
  // The end of a child and that of a handle are told on two ways.
  await Promise.all([actor.end(), other])
  await close()
})

test.serial('kill ends it, with SIGTERM if nothing else is said', async (t) => {
  const { actor, handle, close } = await client()
  handle.kill()
  await handle.exited()
  t.is(await actor.ended(), 'SIGTERM')
  t.deepEqual(handle.exitStatus, { code: null, signal: 'SIGTERM' })
  await close()
})

for (const signal of ['SIGINT', 'SIGKILL', 9] as const) {
  test.serial(`kill with ${signal} sends that`, async (t) => {
    const { actor, handle, close } = await client()
    handle.kill(signal)
    await handle.exited()
    const expected = signal === 9 ? 'SIGKILL' : signal
    t.is(await actor.ended(), expected)
    t.deepEqual(handle.exitStatus, { code: null, signal: expected })
    await close()
  })
}

test.serial('its exit code is told once its parent has asked for it', async (t) => {
  const { actor, handle, close } = await client()
  const [code] = await Promise.all([actor.end(42), handle.exited()])
  t.is(code, 42)
  t.deepEqual(handle.exitStatus, { code: 42, signal: null })
  await close()
})

test.serial('signal 0 only asks', async (t) => {
  const { actor, handle, close } = await client()
  t.notThrows(() => handle.kill(0))
  t.true(handle.alive)
  await actor.end()
  const gone = { code: 'ESRCH', syscall: 'pidfd_send_signal' }
  t.like(
    t.throws<SocketError>(() => handle.kill(0)),
    { ...gone, errno: -3 },
  )
  t.like(
    t.throws(() => handle.kill()),
    gone,
  )
  await close()
})

test.serial('what is no signal is refused, and not sent', async (t) => {
  const { handle, close } = await client()
  for (const wrong of ['SIGNOPE', 'TERM', '', 'toString', 'sigterm'])
    t.throws(() => handle.kill(wrong as NodeJS.Signals), { code: 'ERR_INVALID_ARG_VALUE' })
  for (const wrong of [-1, 65, 1.5, Number.NaN]) t.throws(() => handle.kill(wrong), { code: 'ERR_OUT_OF_RANGE' })
  for (const wrong of [null, {}, true, 9n]) {
    const error = t.throws<SocketError>(() => handle.kill(wrong as unknown as number))
    t.regex(String(error?.code), /^ERR_INVALID_ARG_(TYPE|VALUE)$/)
  }
  t.true(handle.alive)
  await close()
})

if (isRoot) {
  test.serial('another user may look at the process, and not signal it: EPERM', async (t) => {
    const listener = listen(path, { mode: 0o666 })
    chmodSync(folder, 0o755)
    const outcome = await run(signalPeer, [path], unprivileged)
    t.deepEqual(outcome, {
      pid: process.pid,
      alive: true,
      error: { code: 'EPERM', errno: -1, syscall: 'pidfd_send_signal' },
    })
    await listener.close()
  })
}

async function signalPeer({ ancillary }: Kit, address: string): Promise<object> {
  const socket = await ancillary.connect(address)
  const handle = ancillary.peerProcess(socket)
  let error: object = {}
  try {
    handle?.kill('SIGKILL')
  } catch (reason) {
    const { code, errno, syscall } = reason as SocketError
    error = { code, errno, syscall }
  }
  const { pid, alive } = handle ?? {}
  handle?.close()
  await socket.close()
  return { pid, alive, error }
}

test.serial('a client has the handle of who listens', async (t) => {
  const server = start(serve, [path])
  await server.next()
  const socket = await connect(path)
  const handle = peerProcess(socket)
  t.is(handle?.pid, server.pid)
  t.true(handle?.alive)
  server.tell('go')
  await handle?.exited()
  t.is(await server.end(), 0)
  handle?.close()
  await socket.close()
})

async function serve({ ancillary, tell, told }: Kit, address: string): Promise<void> {
  const listener = ancillary.listen(address)
  await tell('listening')
  await told()
  await listener.close()
}

test.serial('closing rejects who waits and leaves the process alone; a second close does nothing', async (t) => {
  const { actor, handle, close } = await client()
  const waiting = [handle.exited(), handle.exited({ timeout: 60_000 })]
  handle.close()
  for (const exited of waiting) await t.throwsAsync(exited, { code: 'ERR_SOCKET_CLOSED' })
  handle.close()
  t.is(handle.fd, -1)
  t.is(handle.pid, actor.pid)
  const closed = { code: 'ERR_SOCKET_CLOSED' }
  t.throws(() => handle.alive, closed)
  t.throws(() => handle.exitStatus, closed)
  t.throws(() => handle.kill(), closed)
  t.throws(() => handle.kill(0), closed)
  await t.throwsAsync(handle.exited(), closed)
  t.is(
    await actor.does('connect', 'stream', path).catch(String),
    'Error: connect: FileNotFoundError: [Errno 2] No such file or directory',
  )
  await close()
})

test.serial('dispose closes it', async (t) => {
  const { handle, close } = await client()
  handle[Symbol.dispose]()
  t.is(handle.fd, -1)
  t.throws(() => handle.alive, { code: 'ERR_SOCKET_CLOSED' })
  await close()
})

test.serial('a duplicate of its descriptor is a pidfd of its own, for whoever is to have it', async (t) => {
  const { actor, handle, close } = await client()
  const copy = OwnedFd.dup(handle)
  t.is(copy.kind, 'pidfd')
  handle.close()
  const readable = copy.readable()
  await actor.end()
  await readable
  copy.close()
  await close()
})
