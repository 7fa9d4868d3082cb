// Rows about how peers end: nothing that was sent is lost, nothing hangs, and an end is never mistaken.
import { once } from 'node:events'
import { existsSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate, setTimeout } from 'node:timers/promises'
import { bind, connect, hasCode, listen, pair, type UnixSocket } from '../../../index.js'
import { native } from '../../../lib/native.js'
import { descriptorCount, leakedSince } from '../../helpers/descriptor-count.js'
import { dispose } from '../../helpers/dispose.js'
import { Peer, Random, type Step } from '../../helpers/hostile.js'
import { type Case, type Cases, count, type Finding, judged, type Kit, type Peer as PeerName } from '../row.js'
import { serverOf, type UnixDgram } from './peers.js'

const DATA = 'fifteen bytes..'

/** Reads to the end; an error of the connection once at most. */
async function readToEnd(socket: UnixSocket): Promise<{ text: string; errors: string[] }> {
  let text = ''
  const errors: string[] = []
  while (errors.length < 2) {
    try {
      const message = await socket.recv()
      if (message === null) break
      text += message.data
      message.close()
    } catch (error) {
      errors.push(String((error as NodeJS.ErrnoException).code))
    }
  }
  return { text, errors }
}

async function unreadReply({ pick }: Kit): Promise<Finding> {
  const rounds = pick(150, 1_000)
  const wrong: string[] = []
  for (const type of ['stream', 'seqpacket'] as const) {
    for (let round = 0; round < rounds && wrong.length === 0; round++) {
      const [client, server] = pair(type)
      const early = round % 2 === 0 ? readToEnd(server) : null
      server.trySend('a reply that nobody reads')
      client.trySend(DATA)
      client.close()
      native.awaitClosed(1_000)
      const { text, errors } = await (early ?? readToEnd(server))
      if (text !== DATA || errors.join() !== 'ECONNRESET') wrong.push(`${type}: ${text.length} of 15 bytes, ${errors}`)
      server.close()
    }
  }
  return judged(wrong, `15 of 15 B, ${count(2 * rounds)} times, then one error`)
}

/** How many of fifteen bytes a server is given that answered before it read. */
function unreadReplyWith(name: PeerName): Case {
  return async ({ folder, load }) => {
    const path = join(folder, 's')
    const server = await serverOf(name, path, load)
    const client = await connect(path, { type: name === 'node-unix-socket' ? 'seqpacket' : 'stream' })
    let bytes = 0
    server.on('connection', (socket) => {
      socket.on('data', (data: Buffer) => (bytes += data.length)).on('error', () => {})
      socket.write(Buffer.from('a reply that nobody reads'))
      client.trySend(DATA)
      client.close()
      native.awaitClosed(1_000)
    })
    for (let round = 0; round < 20 && bytes < DATA.length; round++) await setTimeout(20)
    return judged(bytes === DATA.length ? [] : [`✗ ${bytes} of 15 B`], '✓ 15 of 15 B')
  }
}

/** What the peer of `turnsAway` does: it waits for our message, does not read it, turns away and comes back. */
const turning = (path: string, peerPath: string, elsewhere: string): Step[] => [
  ['bind', 'dgram', peerPath],
  ['await_data'],
  ['turn_to', path],
  ['turn_to', elsewhere],
  ['turn_to', path],
  ['say', 'I am back'],
]

/** A peer that we are connected to turns to somebody else while our message lies unread, and comes back. */
async function turnsAway({ folder, pick }: Kit): Promise<Finding> {
  const peer = new Peer()
  const rounds = pick(20, 1_000)
  const elsewhere = join(folder, 'elsewhere')
  const third = bind(elsewhere)
  const wrong: string[] = []
  for (let round = 0; round < rounds && wrong.length === 0; round++) {
    const [path, peerPath] = [join(folder, `we${round}`), join(folder, `peer${round}`)]
    const performing = peer.perform(turning(path, peerPath, elsewhere))
    while (!existsSync(peerPath)) await setImmediate()
    const socket = bind(path, { peer: peerPath })
    await socket.send('unread')
    const { text, errors } = await readBack(socket)
    if (text !== 'I am back' || errors.join() !== 'ECONNRESET') wrong.push(`round ${round}: ${text} ${errors}`)
    await performing
    await socket.close()
    unlinkSync(peerPath)
  }
  await peer.end()
  dispose(third)
  return judged(wrong, `${count(rounds)} times told once, and served afterwards`)
}

/** What came, and the error behind it. */
async function readBack(socket: UnixSocket): Promise<{ text: string; errors: string[] }> {
  let text = ''
  const errors: string[] = []
  while (text === '' || errors.length === 0) {
    try {
      text += (await socket.recv({ timeout: 10_000 }))?.data
    } catch (error) {
      errors.push(String((error as NodeJS.ErrnoException).code))
      if (errors.length > 1) break
    }
  }
  return { text, errors }
}

/** A peer floods us with descriptors until it is killed, at some moment. */
async function killed({ folder, pick }: Kit): Promise<Finding> {
  const rounds = pick(25, 1_000)
  const peer = new Peer()
  await peer.perform([])
  await peer.end()
  const before = descriptorCount()
  const random = new Random(10)
  const wrong: string[] = []
  let messages = 0
  for (let round = 0; round < rounds && wrong.length === 0; round++) {
    const type = (['stream', 'seqpacket'] as const)[round % 2] as 'stream'
    const path = join(folder, `k${round}`)
    const listener = listen<'stream'>(path, { type, maxFds: 253 })
    const performing = peer.perform([
      ['connect', type, path],
      ['flood', 1_000_000, 16, round],
    ])
    const socket = await listener.accept()
    const received = await receiveUntilDeath(socket, random.below(300), () => peer.end())
    await performing
    messages += received.length
    if (!isWhole(received)) wrong.push(`${type}: not whole, in round ${round}`)
    await Promise.all([socket.close(), listener.close()])
  }
  const leaked = await leakedSince(before)
  if (leaked > 0) wrong.push(`${leaked} descriptors leaked`)
  return judged(wrong, `${count(rounds)} ended, ${count(messages)} whole messages, 0 descriptors left`)
}

/** The bytes that came; the death comes after so many messages, while more arrive. */
async function receiveUntilDeath(socket: UnixSocket, after: number, kill: () => Promise<void>): Promise<Buffer[]> {
  const received: Buffer[] = []
  let dying: Promise<void> | undefined
  try {
    for await (const message of socket) {
      received.push(message.data)
      message.close()
      if (received.length >= after) dying ??= kill()
    }
  } catch (error) {
    if (!hasCode(error, 'ECONNRESET')) throw error
  }
  await dying
  return received
}

/** Every message of sixteen bytes with the next number. */
function isWhole(received: readonly Buffer[]): boolean {
  const bytes = Buffer.concat(received)
  for (let at = 0; at < bytes.length; at += 16) {
    if (!bytes.toString('latin1', at, at + 16).startsWith(`#${at / 16}:`)) return false
  }
  return bytes.length % 16 === 0
}

/** How many of so many connections are told their end when their peer is killed. */
function killedWith(name: PeerName): Case {
  return async ({ folder, load, pick }) => {
    const path = join(folder, 's')
    const rounds = pick(10, 50)
    const type = name === 'node-unix-socket' ? 'seqpacket' : 'stream'
    const server = await serverOf(name, path, load)
    let ended = 0
    const peer = new Peer()
    for (let round = 0; round < rounds; round++) {
      const connection = once(server, 'connection')
      const performing = peer.perform([
        ['connect', type, path],
        ['flood', 1_000_000, 64, round, 0],
      ])
      const [socket] = await connection
      const over = new Promise<void>((resolve) => {
        for (const event of ['end', 'close', 'error']) socket.once(event, () => resolve())
      })
      await once(socket, 'data')
      socket.on('data', () => {})
      await peer.end()
      await Promise.race([over.then(() => ended++), setTimeout(2_000)])
      await performing
    }
    return judged(ended === rounds ? [] : [`✗ ${ended} of ${rounds} ended`], `✓ ${ended}`)
  }
}

async function emptyRecord(): Promise<Finding> {
  const wrong: string[] = []
  for (const type of ['seqpacket', 'dgram'] as const) {
    const [left, right] = pair(type)
    for (const data of ['a', '', 'b', '']) await left.send(data)
    if (type === 'seqpacket') left.shutdown('write')
    const arrived: (string | null)[] = []
    while (arrived.length < (type === 'seqpacket' ? 5 : 4)) arrived.push((await right.recv())?.data.toString() ?? null)
    const expected = ['a', '', 'b', '', ...(type === 'seqpacket' ? [null] : [])]
    if (JSON.stringify(arrived) !== JSON.stringify(expected)) wrong.push(`${type}: ${JSON.stringify(arrived)}`)
    dispose(left, right)
  }
  return judged(wrong, 'empty records arrive, the end is null')
}

const emptyRecordWith: Partial<Record<PeerName, Case>> = {
  'node-unix-socket': async ({ folder, load }) => {
    const path = join(folder, 's')
    const server = await serverOf('node-unix-socket', path, load)
    const arrived: string[] = []
    server.on('connection', (socket) => {
      socket.on('data', (data: Buffer) => arrived.push(String(data))).on('end', () => arrived.push('END'))
    })
    const client = await connect(path, { type: 'seqpacket' })
    for (const data of ['a', '', 'b']) await client.send(data)
    await setTimeout(200)
    return judged(arrived.join() === 'a,,b' ? [] : [`✗ ${arrived.join()} of a,,b`], '✓')
  },
  'unix-dgram': async ({ folder, load }) => {
    const path = join(folder, 's')
    const arrived: string[] = []
    load<UnixDgram>()
      .createSocket('unix_dgram', (data) => arrived.push(String(data)))
      .bind(path)
    const client = bind()
    for (const data of ['a', '', 'b']) await client.send(data, { to: path })
    await setTimeout(200)
    return judged(arrived.join() === 'a,,b' ? [] : [`✗ ${arrived.join()} of a,,b`], '✓')
  },
}

/** The same with a connected socket of the package: an assertion ends the process. */
const turnsAwayWith: Case = async ({ folder, load }) => {
  const [path, peerPath, elsewhere] = ['we', 'peer', 'other'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ]
  const third = bind(elsewhere)
  const peer = new Peer()
  const performing = peer.perform(turning(path, peerPath, elsewhere))
  while (!existsSync(peerPath)) await setImmediate()
  const back = new Promise<string>((resolve) => {
    const socket = load<UnixDgram>().createSocket('unix_dgram', (data) => resolve(String(data)))
    socket.on('error', () => {})
    socket.bind(path)
    socket.connect(peerPath)
    socket.send(Buffer.from('unread'))
  })
  const text = await Promise.race([back, setTimeout(5_000, 'nothing came')])
  await performing
  await peer.end()
  dispose(third)
  return judged(text === 'I am back' ? [] : [`✗ ${text}`], '✓')
}

export const ends: Readonly<Record<number, Cases>> = {
  7: {
    ancillary: unreadReply,
    usocket: unreadReplyWith('usocket'),
    'node-unix-socket': unreadReplyWith('node-unix-socket'),
    'node:net': unreadReplyWith('node:net'),
  },
  8: { ancillary: turnsAway, 'unix-dgram': turnsAwayWith },
  10: {
    ancillary: killed,
    usocket: killedWith('usocket'),
    'node-unix-socket': killedWith('node-unix-socket'),
    'node:net': killedWith('node:net'),
  },
  16: { ancillary: emptyRecord, ...emptyRecordWith },
}
