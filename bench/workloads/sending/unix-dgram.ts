/**
 * Sends datagrams with the package unix-dgram: until it says that there is no room, and again when there is.
 */
import type { EventEmitter } from 'node:events'
import { Flood } from '../../lib/flood.js'
import { loadPeer, settings } from '../../lib/program.js'

type Socket = EventEmitter & {
  connect(path: string): void
  send(data: Buffer, sent: (error?: Error & { code: unknown }) => void): void
}

/** The package tells so that nothing was taken. */
const NO_ROOM = 1

const flood = new Flood()
const [record = Buffer.alloc(0)] = Flood.records(1)
const socket = loadPeer<{ createSocket(type: string): Socket }>().createSocket('unix_dgram')
let isWaiting = false

socket.on('connect', send)
socket.on('writable', again)
socket.connect(settings.path)

function send(): void {
  while (!flood.isOver && !isWaiting) {
    flood.write(record)
    trySend()
  }
  if (!isWaiting) process.exit(0)
}

function again(): void {
  isWaiting = false
  trySend()
  send()
}

function trySend(): void {
  socket.send(record, (error) => {
    if (error === undefined) return
    if (error.code !== NO_ROOM) throw error
    isWaiting = true
  })
}
