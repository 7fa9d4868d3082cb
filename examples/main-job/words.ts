/**
 * The two processes take turns: each says a word over the socket when it has done its part, the other waits for it.
 */
import type { UnixSocket } from '../../index.js'

export async function expectWord(socket: UnixSocket, word: string): Promise<void> {
  const message = await socket.recv()
  const came = message === null ? 'the end' : `'${message.data}'`
  if (came !== `'${word}'`) throw new Error(`expected '${word}' from the other process, got ${came}`)
}
