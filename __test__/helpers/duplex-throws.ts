// A duplex whose listeners throw, in a process of its own.
import { once } from 'node:events'
import { pair } from '../../index.js'
import { serveScenarios } from './child.js'

void serveScenarios({
  async throws() {
    const uncaught: string[] = []
    process.on('uncaughtException', ({ message }) => uncaught.push(message))
    const [left, right] = pair('stream', { maxFds: 1 }).map((socket) => socket.toDuplex())
    if (left === undefined || right === undefined) return undefined
    let text = ''
    let count = 0
    right.on('fds', (fds) => {
      for (const fd of fds) fd.close()
      count += fds.length
      if (count === 1) throw new Error('from fds')
    })
    right.on('data', (chunk) => {
      text += chunk
      if (text === 'ab') throw new Error('from data')
    })
    left.writeWithFds(Buffer.from('a'), [0])
    left.writeWithFds(Buffer.from('b'), [0])
    left.end()
    await once(right, 'end')
    return { uncaught, text, fds: count }
  },
})
