/**
 * Holds idle connections with ancillary: each has a loop that waits for messages, or a pending promise, or nothing.
 */
import { listen, type UnixSocket } from '../../../index.js'
import { Memory } from '../../lib/memory.js'
import { fail, method, ready, settings } from '../../lib/program.js'

type Connection = UnixSocket<'stream'>

const ways: Record<string, (socket: Connection) => unknown> = {
  async messages(socket) {
    for await (const _ of socket.messages()) fail('something came')
  },
  async recv(socket) {
    if ((await socket.recv()) !== null) fail('something came')
  },
  nothing() {},
}

main().catch((error: Error) => fail(error.stack ?? error.message))

async function main(): Promise<void> {
  const wait = ways[method] ?? fail(`no way ${method}`)
  const listener = listen(settings.path, { backlog: 4096 })
  ready()
  const memory = new Memory()
  const sockets: Connection[] = []
  for (;;) {
    const socket = await listener.accept()
    sockets.push(socket)
    wait(socket)
    memory.take()
  }
}
