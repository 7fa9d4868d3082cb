/**
 * The way to the programs of systemd: one datagram to a socket whose name the environment or the system tells.
 * Knows neither what is said there nor who listens.
 */
import { constants } from 'node:os'
import { bind } from './connect.js'
import { systemError } from './errors.js'
import type { SendOptions } from './outgoing.js'
import type { Wait } from './wait.js'
import type { Address } from './words.js'

/** How libsystemd writes the sockets of a virtual machine's host: `vsock:2:1234`, `vsock-stream:2:1234`. */
const VSOCK = /^vsock(-\w+)?:/

/** The address that a name in the environment means: `@` begins an abstract name, all else is a path. */
export function managerAddress(name: string): Address {
  if (VSOCK.test(name)) throw systemError(-constants.errno.EAFNOSUPPORT, 'connect', { path: name })
  return name.startsWith('@') ? { abstract: name.slice(1) } : name
}

/** Sends one datagram. Connected, because then the kernel tells when a full receiver has room. */
export async function sendOne(
  to: Address,
  data: string | Uint8Array,
  options: SendOptions<'dgram'> & Wait,
): Promise<void> {
  const socket = bind(null, { peer: to })
  try {
    await socket.send(data, options)
  } finally {
    await socket.close()
  }
}
