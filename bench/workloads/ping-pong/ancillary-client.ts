/**
 * Plays ping-pong with ancillary: in a loop over messages, or with a promise for each; in a loop that spins before it sleeps.
 */
import { connect, type UnixSocket } from '../../../index.js'
import { fail, method, settings } from '../../lib/program.js'
import { Rally } from '../../lib/rally.js'
import { SPIN } from './spin.js'

type Connection = UnixSocket<'stream' | 'seqpacket'>

const ways: Record<string, (socket: Connection, rally: Rally) => Promise<void>> = {
  async messages(socket, rally) {
    send(socket, rally)
    for await (const { data } of socket.messages()) {
      rally.take(data)
      send(socket, rally)
    }
  },
  async recv(socket, rally) {
    for (;;) {
      send(socket, rally)
      rally.take(((await socket.recv()) ?? fail('the end came early')).data)
    }
  },
}

main().catch((error: Error) => fail(error.stack ?? error.message))

async function main(): Promise<void> {
  const spins = method === 'spin'
  const play = ways[spins ? 'messages' : method] ?? fail(`no way ${method}`)
  const type = settings.type === 'stream' ? 'stream' : 'seqpacket'
  await play(await connect(settings.path, { type, spin: spins ? SPIN : 0 }), new Rally())
  fail('the end came early')
}

function send(socket: Connection, rally: Rally): void {
  if (!socket.trySend(rally.record)) fail('there is no room for one record')
}
