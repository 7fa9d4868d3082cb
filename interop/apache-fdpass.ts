// The client of the case `apache-fdpass`: Apache accepts a connection, reads the request, writes the head of an answer and passes the
// connection on, as a descriptor with one byte. The body of the answer comes from here.
import { listen } from '../index.js'
import { environment } from './environment.js'

serve().then((seen) => console.log(JSON.stringify(seen)))

async function serve(): Promise<object> {
  const listener = listen(environment('SOCK'), { maxFds: 1 })
  const apache = await listener.accept()
  const message = await apache.recv()
  if (message === null) throw new Error('Apache sent nothing')
  const [fd] = message.takeFds(1)
  const socket = fd.toNetSocket()
  const { remotePort, localPort } = socket
  socket.end(`${environment('NONCE')} for ${remotePort}`)
  await apache.close()
  await listener.close()
  return { kind: fd.kind, bytes: message.data.length, remotePort, localPort }
}
