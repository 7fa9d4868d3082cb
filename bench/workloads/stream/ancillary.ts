/**
 * Receives a stream with ancillary: bytes that are lent, bytes that are copied into memory of our own which is used again,
 * or a Buffer of its own for each chunk, also as a stream of Node. It checks what comes and knows nothing about who sends.
 */
import { once } from 'node:events'
import { listen, type UnixSocket } from '../../../index.js'
import { fail, method, ready, settings } from '../../lib/program.js'
import { StreamCheck } from '../../lib/records.js'

const CHUNK = 65536

type Receive = (socket: UnixSocket<'stream'>, check: StreamCheck) => Promise<void>

const ways: Record<string, Receive> = {
  async borrow(socket, check) {
    for await (const batch of socket.batches({ borrow: true })) for (const chunk of batch) check.take(chunk.view)
  },
  async recycle(socket, check) {
    const block = Buffer.alloc(CHUNK)
    for await (const batch of socket.batches({ borrow: true }))
      for (const { view } of batch) check.take(block.subarray(0, view.copy(block)))
  },
  async messages(socket, check) {
    for await (const chunk of socket.messages()) check.take(chunk.data)
  },
  async duplex(socket, check) {
    await once(
      socket.toDuplex().on('data', (chunk: Buffer) => check.take(chunk)),
      'end',
    )
  },
  async recv(socket, check) {
    for (;;) check.take(((await socket.recv()) ?? fail('the end came early')).data)
  },
}

main().catch((error: Error) => fail(error.stack ?? error.message))

async function main(): Promise<void> {
  const receive = ways[method] ?? fail(`no way ${method}`)
  const listener = listen(settings.path)
  ready()
  await receive(await listener.accept(), new StreamCheck(settings.size))
  fail('the end came early')
}
