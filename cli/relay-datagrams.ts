// Datagrams through a proxy: each sender with a name gets a socket of its own at the other side, so that answers find back.
import { type Address, bind, type SocketOptions, type UnixSocket } from '../index.js'
import { addressText } from './names.js'
import { type Printing, pass, type Route, Totals } from './relay.js'
import { line } from './trace.js'

/** The one that was made first makes room for a new one. */
const SENDERS_MAX = 256

interface Sender {
  readonly socket: UnixSocket<'dgram'>
  readonly route: Route
}

/** Until `socket` is closed. */
export async function relayDatagrams(
  socket: UnixSocket<'dgram'>,
  target: string,
  own: SocketOptions,
  { claimed, ...printing }: Printing & { claimed: boolean },
): Promise<void> {
  const senders = new Map<string, Sender>()
  let made = 0
  const open = (from: Address | null): Sender => {
    const peer = bind(null, { ...own, peer: target, autobind: from !== null })
    const route: Route = { ...printing, claimed, connection: ++made, way: '>', totals: new Totals() }
    const name = from === null ? 'an unnamed socket' : addressText(from)
    printing.print(line(route.connection, ' ', `datagrams from ${name}`))
    if (from !== null) answer(peer, socket, from, { ...route, way: '<' })
    return { socket: peer, route }
  }
  try {
    for await (const message of socket.messages()) {
      const key = JSON.stringify(message.from)
      const sender = senders.get(key) ?? open(message.from)
      senders.set(key, sender)
      makeRoom(senders)
      // Its line says what happened; the next datagram may do better.
      await pass(message, sender.socket, sender.route).catch(() => {})
    }
  } finally {
    await Promise.all([...senders.values()].map(({ socket: peer }) => peer.close()))
  }
}

function makeRoom(senders: Map<string, Sender>): void {
  if (senders.size <= SENDERS_MAX) return
  const [[key, { socket }]] = senders as unknown as [[string, Sender]]
  senders.delete(key)
  void socket.close()
}

/** What the target answers goes to the sender, from the name that it has written to. */
async function answer(
  peer: UnixSocket<'dgram'>,
  socket: UnixSocket<'dgram'>,
  to: Address,
  route: Route,
): Promise<void> {
  try {
    for await (const message of peer.messages()) await pass(message, socket, route, { to } as never).catch(() => {})
  } catch {
    // The socket was closed to make room.
  }
}
