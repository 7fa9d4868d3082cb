/**
 * Sends records with ancillary: many with a call, or one, with a promise for each call or as long as there is room;
 * or as a stream of Node.
 */
import { bind, connect, type UnixSocket } from '../../../index.js'
import { Flood } from '../../lib/flood.js'
import { fail, method, settings } from '../../lib/program.js'
import { writeAll } from './write-all.js'

const MANY = 32

const flood = new Flood()
const [record = Buffer.alloc(0)] = Flood.records(1)

const ways: Record<string, (socket: UnixSocket) => Promise<void>> = {
  async sendMany(socket) {
    const records = Flood.records(MANY)
    while (!flood.isOver) {
      const messages = []
      for (let at = 0; at < MANY && !flood.isOver; at++) messages.push({ data: flood.write(records[at] ?? record) })
      await socket.sendMany(messages)
    }
  },
  async send(socket) {
    while (!flood.isOver) await socket.send(flood.write(record))
  },
  duplex(socket) {
    writeAll((socket as UnixSocket<'stream'>).toDuplex())
    return new Promise(() => {})
  },
  async trySend(socket) {
    while (!flood.isOver) {
      const next = flood.write(record)
      if (!socket.trySend(next)) await socket.send(next)
    }
  },
}

main().catch((error: Error) => fail(error.stack ?? error.message))

async function main(): Promise<void> {
  const send = ways[method] ?? fail(`no way ${method}`)
  const socket = await open()
  // The receiver may end as soon as it has seen the head of the last record.
  await send(socket).catch((error) => flood.isOver || fail(error.stack))
  process.exit(0)
}

async function open(): Promise<UnixSocket> {
  if (settings.type === 'dgram') return bind(null, { peer: settings.path })
  return await connect(settings.path, { type: settings.type })
}
