/**
 * Sends back what comes on each connection, with ancillary: in a loop over messages, or with a promise for each; in a loop
 * that spins before it sleeps.
 */
import { listen, type UnixSocket } from '../../../index.js'
import { fail, method, onStop, ready, settings } from '../../lib/program.js'
import { SPIN } from './spin.js'

type Connection = UnixSocket<'stream' | 'seqpacket'>

const ways: Record<string, (socket: Connection) => Promise<void>> = {
  async messages(socket) {
    for await (const { data } of socket.messages()) if (!socket.trySend(data)) await socket.send(data)
  },
  async recv(socket) {
    for (let message = await socket.recv(); message !== null; message = await socket.recv())
      if (!socket.trySend(message.data)) await socket.send(message.data)
  },
}

onStop()
main().catch((error: Error) => fail(error.stack ?? error.message))

async function main(): Promise<void> {
  const spins = method === 'spin'
  const echo = ways[spins ? 'messages' : method] ?? fail(`no way ${method}`)
  const type = settings.type === 'stream' ? 'stream' : 'seqpacket'
  const listener = listen(settings.path, { type, spin: spins ? SPIN : 0 })
  ready()
  // A client that is done may leave an answer unread.
  for await (const socket of listener) echo(socket).catch(() => socket.close())
}
