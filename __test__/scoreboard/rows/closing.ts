// Rows about closes: none stands in the loop's way, and no closed number is used.

import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { bind, connect } from '../../../index.js'
import { lingering } from '../../helpers/lingering.js'
import { numbersOf } from '../../helpers/numbers.js'
import { pathNames, stallOf } from '../../helpers/stalls.js'
import { type Case, type Cases, count, FACTOR, type Finding, judged, type Kit, type Peer } from '../row.js'
import { type NodeUnixSocket, serverOf, type UnixDgram } from './peers.js'

/** The longest delay of a timer on each path, beside that of a close on the thread of the loop. */
async function lingers({ pick }: Kit): Promise<Finding> {
  const seconds = pick(2, 6)
  const control = await stallOf(null, seconds)
  const stalls: [string, number][] = []
  for (const name of pathNames) stalls.push([name, await stallOf(name, seconds)])
  const wrong = stalls
    .filter(([, stall]) => stall * FACTOR > control)
    .map(([name, stall]) => `${name}: ${stall.toFixed(0)} ms`)
  if (control < seconds * 900) wrong.push(`the control: ${control.toFixed(0)} ms`)
  const all = stalls.map(([name, stall]) => `${name} ${stall.toFixed(1)}`).join(', ')
  const longest = Math.max(...stalls.map(([, stall]) => stall))
  return judged(wrong, `${longest.toFixed(1)} ms (${all}; on the loop's thread ${control.toFixed(0)})`)
}

/** The longest stall of a program that reads the data of a message and is given such a descriptor with it. */
function lingersWith(name: Peer): Case {
  return async ({ folder, load, pick }) => {
    const path = join(folder, 's')
    const { fd } = await lingering(pick(2, 6))
    const isDatagram = name === 'unix-dgram'
    if (isDatagram)
      load<UnixDgram>()
        .createSocket('unix_dgram', () => {})
        .bind(path)
    else
      (await serverOf(name, path, load)).on('connection', (socket) => socket.on('data', () => {}).on('error', () => {}))
    const client = isDatagram
      ? bind(null, { peer: path })
      : await connect(path, { type: name === 'node-unix-socket' ? 'seqpacket' : 'stream' })
    await setTimeout(50)
    await client.send('x', { fds: [fd] })
    closeSync(fd)
    const before = performance.now()
    await setTimeout(10)
    await setTimeout(10)
    const stall = performance.now() - before - 20
    return judged(
      stall > 500 ? [`✗ ${(stall / 1000).toFixed(1)} s`] : [],
      `${stall.toFixed(0)} ms (it keeps the descriptor)`,
    )
  }
}

async function closedNumbers({ folder }: Kit): Promise<Finding> {
  const { named, closes, answer } = await numbersOf('numbered', 'everything', folder)
  const control = await numbersOf('numbered', 'misuse', folder)
  const { refused } = answer as { refused: number }
  const wrong = [...named]
  if (control.named.length !== 1) wrong.push('the check finds no misuse')
  if (refused < 1_000) wrong.push(`only ${refused} uses were refused`)
  return judged(wrong, `${count(refused)} uses refused, ${count(closes)} closes, 0 named again`)
}

/** What `end()` after `destroy()`, or a second close, does to a file that got the number. */
const closedTwice: Partial<Record<Peer, Case>> = {
  'node-unix-socket': async ({ folder, load }) => {
    const path = join(folder, 's')
    const server = await serverOf('node-unix-socket', path, load)
    const connection = once(server, 'connection')
    const client = new (load<NodeUnixSocket>().SeqpacketSocket)()
    await new Promise<void>((resolve) => client.connect(path, resolve))
    await connection
    client.destroy()
    await setTimeout(50)
    try {
      client.end()
      return judged(['✗ end() after destroy() is taken'], '')
    } catch {
      return judged([], '✓ an error')
    }
  },
  'unix-dgram': ({ load }) => {
    const socket = load<UnixDgram>().createSocket('unix_dgram')
    socket.close()
    openSync('/dev/null', 'r')
    try {
      socket.close()
      return judged(['✗ taken'], '')
    } catch (error) {
      return judged([], `✓ ${(error as Error).message}`)
    }
  },
}

export const closing: Readonly<Record<number, Cases>> = {
  5: {
    ancillary: lingers,
    'node-unix-socket': lingersWith('node-unix-socket'),
    'unix-dgram': lingersWith('unix-dgram'),
    'node:net': lingersWith('node:net'),
  },
  24: { ancillary: closedNumbers, ...closedTwice },
}
