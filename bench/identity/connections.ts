/**
 * Connections to ask about, and the process at their other end. They are made before the clock runs.
 */
import { fork } from 'node:child_process'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { listen, type UnixSocket } from '../../index.js'
import type { Answer } from './answer.js'

/** How many there are at once where there are many. */
export const CONNECTIONS = 1000

/** Accepted connections of plain Node, and who made them. */
export class Server {
  readonly #server = createServer()
  readonly #client: Client

  private constructor(path: string) {
    this.#client = new Client(path)
  }

  static async listen(path: string): Promise<Server> {
    const made = new Server(path)
    await new Promise<void>((resolve) => made.#server.listen(path, 1024, resolve))
    return made
  }

  get peer(): Answer {
    return this.#client.answer
  }

  async accept(count: number): Promise<Socket[]> {
    const sockets: Socket[] = []
    const all = new Promise<void>((resolve) => {
      this.#server.on('connection', (socket) => sockets.push(socket) === count && resolve())
    })
    this.#client.connect(count)
    await all
    this.#server.removeAllListeners('connection')
    return sockets
  }
}

/** One accepted UnixSocket, and who made it. */
export async function acceptUnixSocket(path: string): Promise<{ socket: UnixSocket; peer: Answer }> {
  const listener = listen(path)
  const client = new Client(path)
  client.connect(1)
  const socket = await listener.accept()
  await listener.close()
  return { socket, peer: client.answer }
}

export async function closeAll(sockets: readonly Socket[]): Promise<void> {
  const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)))
  for (const socket of sockets) socket.destroy()
  await Promise.all(closed)
}

class Client {
  readonly #child

  constructor(path: string) {
    this.#child = fork(join(__dirname, 'client.js'), [path])
  }

  get answer(): Answer {
    return { pid: this.#child.pid ?? null, uid: process.geteuid?.() ?? null, gid: process.getegid?.() ?? null }
  }

  connect(count: number): void {
    this.#child.send(count)
  }
}
