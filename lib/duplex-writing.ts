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

/** Linux takes a piece of this size as a whole or not at all, so that nothing is left to be copied and queued. */
const PIECE = 32_768
/** Most parts of one message (IOV_MAX). */
const PARTS_MAX = 1024
const NOTHING = new Uint8Array(0)

/** One message of a stream. */
type Outbound = { data: Uint8Array[] } & SendOptions<'stream'>

/** Sends for one stream; the next call comes when the last one is done. */
export class Outlet {
  readonly #socket: UnixSocket<'stream'>

  constructor(socket: UnixSocket<'stream'>) {
    this.#socket = socket
  }

  /** Sends all of it, in order. `done` is called at once where the kernel takes it at once. */
  send(parcels: readonly Parcel[], done: Done): void {
    const messages = gather(parcels, PIECE)
    let next = 0
    try {
      while (next < messages.length && this.#trySend(messages[next] as Outbound)) next++
    } catch (error) {
      done(error as Error)
      return
    }
    if (next === messages.length) done()
    else this.#sendWaiting(messages.slice(next), done)
  }

  #trySend({ data, ...options }: Outbound): boolean {
    return this.#socket.trySend(data, options)
  }

  /** As large as they come: now a Promise tells when the last of them has gone. */
  #sendWaiting(messages: readonly Outbound[], done: Done): void {
    const parcels = messages.flatMap(({ data, fds }) =>
      data.map((part, index) => ({ data: part, fds: index === 0 ? fds : undefined })),
    )
    settle(this.#socket.sendMany(gather(parcels, Number.POSITIVE_INFINITY)), done)
  }

  /** Calls `done` when nothing is left in the queue of the socket, where another system may have left the rest of a piece. */
  flush(done: Done): void {
    let isIdle = true
    try {
      isIdle = this.#socket.trySend(NOTHING)
    } catch {
      // There is nobody to send to: nothing waits for that.
    }
    if (isIdle) done()
    else settle(this.#socket.writable(), done)
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

/** Messages of `limit` bytes at most. Nothing is copied. */
function gather(parcels: readonly Parcel[], limit: number): Outbound[] {
  const messages: Outbound[] = []
  let room = 0
  for (const { data, fds = [] } of parcels) {
    const carries = fds.length > 0
    for (let at = 0; at < data.length; ) {
      const last = messages.at(-1)
      const opensMessage = last === undefined || room === 0 || last.data.length === PARTS_MAX || (carries && at === 0)
      if (opensMessage) room = limit
      const part = at === 0 && data.length <= room ? data : data.subarray(at, Math.min(data.length, at + room))
      if (!opensMessage) last.data.push(part)
      else messages.push(carries && at === 0 ? { data: [part], fds } : { data: [part] })
      at += part.length
      room -= part.length
    }
    // What follows its descriptors is no part of its message.
    if (carries) room = 0
  }
  return messages
}
