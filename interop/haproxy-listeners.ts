// The client of the case `haproxy-listeners`: it asks a running HAProxy for its listening sockets, as the next HAProxy does when it is
// reloaded, and serves on them when it is told to. HAProxy counts them first, then sends them with what it knows of each.
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { connect, type Message, type OwnedFd, type UnixSocket } from '../index.js'
import { environment } from './environment.js'

const INT_SIZE = 4

take().then(serve)

async function take(): Promise<OwnedFd[]> {
  const haproxy = await connect(environment('SOCK'), { maxFds: 253 })
  await haproxy.send('_getsocks\n')
  const counted = await next(haproxy, INT_SIZE)
  const count = counted.data.readInt32LE()
  const message = await next(haproxy)
  const [about, fds] = [message.data, message.takeFds()]
  await haproxy.close()
  const sockets = fds.map(({ kind, state }) => `${kind} ${state}`)
  console.log(JSON.stringify({ count, sockets, aboutEach: about.length / fds.length, pid: process.pid }))
  return fds
}

/** No more than `maxBytes`: what is sent with descriptors may follow closely. */
async function next(socket: UnixSocket<'stream'>, maxBytes?: number): Promise<Message> {
  const message = await socket.recv(maxBytes === undefined ? {} : { maxBytes })
  if (message === null) throw new Error('HAProxy closed the connection')
  return message
}

/** What comes on standard input is our answer to everybody. */
async function serve(fds: OwnedFd[]): Promise<void> {
  const answer = await text(process.stdin)
  for (const fd of fds) fd.toNetServer(createServer((socket) => socket.end(answer)))
}
