/**
 * Receives descriptors with the package usocket: a record and its descriptors are read together, and each is closed.
 */

import type { EventEmitter } from 'node:events'
import { closeSync } from 'node:fs'
import { checkDescriptors, LOOKED_AT, OpenDescriptors } from '../../lib/descriptors.js'
import { fail, loadPeer, ready, settings } from '../../lib/program.js'
import { RecordCheck } from '../../lib/records.js'

interface Received {
  data: Buffer
  fds: number[]
}
type Connection = EventEmitter & { read(size: number, count: number): Received | null }

interface Peer {
  UServer: new () => EventEmitter & { listen(path: string, ready: () => void): void }
}

/** What was read ahead waits in the package; the kernel's buffer does not hold more. */
const STILL_OPEN = 4096

const { UServer } = loadPeer<Peer>()
const open = new OpenDescriptors()
const check = new RecordCheck(settings.size, () => open.check(STILL_OPEN))
const server = new UServer()
server.on('connection', (socket: Connection) => socket.on('readable', () => readAll(socket)))
server.listen(settings.path, ready)

function readAll(socket: Connection): void {
  for (;;) {
    const received = socket.read(settings.size, settings.fds)
    if (received === null) return
    const { data, fds } = received
    if (fds.length !== settings.fds) fail(`${fds.length} descriptors came instead of ${settings.fds}`)
    if (check.count < LOOKED_AT) checkDescriptors(fds, check.count)
    check.take(data)
    for (const fd of fds) closeSync(fd)
  }
}
