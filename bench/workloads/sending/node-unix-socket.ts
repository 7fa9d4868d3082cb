/**
 * Sends records with the package node-unix-socket: so many at once, and each is used again when it has gone.
 */
import { Flood } from '../../lib/flood.js'
import { loadPeer, settings } from '../../lib/program.js'

type Socket = {
  connect(path: string, connected: () => void): void
  write(data: Buffer, offset: number, length: number, sent: () => void): void
}

const WINDOW = 64

const { SeqpacketSocket } = loadPeer<{ SeqpacketSocket: new () => Socket }>()
const free = Flood.records(WINDOW)
const flood = new Flood()
const socket = new SeqpacketSocket()
let isPlanned = false

socket.connect(settings.path, write)

function write(): void {
  isPlanned = false
  for (let record = free.pop(); record !== undefined && !flood.isOver; record = free.pop()) {
    const sent = record
    socket.write(flood.write(record), 0, record.length, () => release(sent))
  }
  if (flood.isOver && free.length === WINDOW) process.exit(0)
}

/** Never from inside of the callback: the package loses records then. */
function release(record: Buffer): void {
  free.push(record)
  if (isPlanned) return
  isPlanned = true
  setImmediate(write)
}
