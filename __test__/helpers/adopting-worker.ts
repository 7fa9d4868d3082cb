// The worker of conversions-threads.spec.ts: takes over a descriptor by its number, or gives one away, and ends.
import { setImmediate } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { memfd, OwnedFd, pair, UnixSocket } from '../../index.js'
import { closeSync, openSync } from './fs-numbers.js'

const { job, fd } = workerData as { job: string; fd: number }

const jobs: Record<string, () => unknown> = {
  async read() {
    const file = OwnedFd.adopt(fd)
    const data = String(await file.read(100))
    file.close()
    return data
  },
  /** What Node has opened here it closes when this thread ends, by its number. */
  async opens() {
    let warnings = 0
    process.on('warning', () => warnings++)
    const opened = openSync('/dev/null', 'r')
    const known = pair().map((socket) => socket.detach().detach())
    OwnedFd.adopt(opened).close()
    for (const number of known) await UnixSocket.adopt(number).close()
    const refused = openSync('/dev/null', 'r')
    let code: unknown
    try {
      UnixSocket.adopt(refused)
    } catch (error) {
      code = (error as NodeJS.ErrnoException).code
    }
    closeSync(refused)
    await setImmediate()
    return { numbers: [opened, ...known], code, warnings }
  },
  make: () => memfd('it', { data: 'from a worker' }).detach(),
  async greet() {
    const socket = UnixSocket.adopt(fd)
    await socket.send('from a worker')
    await socket.close()
    return 'greeted'
  },
  /** One of them has waited in this thread's poller. */
  async pair() {
    const [left, right] = pair()
    await left.send('x')
    await right.recv()
    return [left, right].map((socket) => socket.detach().detach())
  },
}

void Promise.resolve(jobs[job]?.()).then((answer) => {
  parentPort?.postMessage(answer)
  if (job === 'opens') parentPort?.once('message', () => parentPort?.close())
})
