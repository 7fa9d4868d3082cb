// serve and takeOver: what a successor gets, in which order, who may, and what becomes of one that does not come to its end.
import { once } from 'node:events'
import * as fs from 'node:fs'
import * as http from 'node:http'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { serve, takeOver } from '../entries/handoff.js'
import { listen, OwnedFd, pair } from '../index.js'
import { dispose } from './helpers/dispose.js'
import { taken, untilTold } from './helpers/handoff.js'
import { guard } from './helpers/leaks.js'
import { inodeOf, openMarked } from './helpers/marked.js'

const folder = guard(test)
const address = join(folder, 'handoff')
const path = join(folder, 'sock')

test.serial('there is null where nobody serves: no file, or that of a dead process', async (t) => {
  t.is(await takeOver(address), null)
  const listener = listen(address)
  listener.detach().close()
  t.true(fs.existsSync(address))
  t.is(await takeOver(address), null)
  const handoff = serve(address, {})
  t.truthy(await takeOver(address).then((takeover) => takeover?.close() ?? true))
  await handoff.close()
})

test.serial('a successor gets the handles by name and in order, lists as lists, and the state last', async (t) => {
  const fds = openMarked(folder, 5).map((fd) => OwnedFd.adopt(fd))
  const inodes = fds.map(inodeOf)
  const order: string[] = []
  const handles = () => {
    order.push('handles')
    return { one: fds[0] as OwnedFd, list: fds.slice(1, 4), none: [], __proto__x: fds[4] as OwnedFd }
  }
  const state = async () => {
    order.push('state')
    return [Buffer.from('what '), Buffer.from('was')]
  }
  const handoff = serve(address, handles, { state })
  t.deepEqual(order, [])
  const takeover = await taken(address)
  t.deepEqual(order, ['handles', 'state'])
  t.is(String(takeover.state), 'what was')
  t.deepEqual(Object.keys(takeover.handles), ['one', 'list', '__proto__x'])
  t.deepEqual(
    Object.values(takeover.handles).map((list) => list.map(({ fd }) => inodeOf(fd))),
    [[inodes[0]], inodes.slice(1, 4), [inodes[4]]] as number[][],
  )
  t.throws(() => takeover.take('list'), { code: 'ERR_INVALID_ARG_VALUE', message: /not 3/ })
  t.throws(() => takeover.take('toString'), { code: 'ERR_INVALID_ARG_VALUE', message: /not 0/ })
  t.false(fds.some((fd) => fd.closed))
  await takeover.ready()
  await handoff.drained()
  t.true(fds.every((fd) => fd.closed))
  takeover.close()
})

test.serial('a state of many megabytes arrives whole', async (t) => {
  const state = Buffer.alloc(20_000_000, 'many words ')
  const handoff = serve(address, {}, { state: () => state })
  const takeover = await taken(address)
  t.true(takeover.state.equals(state))
  await takeover.ready()
  await handoff.taken
})

test.serial(
  'before ready() the old process serves, after it the successor, at the same two addresses at once',
  async (t) => {
    const old = listen(path).toNetServer(http.createServer((_request, response) => response.end('old')))
    const handoff = serve(address, { http: old })
    t.is(fs.statSync(address).mode & 0o777, 0o600)
    const takeover = await taken(address)
    t.is(await ask(), 'old')
    await takeover.ready()
    const next = takeover.take('http').toNetServer(http.createServer((_request, response) => response.end('new')))
    const after = serve(address, { http: next })
    t.is(await ask(), 'new')
    t.false(old.listening)
    await handoff.drained()
    await after.close()
    t.false(fs.existsSync(address))
    next.close()
    fs.rmSync(path)
  },
)

async function ask(agent: http.Agent | false = false): Promise<string> {
  const [response] = await once(http.get({ socketPath: path, agent }), 'response')
  let text = ''
  for await (const part of response) text += part
  return text
}

test.serial(
  'what is asked on a connection that was kept is answered with Connection: close, and that drains',
  async (t) => {
    const old = listen(path).toNetServer(http.createServer((_request, response) => response.end('old')))
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 })
    t.is(await ask(agent), 'old')
    const handoff = serve(address, { http: old })
    const takeover = await taken(address)
    await takeover.ready()
    const next = takeover.take('http').toNetServer(http.createServer((_request, response) => response.end('new')))
    t.is(await ask(agent), 'old')
    await handoff.drained()
    t.is(await ask(agent), 'new')
    agent.destroy()
    next.close()
    fs.rmSync(path)
  },
)

test.serial('a successor that gives up changes nothing: onFailed is told, and the next one succeeds', async (t) => {
  const told: { code?: string }[] = []
  const server = net.createServer().listen(0)
  await once(server, 'listening')
  const handoff = serve(address, { server }, { onFailed: (error) => told.push(error as { code?: string }) })
  for (let count = 1; count <= 3; count++) {
    const takeover = await taken(address)
    takeover.close()
    t.true(takeover.handles.server?.[0]?.fd.closed)
    await untilTold(told, count)
  }
  t.deepEqual(
    told.map(({ code }) => code),
    ['ERR_HANDOFF', 'ERR_HANDOFF', 'ERR_HANDOFF'],
  )
  t.true(server.listening)
  const takeover = await taken(address)
  await takeover.ready()
  await handoff.drained()
  t.false(server.listening)
  takeover.close()
})

test.serial('a second successor waits; it is served when the first fails and refused when that succeeds', async (t) => {
  const told: unknown[] = []
  const handoff = serve(address, { fd: OwnedFd.dup(0) }, { onFailed: (error) => told.push(error) })
  const first = await taken(address)
  let came = false
  const waiting = taken(address).then((takeover) => {
    came = true
    return takeover
  })
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  t.false(came)
  first.close()
  const second = await waiting
  t.is(told.length, 1)
  const third = taken(address)
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate)
  await second.ready()
  await t.throwsAsync(third, { code: 'ERR_HANDOFF' })
  await handoff.taken
  second.close()
})

test.serial('a closed handoff: taken and drained reject, nobody is there, and the handles are served on', async (t) => {
  const [left, right] = pair()
  const handoff = serve(address, { left })
  const drained = t.throwsAsync(handoff.drained(), { code: 'ERR_SOCKET_CLOSED' })
  await handoff.close()
  await t.throwsAsync(handoff.taken, { code: 'ERR_SOCKET_CLOSED' })
  await drained
  t.is(await takeOver(address), null)
  t.false(left.closed)
  dispose(left, right)
})
