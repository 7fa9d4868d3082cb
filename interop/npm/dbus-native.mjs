// The package dbus-native as its users write it, over a transport of ours: it calls a service with two descriptors and reads the one
// that comes back, then takes an inhibitor lock, as of logind, and lets go of it. Descriptors are what the transport makes of them.
import { closeSync } from 'node:fs'
import { connect, memfd } from 'ancillary'
import dbus from 'dbus-native'

const socket = await connect(process.env.SOCK, { maxFds: 16 })
const bus = dbus.createClient({ stream: socket.toDuplex() })
// Until the bus has logged us in, it reads bytes only: descriptors that came with them would be lost.
await bus.listNames()
const manager = {
  destination: 'org.freedesktop.login1',
  path: '/org/freedesktop/login1',
  interface: 'org.freedesktop.login1.Manager',
}

const sent = process.env.SEND_FDS.split(',').map(Number)
const [reply] = await callForFds({ ...manager, member: 'Exchange', signature: 'hh', body: [0, 1], fds: sent })
for (const fd of sent) closeSync(fd)
const reply_read = String(await reply.read(100))
reply.close()

const copies = await Promise.all(Array.from({ length: Number(process.env.COPIES) }, (_, index) => copy(index)))

const what = ['sleep', 'dbus-native', process.env.NONCE, 'block']
const [lock] = await callForFds({ ...manager, member: 'Inhibit', signature: 'ssss', body: what })
const held = await bus.invoke({ ...manager, member: 'ListInhibitors' })
lock.close()
const released = await bus.invoke({ ...manager, member: 'WaitReleased' })
const { canPassFds, unixFdsAgreed } = bus.connection
bus.connection.end()
console.log(
  JSON.stringify({ unique: bus.name, pid: process.pid, reply_read, copies, held, released, canPassFds, unixFdsAgreed }),
)

/** The text of a copy that the service makes of one of our files. */
async function copy(index) {
  const file = memfd('file', { data: `${process.env.NONCE}-${index}` })
  const [answer] = await callForFds({ ...manager, member: 'Copy', signature: 'h', body: [0], fds: [file] })
  file.close()
  const text = String(await answer.read(100))
  answer.close()
  return text
}

/** The descriptors are on the answer itself, which a callback has as `this.message`. */
function callForFds(call) {
  return new Promise((resolve, reject) => {
    bus.invoke(call, function (error) {
      if (error) reject(error)
      else resolve(this.message.fds)
    })
  })
}
