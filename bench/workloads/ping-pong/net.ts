/**
 * Ping-pong with node:net, both sides.   net server|client
 */
import { connect, createServer } from 'node:net'
import { method, onStop, ready, settings } from '../../lib/program.js'
import { Rally } from '../../lib/rally.js'

if (method === 'server') serve()
else play()

function serve(): void {
  onStop()
  const server = createServer((socket) => {
    socket.on('data', (data) => socket.write(data))
    // A client that is done may leave an answer unread.
    socket.on('error', () => socket.destroy())
  })
  server.listen({ path: settings.path, backlog: 4096 }, ready)
}

function play(): void {
  const rally = new Rally()
  const socket = connect(settings.path, () => socket.write(rally.record))
  socket.on('data', (data: Buffer) => {
    rally.take(data)
    socket.write(rally.record)
  })
}
