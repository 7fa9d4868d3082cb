// The client of the case `rsyslog-credentials`: it writes to the socket of a log daemon, in the name of somebody else. The kernel, or the
// credentials that are sent along, say who it was.
import { bind, hasCode } from '../index.js'
import { environment, number } from './environment.js'
import { becomeUser } from './user.js'

becomeUser(number('AS_UID'))
log().then((seen) => console.log(JSON.stringify(seen)))

async function log(): Promise<object> {
  const socket = bind(null, { peer: environment('SOCK') })
  const message = (text: string) => `<14>Jan  1 00:00:00 somebody[1]: ${environment('NONCE')} ${text}`
  await socket.send(message('plain'))
  await socket.send(message('named'), { credentials: true })
  const pretended = await socket
    .send(message('pretended'), { credentials: { pid: number('OTHER_PID'), uid: 0, gid: 0 } })
    .then(() => 'sent')
    .catch((error) => (hasCode(error, 'EPERM') ? 'EPERM' : String(error)))
  await socket.close()
  return { pid: process.pid, pretended }
}
