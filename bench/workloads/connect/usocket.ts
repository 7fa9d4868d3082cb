/**
 * Connections that are made and closed, with the package usocket, both sides.   usocket server|client
 */
import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { fail, loadPeer, method, onStop, ready, settings, tell } from '../../lib/program.js'
import { Turns } from '../../lib/turns.js'

interface Peer {
  UServer: new () => EventEmitter & { listen(path: string, backlog: number): void }
  USocket: new (path: string, connected: () => void) => Duplex
}

const { UServer, USocket } = loadPeer<Peer>()

if (method === 'server') serve()
else play(new Turns())

function serve(): void {
  let accepted = 0
  onStop(() => tell({ accepted }))
  const server = new UServer()
  server.on('connection', (socket: Duplex) => {
    accepted++
    socket.destroy()
  })
  server.on('listening', ready)
  server.listen(settings.path, 511)
}

function play(turns: Turns): void {
  // Listening for data before it is connected aborts the process.
  const socket = new USocket(settings.path, () => {
    socket.on('data', () => fail('the server sends nothing, and something came'))
  })
  socket.once('end', () => {
    socket.destroy()
    turns.take()
    play(turns)
  })
}
