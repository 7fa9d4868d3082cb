/**
 * Sends a stream with node:net, as fast as it drains.
 */
import { connect } from 'node:net'
import { Flood } from '../../lib/flood.js'
import { fail, settings } from '../../lib/program.js'

/** As many as may wait: what was written must not change before it has gone. */
const records = Flood.records(4)
let at = 0
const flood = new Flood()
const socket = connect(settings.path, write)
socket.on('drain', write)
// The receiver may end as soon as it has seen the head of the last record.
socket.on('error', (error) => flood.isOver || fail(error.message))

function write(): void {
  let hasRoom = true
  while (!flood.isOver && hasRoom) {
    at = (at + 1) % records.length
    hasRoom = socket.write(flood.write(records[at] ?? fail('no record')))
  }
  if (flood.isOver) socket.end(() => process.exit(0))
}
