// The worker of conversions-threads.spec.ts: takes over a descriptor by its number, or gives one away, and ends.
import { parentPort, workerData } from 'node:worker_threads'
import { memfd, OwnedFd, pair, UnixSocket } from '../../index.js'

const { job, fd } = workerData as { job: string; fd: number }

const jobs: Record<string, () => unknown> = {
  async read() {
    const file = OwnedFd.adopt(fd)
    const data = String(await file.read(100))
    file.close()
    return data
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

void Promise.resolve(jobs[job]?.()).then((answer) => parentPort?.postMessage(answer))
