/**
 * The writing half of a stream over a UnixSocket: what the kernel takes at once is sent at once, the rest waits in one send. Small
 * chunks that come together leave together; one that carries descriptors is a message of its own. It knows no stream.
 */
import type { SendOptions } from './outgoing.js'
import type { UnixSocket } from './socket.js'
import type { FdSource } from './source.js'

/** Bytes with the descriptors that travel with their first byte. */
export interface Parcel {
  readonly data: Uint8Array
  readonly fds?: readonly FdSource[] | undefined
}

/** Called when the kernel has taken everything, or with what went wrong. */
export type Done = (error?: Error | null) => void

/** Most parts of one message (IOV_MAX). */
const PARTS_MAX = 1024

/** One message of a stream. */
type Outbound = { data: Uint8Array | Uint8Array[] } & SendOptions<'stream'>

/** Sends for one stream; the next call comes when the last one is done. */
export class Outlet {
  readonly #socket: UnixSocket<'stream'>

  constructor(socket: UnixSocket<'stream'>) {
    this.#socket = socket
  }

  /** Sends all of it, in order. `done` is called at once where the kernel takes it at once. */
  send(parcels: readonly Parcel[], done: Done): void {
    let sending: Promise<void> | undefined
    try {
      sending = this.#begin(parcels)
    } catch (error) {
      done(error as Error)
      return
    }
    if (sending === undefined) done()
    else settle(sending, done)
  }

  /** Undefined: all of it has gone. */
  #begin(parcels: readonly Parcel[]): Promise<void> | undefined {
    const [first] = parcels
    const isPlain = parcels.length === 1 && first !== undefined && first.fds === undefined && first.data.length > 0
    return isPlain ? this.#socket.sendBytesNow(first.data) : this.#socket.sendNow(gather(parcels))
  }
}

/**
 * Outside the Promise: what a callback of the user throws must be an uncaught exception, as everywhere else. A failure comes late: the
 * reading half was woken by the same death, and what it has to say of it comes first, as in `net.Socket`.
 */
function settle(sending: Promise<void>, done: Done): void {
  sending.then(
    () => process.nextTick(done),
    (error: Error) => setImmediate(done, error),
  )
}

/** Small chunks become one message. Nothing is copied: who wrote a chunk leaves it alone until it has gone. */
function gather(parcels: readonly Parcel[]): Outbound[] {
  const messages: Outbound[] = []
  let open: Uint8Array[] = []
  const finish = (): void => {
    if (open.length > 0) messages.push({ data: open.length === 1 ? (open[0] as Uint8Array) : open })
    open = []
  }
  for (const { data, fds = [] } of parcels) {
    if (fds.length > 0 || open.length === PARTS_MAX) finish()
    if (fds.length > 0) messages.push({ data, fds })
    else if (data.length > 0) open.push(data)
  }
  finish()
  return messages
}
