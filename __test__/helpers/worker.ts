// The worker of workers.spec.ts: does the job that it is told, and says when it is in the middle of it.
import { constants } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { listen, OwnedFd, pair } from '../../index.js'
import { fill } from './fill.js'
import { openSync, writeSync } from './fs-numbers.js'

type Jobs = Record<string, (address: string) => Promise<unknown>>

const say = (value: unknown): void => parentPort?.postMessage(value)

const jobs: Jobs = {
  async import() {
    const [left, right] = pair()
    await left.send('hello')
    say({ data: String((await right.recv())?.data), pid: process.pid })
    await Promise.all([left.close(), right.close()])
  },
  async echo(address) {
    const listener = listen(address)
    say('listening')
    const socket = await listener.accept()
    for await (const { data } of socket) await socket.send(data)
    await Promise.all([socket.close(), listener.close()])
  },
  async waits() {
    const sockets = [pair(), pair('seqpacket'), pair('dgram')].flat()
    const waiting = sockets.map((socket) => socket.recv())
    say('waiting')
    await Promise.all(waiting)
  },
  async accepts(address) {
    const listener = listen(address)
    const waiting = listener.accept()
    say('waiting')
    await waiting
  },
  async sends() {
    const [left, right] = pair('stream', { maxFds: 3 })
    fill(left)
    const waiting = left.send('x', { fds: [left, right, 2] })
    say('waiting')
    await waiting
  },
  async leaves(address) {
    const listener = listen(address)
    say('listening')
    await listener.accept()
    // Nothing waits any more: the thread ends with both sockets open.
  },
  async reads(address) {
    // A FIFO that has data is read on a thread.
    const fifo = OwnedFd.adopt(openSync(address, constants.O_RDWR))
    for (let round = 0; ; round++) {
      writeSync(fifo.fd, 'x')
      await fifo.read(1)
      if (round === 2) say('reading')
    }
  },
}

void jobs[workerData.job]?.(workerData.address)
