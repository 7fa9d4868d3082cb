/**
 * Writes records to a stream of Node, as fast as it drains: one program for net's streams and ours.
 */
import type { Writable } from 'node:stream'
import { Flood } from '../../lib/flood.js'
import { fail } from '../../lib/program.js'

/** As many as may wait: what was written must not change before it has gone. */
const RECORDS = 4

/** Ends the process when all has been written. */
export function writeAll(stream: Writable): void {
  const records = Flood.records(RECORDS)
  const flood = new Flood()
  let at = 0
  function write(): void {
    let hasRoom = true
    while (!flood.isOver && hasRoom) {
      at = (at + 1) % records.length
      hasRoom = stream.write(flood.write(records[at] ?? fail('no record')))
    }
    if (flood.isOver) stream.end(() => process.exit(0))
  }
  stream.on('drain', write)
  // The receiver may end as soon as it has seen the head of the last record.
  stream.on('error', (error) => flood.isOver || fail(error.message))
  write()
}
