// Taking the descriptor of a net.Socket: the other end does not notice, and no byte is lost or comes twice.
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import test from 'ava'
import { type FdSource, listen, OwnedFd } from '../index.js'
import { guard } from './helpers/leaks.js'
import { addresses, destroyed, detached, hasRead, netPair, numbered, readExactly } from './helpers/net-pairs.js'
import { run } from './helpers/script.js'

const folder = guard(test)
const LARGE = 1 << 20

for (const [transport, address] of Object.entries(addresses(folder))) {
  for (const side of ['accepted', 'connected'] as const) {
    test.serial(
      `the descriptor of a socket that was ${side} over ${transport} is taken, and its peer goes on`,
      async (t) => {
        const pair = await netPair(address)
        const socket = pair[side]
        const peer = side === 'accepted' ? pair.connected : pair.accepted
        const ended: string[] = []
        for (const event of ['end', 'close', 'error']) peer.on(event, () => ended.push(event))
        const { fd, unread } = await detached(socket)
        t.deepEqual([fd.state, unread.length, socket.destroyed], ['connected', 0, true])
        await fd.write('from the descriptor')
        t.is(String((await once(peer, 'data'))[0]), 'from the descriptor')
        peer.write('from the peer')
        t.is(String(await fd.read(100)), 'from the peer')
        t.deepEqual(ended, [])
        fd.close()
        await destroyed(peer)
      },
    )
  }

  test.serial(`bytes that Node has read over ${transport} come along, and what follows is in the kernel`, async (t) => {
    const { accepted, connected } = await netPair(address)
    accepted.pause()
    connected.write('first')
    await hasRead(accepted, 5)
    const { fd, unread } = await detached(accepted)
    t.is(String(unread), 'first')
    connected.write('second')
    t.is(String(await fd.read(100)), 'second')
    fd.close()
    await destroyed(connected)
  })

  test.serial(`a mebibyte over ${transport} to a flowing socket that was paused arrives whole, and once`, async (t) => {
    const { accepted, connected } = await netPair(address)
    const sent = numbered(LARGE)
    const seen: Buffer[] = []
    accepted.on('data', (chunk) => {
      seen.push(chunk)
      accepted.pause()
    })
    connected.write(sent)
    while (seen.length === 0) await setImmediate()
    await hasRead(accepted, 1)
    const { fd, unread } = await detached(accepted)
    const before = Buffer.concat([...seen, unread])
    t.true(unread.length > 0)
    const rest = await readExactly(fd, LARGE - before.length)
    t.true(Buffer.concat([before, rest]).equals(sent))
    t.is(Buffer.concat(seen).length + unread.length, before.length, 'nothing was given to listeners later')
    fd.close()
    await destroyed(connected)
  })
}

/** Takes one chunk and does not ask for more. */
function stuffed(): Writable & { taken: Buffer[] } {
  const taken: Buffer[] = []
  const sink = new Writable({ highWaterMark: 1, write: (chunk) => void taken.push(chunk) })
  return Object.assign(sink, { taken })
}

test.serial('a socket that is piped somewhere gives what that has not got, and does not end it', async (t) => {
  const { accepted, connected } = await netPair({ path: `${folder}/net` })
  const sink = stuffed()
  accepted.pipe(sink)
  const sent = numbered(LARGE)
  connected.write(sent)
  while (sink.taken.length === 0) await setImmediate()
  await hasRead(accepted, 1)
  const { fd, unread } = await detached(accepted)
  const piped = Buffer.concat([...sink.taken])
  t.true(unread.length > 0)
  const rest = await readExactly(fd, LARGE - piped.length - unread.length)
  t.true(Buffer.concat([piped, unread, rest]).equals(sent))
  t.false(sink.writableEnded)
  fd.close()
  await destroyed(connected)
})

test.serial('what a loop over a socket has not got comes along', async (t) => {
  const { accepted, connected } = await netPair({ path: `${folder}/net` })
  connected.write('first')
  const loop = accepted.iterator({ destroyOnReturn: false })
  t.is(String((await loop.next()).value), 'first')
  await loop.return?.()
  connected.write('second')
  await hasRead(accepted, 6)
  const { fd, unread } = await detached(accepted)
  t.is(String(unread), 'second')
  fd.close()
  await destroyed(connected)
})

test.serial('the end that Node has not told yet is read from the descriptor', async (t) => {
  const { accepted, connected } = await netPair({ path: `${folder}/net` })
  accepted.pause()
  connected.end('last words')
  await hasRead(accepted, 10)
  const { fd, unread } = await detached(accepted)
  t.is(String(unread), 'last words')
  t.is(await fd.read(10), null)
  await fd.write('answer')
  t.is(String((await once(connected, 'data'))[0]), 'answer')
  fd.close()
  await destroyed(connected)
})

/** In another process: goes on where the first has stopped. */
async function echoOn({ ancillary }: { ancillary: typeof import('../index.js') }, path: string): Promise<string> {
  const giver = await ancillary.connect(path, { maxFds: 1 })
  const message = await giver.recv()
  if (message === null) return 'nothing came'
  const socket = message.takeFds(1)[0].toNetSocket({ unread: message.data, allowHalfOpen: true })
  const heard: string[] = []
  for await (const chunk of socket) {
    heard.push(String(chunk))
    socket.write(String(chunk).toUpperCase())
  }
  socket.end()
  await giver.close()
  return heard.join('')
}

test.serial('a connection goes on in another process, from the byte that nobody has seen', async (t) => {
  const { accepted, connected } = await netPair({ host: '127.0.0.1', port: 0 })
  const listener = listen(`${folder}/handover`)
  const echo = run(echoOn, [`${folder}/handover`])
  accepted.pause()
  connected.write('unread ')
  await hasRead(accepted, 7)
  const { fd, unread } = await detached(accepted)
  const other = await listener.accept()
  await other.send(unread, { fds: [fd] })
  fd.close()
  t.is(await textUntil(connected, 7), 'UNREAD ')
  connected.end('and more')
  t.is(await textUntil(connected, 8), 'AND MORE')
  t.is(await echo, 'unread and more')
  await Promise.all([other.close(), listener.close()])
  await destroyed(connected)
})

async function textUntil(socket: Socket, bytes: number): Promise<string> {
  let text = ''
  while (text.length < bytes) text += String((await once(socket, 'data'))[0])
  return text
}

test.serial('a descriptor that was taken is a duplicate with its own number, of the same connection', async (t) => {
  const { accepted, connected } = await netPair({ path: `${folder}/net` })
  const look = OwnedFd.dup(accepted as FdSource)
  const { fd } = await detached(accepted)
  await look.write('same')
  t.is(await textUntil(connected, 4), 'same')
  fd.close()
  look.close()
  await destroyed(connected)
})
