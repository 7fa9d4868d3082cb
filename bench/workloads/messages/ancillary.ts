/**
 * Receives records with ancillary: in batches whose bytes are lent, in batches of copies, as a loop over messages, or with
 * a promise for each. It checks what comes and knows nothing about who sends.
 */
import { bind, listen, type UnixSocket } from '../../../index.js'
import { fail, method, ready, settings } from '../../lib/program.js'
import { RecordCheck } from '../../lib/records.js'

type Records = UnixSocket<'seqpacket' | 'dgram'>
type Receive = (socket: Records, check: RecordCheck) => Promise<void>

const ways: Record<string, Receive> = {
  async borrow(socket, check) {
    for await (const batch of socket.batches({ borrow: true })) for (const message of batch) check.take(message.view)
  },
  async many(socket, check) {
    for (;;) for (const message of (await socket.recvMany()) ?? fail('the end came early')) check.take(message.data)
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
  const socket = await open()
  await receive(socket, new RecordCheck(settings.size))
  fail('the end came early')
}

async function open(): Promise<Records> {
  if (settings.type === 'dgram') {
    const socket = bind(settings.path)
    ready()
    return socket as Records
  }
  const listener = listen(settings.path, { type: 'seqpacket' })
  ready()
  return (await listener.accept()) as Records
}
