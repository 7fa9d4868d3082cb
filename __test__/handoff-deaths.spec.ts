// One of the two is killed at each step of a take-over: the old process goes on and a later successor succeeds, or the successor
// serves what it has got. The victim speaks the protocol frame by frame, in a process of its own.
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { serve, type Takeover, takeOver } from '../entries/handoff.js'
import { listen, pair } from '../index.js'
import type * as Frames from '../lib/frames.js'
import { guard } from './helpers/leaks.js'
import { received } from './helpers/received.js'
import { type Kit, start } from './helpers/script.js'

const folder = guard(test)
const address = join(folder, 'handoff')
const path = join(folder, 'sock')
const FRAMES = join(__dirname, '..', 'lib', 'frames.js')

/** As in lib/handoff.ts. */
const WORDS = { RECEIPT: 2, TAKE: 3, ITEM: 4, STATE: 5, READY: 6, GO: 7, CONFIRM: 8, DONE: 9 }

/** Each step of a successor: what it sends, or what it waits for. */
const SUCCESSOR = ['send TAKE', 'receive ITEM', 'send RECEIPT', 'receive ITEM', 'send RECEIPT', 'receive ITEM']
const SUCCESSOR_END = [...SUCCESSOR, 'send RECEIPT', 'receive STATE', 'send READY', 'receive GO']

/** Goes through the steps; then it is to be killed. */
async function walk(
  { ancillary, require, tell, told }: Kit,
  frames: string,
  address: string,
  steps: string[],
  words: Record<string, number>,
  listens: boolean,
): Promise<void> {
  const { FrameSocket } = require(frames) as typeof Frames
  const listener = listens ? ancillary.listen(address, { replace: 'stale' }) : null
  if (listener !== null) await tell('listening')
  const talk = new FrameSocket(await (listener?.accept() ?? ancillary.connect(address, { maxFds: 253 })))
  for (const step of steps) {
    const [verb, word = ''] = step.split(' ')
    if (verb === 'receive') {
      const frame = await talk.receive()
      if (frame?.type !== words[word]) throw new Error(`${step}: ${frame?.type}`)
    } else if (word === 'ITEM') {
      const words = Buffer.from(JSON.stringify({ name: 'one', type: 'OwnedFd' }))
      const body = Buffer.concat([Buffer.from([0, 0, 0, words.length]), words])
      await talk.send(4, body, [process.stdout.fd])
    } else {
      await talk.send(words[word] as number)
    }
  }
  await tell('here')
  await told()
}

function ask(): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(path).once('error', reject)
    socket.once('data', (data) => resolve(String(data)))
  })
}

for (const count of SUCCESSOR_END.keys()) {
  const steps = SUCCESSOR_END.slice(0, count + 1)
  test.serial(
    `a successor is killed after ${count + 1} steps (${steps.at(-1)}): the old process goes on, the next succeeds`,
    async (t) => {
      const server = listen(path).toNetServer(net.createServer((socket) => socket.end('old')))
      const [live, peer] = pair()
      const [near, far] = await connected()
      const flowing: string[] = []
      near.on('data', (data) => flowing.push(String(data)))
      const told: unknown[] = []
      const handoff = serve(address, { server, live, near }, { onFailed: (error) => told.push(error) })

      const victim = start(walk, [FRAMES, address, steps, WORDS, false])
      t.is(await victim.next(), 'here')
      await peer.send('sent while it lasts')
      far.write('written while it lasts')
      t.is(await ask(), 'old')
      victim.kill('SIGKILL')
      t.is(await victim.end(), 'SIGKILL')
      while (told.length === 0) await new Promise(setImmediate)
      t.is(told.length, 1)
      t.true(server.listening)
      t.is(String((await received(live)).data), 'sent while it lasts')
      while (flowing.length === 0) await once(near, 'data')
      t.deepEqual(flowing, ['written while it lasts'])

      const takeover = await takeOver(address)
      await takeover?.ready()
      await handoff.taken
      t.false(server.listening)
      t.true(live.closed)
      t.true(near.destroyed)
      const next = takeover?.take('server').toNetServer(net.createServer((socket) => socket.end('new')))
      t.is(await ask(), 'new')
      takeover?.close()
      next?.close()
      far.destroy()
      await peer.close()
      await handoff.drained()
      rmSync(path)
    },
  )
}

/** Two ends of a connection over a path. */
async function connected(): Promise<[near: net.Socket, far: net.Socket]> {
  const server = net.createServer().listen(`${path}2`)
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const far = net.connect(`${path}2`)
  const [near] = (await accepted) as [net.Socket]
  server.close()
  return [near, far]
}

/** What an old process does, and from which step on its successor has everything. */
const OLD = [
  'receive TAKE',
  'send ITEM',
  'receive RECEIPT',
  'send ITEM',
  'receive RECEIPT',
  'send STATE',
  'receive READY',
]
const OLD_END = [...OLD, 'send GO', 'receive CONFIRM', 'send DONE']
const COMPLETE = OLD.indexOf('send STATE')

for (const count of OLD_END.keys()) {
  const steps = OLD_END.slice(0, count + 1)
  const outcome = count < COMPLETE ? 'takeOver rejects' : 'its successor serves'
  test.serial(`the old process is killed after ${count + 1} steps (${steps.at(-1)}): ${outcome}`, async (t) => {
    const victim = start(walk, [FRAMES, address, steps, WORDS, true])
    t.is(await victim.next(), 'listening')
    const taking = takeOver(address).then(async (takeover) => {
      await takeover?.ready()
      return takeover
    })
    const outcome = taking.catch((error) => error)
    t.is(await victim.next(), 'here')
    victim.kill('SIGKILL')
    t.is(await victim.end(), 'SIGKILL')
    if (count < COMPLETE) t.is((await outcome).code, 'ERR_HANDOFF')
    else {
      const { handles } = (await taking) as Takeover
      t.deepEqual(
        handles.one?.map(({ fd }) => fd.closed),
        [false, false],
      )
      for (const handle of handles.one ?? []) handle.close()
      // Its file is stale by now.
      await serve(address, {}).close()
    }
    rmSync(address, { force: true })
  })
}
