// The package dbus-next as its users write it: it calls a service with two descriptors and reads the one that comes back, then
// takes an inhibitor lock, as of logind, and lets go of it. Descriptors are numbers, and ours to close.
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import dbus from 'dbus-next'

const bus = dbus.sessionBus({ busAddress: `unix:path=${process.env.SOCK}`, negotiateUnixFd: true })
const service = await bus.getProxyObject('org.freedesktop.login1', '/org/freedesktop/login1')
const manager = service.getInterface('org.freedesktop.login1.Manager')

const sent = process.env.SEND_FDS.split(',').map(Number)
const reply = await manager.Exchange(...sent)
for (const fd of sent) closeSync(fd)
const reply_read = read(reply)

const copies = await Promise.all(Array.from({ length: Number(process.env.COPIES) }, (_, index) => copy(index)))

const lock = await manager.Inhibit('sleep', 'dbus-next', process.env.NONCE, 'block')
const held = await manager.ListInhibitors()
closeSync(lock)
const released = await manager.WaitReleased()
bus.disconnect()
console.log(JSON.stringify({ unique: bus.name, pid: process.pid, reply_read, copies, held, released }))

/** The text of a copy that the service makes of one of our files. */
async function copy(index) {
  const path = `${process.env.DIR}/file-${index}`
  writeFileSync(path, `${process.env.NONCE}-${index}`)
  const file = openSync(path)
  const answer = await manager.Copy(file)
  closeSync(file)
  return read(answer)
}

function read(fd) {
  try {
    return readFileSync(fd, 'utf8')
  } finally {
    closeSync(fd)
  }
}
