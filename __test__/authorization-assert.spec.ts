// assertPeer: a server and a client make sure of the other end before they say anything.
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import * as net from 'node:net'
import { join } from 'node:path'
import test from 'ava'
import { assertPeer, connect, listen, type PeerRule, pair, peerCredentials } from '../index.js'
import { guard } from './helpers/leaks.js'
import { isRoot, type Kit, start } from './helpers/script.js'

const dir = guard(test)
const path = join(dir, 'sock')
const own = { pid: process.pid, uid: process.geteuid?.() ?? -1, gid: process.getegid?.() ?? -1 }

test.serial('it gives the credentials of a peer that is whom the rule names', (t) => {
  const [left, right] = pair('seqpacket')
  t.is(assertPeer(left, { uid: own.uid }), peerCredentials(left))
  t.like(assertPeer(left.fd, [{ uid: own.uid + 1 }, { sameUser: true, gid: own.gid }]), own)
  left.close()
  right.close()
})

test.serial('it throws for anybody else, with the reason', (t) => {
  const [left, right] = pair()
  const wanted = own.uid + 1
  const message = `The peer is refused: uid ${own.uid} is not ${wanted}`
  t.throws(() => assertPeer(left, { uid: wanted }), { code: 'ERR_PEER_REFUSED', message })
  t.throws(() => assertPeer(left, { uid: own.uid, label: 'none of it' }), {
    code: 'ERR_PEER_REFUSED',
    message: /label/,
  })
  t.throws(() => assertPeer(left, []), { code: 'ERR_PEER_REFUSED', message: /no rule/ })
  left.close()
  right.close()
})

test.serial('a client makes sure of its server before the first byte', async (t) => {
  chmodSync(dir, 0o777)
  const server = start(serve, [path], isRoot ? { uid: 1234, gid: 1234 } : {})
  await server.next()
  const socket = await connect(path)
  const uid = isRoot ? 1234 : own.uid
  t.throws(() => assertPeer(socket, { uid: uid + 1 }), { code: 'ERR_PEER_REFUSED' })
  t.like(assertPeer(socket, { uid }), { uid, pid: server.pid })
  await socket.close()
  // Nothing had been sent.
  t.is(await server.next(), 'end')
  t.is(await server.end(), 0)
})

/** Tells the first thing that a client says. */
async function serve({ ancillary, tell }: Kit, address: string): Promise<string> {
  const listener = ancillary.listen(address)
  await tell('listening')
  const socket = await listener.accept()
  const message = await socket.recv()
  await Promise.all([socket.close(), listener.close()])
  return message === null ? 'end' : String(message.data)
}

test.serial('a net.Socket is asked as well; over TCP there is no identity, closed is closed', async (t) => {
  const server = net.createServer()
  for (const tcp of [false, true]) {
    await once(tcp ? server.listen(0, '127.0.0.1') : server.listen(path), 'listening')
    const client = net.connect(tcp ? { port: (server.address() as net.AddressInfo).port, host: '127.0.0.1' } : { path })
    const [accepted] = (await once(server, 'connection')) as [net.Socket]
    if (tcp) t.throws(() => assertPeer(accepted, { uid: own.uid }), { code: 'ERR_NO_IDENTITY' })
    else t.like(assertPeer(accepted, { uid: own.uid }), own)
    accepted.destroy()
    await once(client.resume(), 'close')
    await new Promise((resolve) => server.close(resolve))
    t.throws(() => assertPeer(accepted, { uid: own.uid }), { code: 'ERR_SOCKET_CLOSED' })
  }
})

test.serial('a wrong rule is an error, also where the peer could not be told', async (t) => {
  const listener = listen(path)
  const wrong = [
    {},
    { uid: undefined },
    { user: 1 },
    { sameUser: false },
    { uid: -1 },
    null,
    undefined,
    'x',
    [null],
    () => true,
  ]
  for (const rule of wrong) {
    const error = t.throws<NodeJS.ErrnoException>(() => assertPeer(listener, rule as PeerRule))
    t.regex(String(error?.code), /^ERR_(INVALID_ARG_(TYPE|VALUE)|OUT_OF_RANGE)$/)
  }
  t.throws(() => assertPeer(listener, { uid: 0 }), { code: 'ERR_NO_IDENTITY' })
  await listener.close()
})
