/**
 * Holds idle connections with the package usocket, which reads from each.
 */
import type { EventEmitter } from 'node:events'
import { Memory } from '../../lib/memory.js'
import { fail, loadPeer, ready, settings } from '../../lib/program.js'

interface Peer {
  UServer: new () => EventEmitter & { listen(path: string, backlog: number): void }
}

const { UServer } = loadPeer<Peer>()
const memory = new Memory()
const sockets: EventEmitter[] = []
const server = new UServer()
server.on('connection', (socket: EventEmitter) => {
  sockets.push(socket)
  socket.on('data', () => fail('something came'))
  memory.take()
})
server.on('listening', ready)
server.listen(settings.path, 4096)
