// What the rows use of the packages that they look at beside ours, and the cases that are alike for several of them.
import { type EventEmitter, once } from 'node:events'
import { createServer, connect as netConnect, type Server, type Socket } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import { descriptorCount } from '../../helpers/descriptor-count.js'
import { Peer } from '../../helpers/hostile.js'
import { turns } from '../../helpers/turns.js'
import { type Case, judged, type Kit, type Peer as PeerName } from '../row.js'

type Emitter = EventEmitter

export interface Usocket {
  UServer: new () => Emitter & { listen(path: string, backlog: number): void; close(): void }
  USocket: new (options: { path: string } | { fd: number }) => Duplex & { fd: number }
}

export interface NodeUnixSocket {
  SeqpacketServer: new () => Emitter & { listen(path: string, backlog?: number): void; close(): void }
  SeqpacketSocket: new () => Emitter & {
    connect(path: string, connected: () => void): void
    write(data: Buffer): void
    end(): void
    destroy(): void
  }
  DgramSocket: new () => Emitter & {
    bind(path: string): void
    sendTo(data: Buffer, offset: number, length: number, path: string, sent?: (error?: Error) => void): void
    close(): void
  }
}

export interface DatagramSocket extends EventEmitter {
  bind(path: string): void
  connect(path: string): void
  send(data: Buffer, ...more: unknown[]): void
  close(): void
}
export interface UnixDgram {
  createSocket(type: 'unix_dgram', take?: (data: Buffer) => void): DatagramSocket
}

/** A server of a peer that listens; `connection` events bring sockets with `data` events. */
export async function serverOf(name: PeerName, path: string, load: Kit['load']): Promise<Emitter> {
  if (name === 'usocket') {
    const server = new (load<Usocket>().UServer)()
    server.listen(path, 128)
    await once(server, 'listening')
    return server
  }
  if (name === 'node-unix-socket') {
    const server = new (load<NodeUnixSocket>().SeqpacketServer)()
    server.listen(path)
    return server
  }
  const server = createServer().listen(path)
  await once(server, 'listening')
  return server
}

/** Descriptors that stay open after a hundred messages with up to 253 each, of which the program reads the data only. */
export function leakedBy(name: PeerName): Case {
  return async ({ folder, load }) => {
    const path = join(folder, 's')
    const [messages, size] = [100, 16]
    let bytes = 0
    const take = (data: Buffer): void => {
      bytes += data.length
    }
    if (name === 'unix-dgram') load<UnixDgram>().createSocket('unix_dgram', take).bind(path)
    else
      (await serverOf(name, path, load)).on('connection', (socket: Emitter) =>
        socket.on('data', take).on('error', () => {}),
      )
    const before = descriptorCount()
    const type = { usocket: 'stream', 'node:net': 'stream', 'node-unix-socket': 'seqpacket', 'unix-dgram': 'dgram' }[
      name
    ]
    const peer = new Peer()
    await peer.perform([['connect', type, path], ['flood', messages, size, 1], ['close']])
    for (let round = 0; bytes < messages * size && round < 50; round++) await setTimeout(20)
    await peer.end()
    await turns(20)
    const left = descriptorCount() - before
    return judged(left <= 0 ? [] : [`✗ ${left} left of ${messages} messages`], `✓ 0 of ${messages} messages`)
  }
}

/** Two hundred that are dropped without a close. */
export function forgottenWith(name: 'usocket' | 'node-unix-socket' | 'unix-dgram'): Case {
  return async ({ folder, load }) => {
    const path = join(folder, 's')
    const accepted: Socket[] = []
    const server = createServer((socket) => accepted.push(socket)).listen(path)
    await once(server, 'listening')
    const before = descriptorCount()
    await (async () => {
      for (let count = 0; count < 200; count++) {
        if (name === 'usocket') await once(new (load<Usocket>().USocket)({ path }), 'connected')
        else if (name === 'unix-dgram')
          load<UnixDgram>()
            .createSocket('unix_dgram')
            .bind(join(folder, `d${count}`))
        else new (load<NodeUnixSocket>().DgramSocket)().bind(join(folder, `d${count}`))
      }
    })()
    const grown = descriptorCount() - before - accepted.length
    for (let round = 0; round < 50; round++) {
      globalThis.gc?.()
      await turns(1)
    }
    const left = descriptorCount() - before - accepted.length
    return judged(left <= 0 ? [] : [`✗ ${left} of ${grown} left`], `✓ ${grown} closed`)
  }
}

export type NetServer = Server
export { netConnect }
