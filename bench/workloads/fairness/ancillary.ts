/**
 * Receives from two peers that send as fast as they can, with ancillary, while a timer runs.
 */
import { listen, type UnixSocket } from '../../../index.js'
import { measureDelays, tellDelays } from '../../lib/delays.js'
import { fail, method, ready, settings } from '../../lib/program.js'
import { RecordCheck, StreamCheck } from '../../lib/records.js'

type Connection = UnixSocket<'stream' | 'seqpacket'>
type Taker = Pick<RecordCheck, 'take'>

const ways: Record<string, (socket: Connection, check: Taker) => Promise<void>> = {
  async borrow(socket, check) {
    for await (const batch of socket.batches({ borrow: true })) for (const message of batch) check.take(message.view)
  },
  async messages(socket, check) {
    for await (const message of socket.messages()) check.take(message.data)
  },
  async recv(socket, check) {
    for (;;) check.take(((await socket.recv()) ?? fail('the end came early')).data)
  },
}

main().catch((error: Error) => fail(error.stack ?? error.message))

async function main(): Promise<void> {
  const receive = ways[method] ?? fail(`no way ${method}`)
  const type = settings.type === 'stream' ? 'stream' : 'seqpacket'
  const listener = listen(settings.path, { type })
  ready()
  for (let peers = 0; peers < settings.connections; peers++) {
    const socket = await listener.accept()
    const Check = type === 'stream' ? StreamCheck : RecordCheck
    receive(socket, new Check(settings.size, tellDelays)).catch(fail)
  }
  measureDelays()
}
