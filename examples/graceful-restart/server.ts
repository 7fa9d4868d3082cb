// An http server that can be replaced while it serves: it takes over from the process that serves now, if there is one, and offers
// the same to its own successor. Tells its parent when it serves, and ends when its last connection has ended.
//   node server.js HANDOFF SOCKET|PORT
// For tests: GRACEFUL_RESTART_STOP_AT=taken or =ready stops a successor there, when it has got the handles or has said that it is
// ready, so that it can be killed in the middle.
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { serve, type Takeover, takeOver } from '../../entries/handoff.js'
import { listen } from '../../index.js'

const [handoffPath = '', where = ''] = process.argv.slice(2)
const stopAt = process.env.GRACEFUL_RESTART_STOP_AT

async function main(): Promise<void> {
  let served = 0
  const server = http.createServer((_request, response) => response.end(`${process.pid} ${++served}\n`))
  const takeover = await takeOver(handoffPath)
  if (takeover === null) await begin(server)
  else {
    await ready(takeover, server)
  }
  const handoff = serve(
    handoffPath,
    { http: server },
    { onFailed: (error) => process.send?.({ failed: String(error) }) },
  )
  process.send?.({ serving: (server.address() as AddressInfo | null)?.port ?? where })
  await handoff.drained()
  process.disconnect?.()
}

/** Nobody is there: the first start. What a dead server left at the path is replaced. */
async function begin(server: http.Server): Promise<void> {
  if (/^\d+$/.test(where)) await once(server.listen(Number(where), '127.0.0.1'), 'listening')
  else listen(where, { replace: 'stale' }).toNetServer(server)
}

async function ready(takeover: Takeover, server: http.Server): Promise<void> {
  if (stopAt === 'taken') stop()
  const done = takeover.ready({ servers: { http: server } })
  if (stopAt === 'ready') stop()
  await done
}

/** Not even a signal handler runs from here. */
function stop(): void {
  process.send?.({ stopped: stopAt })
  process.kill(process.pid, 'SIGSTOP')
}

void main()
