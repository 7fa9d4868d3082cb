/**
 * Connections that are made and closed, with node:net, both sides.   net server|client
 */
import { connect, createServer } from 'node:net'
import { fail, method, onStop, ready, settings, tell } from '../../lib/program.js'
import { Turns } from '../../lib/turns.js'

if (method === 'server') serve()
else play(new Turns())

function serve(): void {
  let accepted = 0
  onStop(() => tell({ accepted }))
  const server = createServer((socket) => {
    accepted++
    socket.destroy()
  })
  server.listen(settings.path, ready)
}

function play(turns: Turns): void {
  const socket = connect(settings.path)
  socket.on('data', () => fail('the server sends nothing, and something came'))
  socket.once('close', () => {
    turns.take()
    play(turns)
  })
}
