/**
 * Receives records with the package node-unix-socket, which gives each as an event.
 */
import type { EventEmitter } from 'node:events'
import { loadPeer, ready, settings } from '../../lib/program.js'
import { RecordCheck } from '../../lib/records.js'

interface Peer {
  SeqpacketServer: new () => EventEmitter & { listen(path: string): void }
  DgramSocket: new () => EventEmitter & { bind(path: string): void }
}

const { SeqpacketServer, DgramSocket } = loadPeer<Peer>()
const check = new RecordCheck(settings.size)
const take = (data: Buffer): void => check.take(data)

if (settings.type === 'dgram') {
  const socket = new DgramSocket()
  socket.on('data', take)
  socket.bind(settings.path)
} else {
  const server = new SeqpacketServer()
  server.on('connection', (socket: EventEmitter) => socket.on('data', take))
  server.listen(settings.path)
}
ready()
