/**
 * Holds idle connections with node:net, which reads from each.
 */
import { createServer, type Socket } from 'node:net'
import { Memory } from '../../lib/memory.js'
import { fail, ready, settings } from '../../lib/program.js'

const memory = new Memory()
const sockets: Socket[] = []
const server = createServer((socket) => {
  sockets.push(socket)
  socket.on('data', () => fail('something came'))
  memory.take()
})
server.listen({ path: settings.path, backlog: 4096 }, ready)
