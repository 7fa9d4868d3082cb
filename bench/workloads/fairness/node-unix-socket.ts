/**
 * Receives from two peers that send as fast as they can, with the package node-unix-socket, while a timer runs.
 */
import type { EventEmitter } from 'node:events'
import { measureDelays, tellDelays } from '../../lib/delays.js'
import { loadPeer, ready, settings } from '../../lib/program.js'
import { RecordCheck } from '../../lib/records.js'

interface Peer {
  SeqpacketServer: new () => EventEmitter & { listen(path: string): void }
}

const { SeqpacketServer } = loadPeer<Peer>()
let peers = 0
const server = new SeqpacketServer()
server.on('connection', (socket: EventEmitter) => {
  const check = new RecordCheck(settings.size, tellDelays)
  socket.on('data', (data: Buffer) => check.take(data))
  if (++peers === settings.connections) measureDelays()
})
server.listen(settings.path)
ready()
