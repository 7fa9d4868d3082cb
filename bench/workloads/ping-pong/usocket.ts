/**
 * Ping-pong with the package usocket, both sides.   usocket server|client
 */

import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { loadPeer, method, onStop, ready, settings } from '../../lib/program.js'
import { Rally } from '../../lib/rally.js'

interface Peer {
  UServer: new () => EventEmitter & { listen(path: string, backlog: number): void }
  USocket: new (path: string, connected: () => void) => Duplex
}

const { UServer, USocket } = loadPeer<Peer>()

if (method === 'server') serve()
else play()

function serve(): void {
  onStop()
  const server = new UServer()
  server.on('connection', (socket: Duplex) => {
    socket.on('data', (data) => socket.write(data))
    socket.on('error', () => {})
  })
  server.on('listening', ready)
  server.listen(settings.path, 4096)
}

function play(): void {
  const rally = new Rally()
  // Listening for data before it is connected aborts the process.
  const socket = new USocket(settings.path, () => {
    socket.on('data', (data: Buffer) => {
      rally.take(data)
      socket.write(rally.record)
    })
    socket.write(rally.record)
  })
}
