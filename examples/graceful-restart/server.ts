// An http server that can be replaced while it serves: it takes over from the process that serves now, if there is one, and offers
// the same to its own successor. Says `serving` to its parent when it does, and ends when its last connection has ended.
//   node server.js HANDOFF SOCKET
import http from 'node:http'
import { serve, takeOver } from '../../entries/handoff.js'
import { listen } from '../../index.js'

const [handoffPath = '', socketPath = ''] = process.argv.slice(2)

async function main(): Promise<void> {
  let served = 0
  const server = http.createServer((_request, response) => response.end(`${process.pid} ${++served}\n`))
  const takeover = await takeOver(handoffPath)
  // Nobody is there: the first start. What a dead server left at the path is replaced.
  if (takeover === null) listen(socketPath, { replace: 'stale' }).toNetServer(server)
  else {
    await takeover.ready()
    takeover.take('http').toNetServer(server)
  }
  const handoff = serve(handoffPath, { http: server })
  process.send?.('serving')
  await handoff.drained()
  process.disconnect?.()
}

void main()
