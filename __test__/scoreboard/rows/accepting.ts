// A scenario for a process with 64 descriptors (waiting.ts): eighty clients come, it accepts what it can, and the CPU is measured that
// it takes to wait for more; beside a loop that asks again as soon as the kernel says that somebody is there.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { connect, listen, OwnedFd, type UnixSocket } from '../../../index.js'
import { serveScenarios } from '../../helpers/child.js'

const path = join(process.env.ANCILLARY_TEST_FOLDER ?? '', 's')
const milliseconds = Number(process.env.ANCILLARY_TEST_COUNT)
/** In two processes, which have 64 descriptors each, too. */
const CLIENTS = 80
const HALF = CLIENTS / 2

const program = `
const { createConnection } = require('node:net')
let connected = 0
for (let count = 0; count < ${HALF}; count++) {
  createConnection(process.argv[1], () => ++connected === ${HALF} && console.log('all')).on('error', () => {})
}
process.stdin.on('data', () => process.exit())
`

async function cpuDuring(): Promise<number> {
  const before = process.cpuUsage()
  await setTimeout(milliseconds)
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}

async function accepting(): Promise<unknown> {
  const listener = listen(path, { backlog: 2 * CLIENTS })
  const watched = OwnedFd.dup(listener)
  const accepted: UnixSocket[] = []
  const loop = (async () => {
    for await (const socket of listener) accepted.push(socket)
  })()
  const children = [1, 2].map(() =>
    spawn(process.execPath, ['-e', program, path], { stdio: ['pipe', 'pipe', 'inherit'] }),
  )
  await Promise.all(children.map((child) => once(child.stdout, 'data')))
  await quiet(accepted)
  const ours = await cpuDuring()
  const until = performance.now() + milliseconds
  const spin = (async () => {
    while (performance.now() < until) await watched.readable()
  })()
  const control = await cpuDuring()
  await spin
  watched.close()
  let served = 0
  while (served < CLIENTS) {
    const socket = accepted.shift()
    if (socket === undefined) await setTimeout(5)
    else {
      served++
      await socket.close()
    }
  }
  const late = await connect(path)
  while (accepted.length === 0) await setTimeout(5)
  await accepted[0]?.send('served')
  const afterwards = String((await late.recv())?.data)
  for (const child of children) child.stdin.write('over')
  await Promise.all(children.map((child) => once(child, 'close')))
  for (const socket of [late, ...accepted]) await socket.close()
  await listener.close()
  await loop
  return { ours, control, of: milliseconds, served, afterwards }
}

/** Until no more are accepted. */
async function quiet(accepted: readonly UnixSocket[]): Promise<void> {
  for (let before = -1; before !== accepted.length; ) {
    before = accepted.length
    await setTimeout(300)
  }
}

void serveScenarios({ accepting })
