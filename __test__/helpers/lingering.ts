// A TCP socket whose last close takes seconds, wherever that happens: it lingers over data that its peer does not read.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { OwnedFd } from '../../index.js'

const SOL_SOCKET = 1
const SO_LINGER = 13

/** `fd` is the only descriptor of the socket; `end` frees the peer. */
export async function lingering(seconds = 1): Promise<{ fd: number; end: () => void }> {
  const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [[peer]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [[Socket], unknown]
  const copy = OwnedFd.dup(socket)
  copy.setOption(SOL_SOCKET, SO_LINGER, Buffer.from(Int32Array.of(1, seconds).buffer))
  for (const piece = Buffer.alloc(1 << 20); ; ) {
    if (!(await isTaken(copy, piece))) break
  }
  socket.destroy()
  await once(socket, 'close')
  const end = (): void => {
    peer.destroy()
    server.close()
  }
  return { fd: copy.detach(), end }
}

async function isTaken(fd: OwnedFd, piece: Buffer): Promise<boolean> {
  return await fd.write(piece, { timeout: 0 }).then(
    () => true,
    () => false,
  )
}
