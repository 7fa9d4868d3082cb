/**
 * Ping-pong with the package node-unix-socket, both sides.   node-unix-socket server|client
 */
import type { EventEmitter } from 'node:events'
import { loadPeer, method, onStop, ready, settings } from '../../lib/program.js'
import { Rally } from '../../lib/rally.js'

type Connection = EventEmitter & { write(data: Buffer): void; connect(path: string, connected: () => void): void }

interface Peer {
  SeqpacketServer: new () => EventEmitter & { listen(path: string): void }
  SeqpacketSocket: new () => Connection
}

const { SeqpacketServer, SeqpacketSocket } = loadPeer<Peer>()

if (method === 'server') serve()
else play()

function serve(): void {
  onStop()
  const server = new SeqpacketServer()
  server.on('connection', (socket: Connection) => {
    socket.on('data', (data: Buffer) => socket.write(data))
    socket.on('error', () => {})
  })
  server.listen(settings.path)
  ready()
}

function play(): void {
  const rally = new Rally()
  const socket = new SeqpacketSocket()
  socket.on('data', (data: Buffer) => {
    rally.take(data)
    socket.write(rally.record)
  })
  socket.connect(settings.path, () => socket.write(rally.record))
}
