// A message that must come.
import type { Message, OwnedFd, UnixSocket } from '../../index.js'

/** The next message; the end is an error. */
export async function received(socket: UnixSocket): Promise<Message> {
  const message = await socket.recv()
  if (message === null) throw new Error('The end came, not a message')
  return message
}

/** The descriptors of the next message, so many. */
export async function receivedFds(socket: UnixSocket, count: number): Promise<OwnedFd[]> {
  return (await received(socket)).takeFds(count)
}
