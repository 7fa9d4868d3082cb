/**
 * What the kernel says that a Unix socket is: its type, by number and by word, and the names of its two ends.
 * It only asks; it knows no object of ours.
 */
import { addressOf } from './address.js'
import { constants, native } from './native.js'
import type { SocketType } from './outgoing.js'
import type { Address } from './words.js'

/** The number of a socket type. */
export function typeNumber(type: SocketType): number {
  return { stream: constants.sockStream, seqpacket: constants.sockSeqpacket, dgram: constants.sockDgram }[type]
}

export function typeName(number: number): SocketType {
  if (number === constants.sockStream) return 'stream'
  return number === constants.sockSeqpacket ? 'seqpacket' : 'dgram'
}

/** The name that the kernel reports for one end, as an address; null where it has none. */
export function nameOf(fd: number, peer: boolean): Address | null {
  const out = Buffer.alloc(constants.nameSize)
  const length = native.socketName(fd, peer, out)
  return length < 0 ? null : addressOf(out.subarray(0, length))
}
