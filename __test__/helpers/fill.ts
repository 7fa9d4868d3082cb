// Fills the buffers between two sockets, and empties them again.
import { bind, type Message, type UnixSocket } from '../../index.js'
import { dispose } from './dispose.js'

/** Small enough for the kernel to take all or nothing, on a stream too. */
const piece = 4096

/** Sends until the kernel takes no more; returns how many messages it took. Nothing is left in our own queue. */
export function fill(socket: UnixSocket, size = piece): number {
  let count = 0
  while (socket.trySend(Buffer.alloc(size, count))) count++
  return count
}

/**
 * Fills the queue of the datagram socket at a path: how many messages that took. As many senders as it needs: where the queue is long
 * (512 with systemd), the memory of one is used up before.
 */
export function fillReceiver(path: string): number {
  const senders: UnixSocket[] = []
  let count = 0
  for (let taken = 1; taken > 0; count += taken) {
    const sender = bind(null, { peer: path })
    senders.push(sender)
    taken = fill(sender, 1)
  }
  dispose(...senders)
  return count
}

/** Everything until the end. */
export async function readAll(socket: UnixSocket): Promise<Message[]> {
  const messages: Message[] = []
  for await (const message of socket) messages.push(message)
  return messages
}

/** So many bytes of a stream. */
export async function readBytes(socket: UnixSocket<'stream'>, count: number): Promise<Buffer> {
  const parts: Buffer[] = []
  for (let left = count; left > 0; ) {
    const message = await socket.recv({ maxBytes: Math.min(left, 65_536) })
    if (message === null) break
    parts.push(message.data)
    left -= message.data.length
  }
  return Buffer.concat(parts)
}

/** What there is now, without waiting; the descriptors are closed. */
export function drain(socket: UnixSocket): Buffer[] {
  const found: Buffer[] = []
  for (;;) {
    const message = socket.tryRecv()
    if (message === 'again' || message === null) return found
    message.close()
    found.push(message.data)
  }
}
