/**
 * Receives from two peers that send as fast as they can, with node:net, while a timer runs.
 */
import { createServer } from 'node:net'
import { measureDelays, tellDelays } from '../../lib/delays.js'
import { ready, settings } from '../../lib/program.js'
import { StreamCheck } from '../../lib/records.js'

let peers = 0
const server = createServer((socket) => {
  const check = new StreamCheck(settings.size, tellDelays)
  socket.on('data', (data: Buffer) => check.take(data))
  if (++peers === settings.connections) measureDelays()
})
server.listen(settings.path, ready)
