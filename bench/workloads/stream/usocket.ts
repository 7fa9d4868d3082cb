/**
 * Receives a stream with the package usocket.
 */
import type { EventEmitter } from 'node:events'
import { loadPeer, ready, settings } from '../../lib/program.js'
import { StreamCheck } from '../../lib/records.js'

interface Peer {
  UServer: new () => EventEmitter & { listen(path: string, ready: () => void): void }
}

const { UServer } = loadPeer<Peer>()
const check = new StreamCheck(settings.size)
const server = new UServer()
server.on('connection', (socket: EventEmitter) => socket.on('data', (chunk: Buffer) => check.take(chunk)))
server.listen(settings.path, ready)
