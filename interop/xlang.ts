// The client of the case `xlang`: it exchanges one descriptor each way with a program in another language, which uses
// that language's own functions for it. Everything comes by environment; the last line is what was seen, as JSON.
import { existsSync, writeFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { listen, type Message, OwnedFd, peerCredentials, UnixSocket } from '../index.js'
import { environment, number } from './environment.js'

const language = environment('PEER')
const exchange = language === 'node' ? speakNodeIpc : swapDescriptors
exchange().then((seen) => console.log(JSON.stringify(seen)))

/** Serves one connection: sends a descriptor to write into, receives one to read from. */
async function swapDescriptors(): Promise<object> {
  const listener = listen(environment('SOCK'), { maxFds: 16, passCredentials: language === 'php' })
  const socket = await listener.accept()
  const writable = OwnedFd.adopt(number('W_FD'))
  // CPython's multiprocessing wants the number of descriptors in the byte.
  await socket.send(language === 'pymp' ? '\x01' : '\0', { fds: [writable] })
  writable.close()
  const answer = await socket.recv({ maxBytes: 64 })
  if (answer === null) throw new Error('the peer sent nothing')
  const seen = { ...(await content(answer)), peer: ids(peerCredentials(socket)) }
  await socket.send('A')
  await socket.close()
  await listener.close()
  return seen
}

async function content(message: Message): Promise<object> {
  const fds = message.takeFds()
  const back = await fds[0]?.read(100)
  for (const fd of fds) fd.close()
  const cred = message.credentials === null ? null : ids(message.credentials)
  return { back: back?.toString(), nfds: fds.length, bytes: message.data.length, cred }
}

function ids({ pid, uid, gid }: { pid: number | null; uid: number | null; gid: number | null }): (number | null)[] {
  return [pid, uid, gid]
}

/** Plays the parent of a stock Node.js process: hands it a listening TCP socket as `child.send(…, server)` does. */
async function speakNodeIpc(): Promise<object> {
  const child = UnixSocket.adopt(number('SK_FD'))
  const server = OwnedFd.adopt(number('L_FD'))
  const incoming = lines(child)
  const msgs = [await next(incoming)]
  const handle = { cmd: 'NODE_HANDLE', type: 'net.Server', msg: { n: environment('NONCE') } }
  await child.send(`${JSON.stringify(handle)}\n`, { fds: [server] })
  server.close()
  msgs.push(await next(incoming), await next(incoming))
  writeFileSync(`${environment('DIR')}/node.ready`, '')
  while (!existsSync(`${environment('DIR')}/node.stop`)) await setTimeout(50)
  await child.close()
  return { msgs }
}

async function* lines(socket: UnixSocket): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const message of socket) {
    const parts = (text + decoder.decode(message.data, { stream: true })).split('\n')
    text = parts.pop() ?? ''
    yield* parts
  }
}

async function next(incoming: AsyncGenerator<string>): Promise<unknown> {
  const { value, done } = await incoming.next()
  if (done) throw new Error('the peer has gone')
  return JSON.parse(value)
}
