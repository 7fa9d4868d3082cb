/**
 * Receives datagrams with the package unix-dgram, which gives each as an event.
 */
import { loadPeer, ready, settings } from '../../lib/program.js'
import { RecordCheck } from '../../lib/records.js'

interface Peer {
  createSocket(type: 'unix_dgram', take: (data: Buffer) => void): { bind(path: string): void }
}

const check = new RecordCheck(settings.size)
loadPeer<Peer>()
  .createSocket('unix_dgram', (data) => check.take(data))
  .bind(settings.path)
ready()
