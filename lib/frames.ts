/**
 * Frames: a message and its descriptors that stay together on a stream, whatever the reads return. A frame is a header of 12 bytes
 * (magic, type, number of descriptors, length), then its body; its descriptors travel with its first byte. Knows no meaning of types.
 */
import type { OwnedFd } from './descriptor.js'
import { ownError } from './errors.js'
import type { Connected } from './listener.js'
import type { UnixSocket } from './socket.js'
import type { FdSource } from './source.js'
import type { Wait } from './wait.js'

/** One frame that was received. Whoever takes it owns its descriptors. */
export interface Frame {
  readonly type: number
  readonly body: Buffer
  readonly fds: OwnedFd[]
}

const MAGIC = 0xa9c1
const HEADER = 12
/** Longest body that is believed, in bytes. */
const BODY_MAX = 1 << 26
/** What one send carries: a record must fit into the smallest usual send buffer. */
const CHUNK = 65_536
/** Descriptors that may wait for their frame: those of one read. */
const FDS_MAX = 253

function broken(what: string): Error {
  return ownError('ERR_HANDOFF', `The other end does not speak this protocol: ${what}`)
}

/** Sends and receives frames on one socket. Nobody else may read from it or write to it. */
export class FrameSocket {
  readonly socket: UnixSocket<Connected>
  #bytes = Buffer.alloc(0)
  #fds: OwnedFd[] = []

  constructor(socket: UnixSocket<Connected>) {
    this.socket = socket
    if (socket.maxFds < FDS_MAX) socket.maxFds = FDS_MAX
  }

  /** Sends one frame. Descriptors are lent. */
  async send(
    type: number,
    body: Uint8Array = Buffer.alloc(0),
    fds: readonly FdSource[] = [],
    wait?: Wait,
  ): Promise<void> {
    const header = Buffer.alloc(HEADER)
    header.writeUInt16BE(MAGIC, 0)
    header.writeUInt16BE(type, 2)
    header.writeUInt32BE(fds.length, 4)
    header.writeUInt32BE(body.length, 8)
    const frame = Buffer.concat([header, body])
    const messages = [{ data: frame.subarray(0, CHUNK), fds }, ...chunksOf(frame.subarray(CHUNK))]
    await this.socket.sendMany(messages, wait)
  }

  /** The next frame; null at the end between two frames. What was read of a frame stays when this is given up. */
  async receive(wait?: Wait): Promise<Frame | null> {
    for (;;) {
      const frame = this.#next()
      if (frame !== undefined) return frame
      const message = await this.socket.recv(wait)
      if (message === null) {
        if (this.#bytes.length > 0 || this.#fds.length > 0) throw broken('it ended inside a frame')
        return null
      }
      this.#bytes = Buffer.concat([this.#bytes, message.data])
      this.#fds.push(...message.takeFds())
      if (this.#fds.length > 2 * FDS_MAX) throw broken('too many descriptors')
    }
  }

  #next(): Frame | undefined {
    const bytes = this.#bytes
    if (bytes.length < HEADER) return undefined
    const [count, length] = [bytes.readUInt32BE(4), bytes.readUInt32BE(8)]
    if (bytes.readUInt16BE(0) !== MAGIC) throw broken('no frame begins here')
    if (length > BODY_MAX || count > FDS_MAX) throw broken('a frame is too large')
    // In order, and no later than the chunk with their first byte: those of this frame are here already.
    if (count > this.#fds.length) throw broken('descriptors are missing')
    if (bytes.length < HEADER + length) return undefined
    this.#bytes = bytes.subarray(HEADER + length)
    return {
      type: bytes.readUInt16BE(2),
      body: Buffer.from(bytes.subarray(HEADER, HEADER + length)),
      fds: this.#fds.splice(0, count),
    }
  }

  /** Closes the socket and the descriptors that wait for their frame. */
  close(): void {
    for (const fd of this.#fds.splice(0)) fd.close()
    this.socket[Symbol.dispose]()
  }
}

function* chunksOf(bytes: Buffer): Generator<{ data: Buffer }> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield { data: bytes.subarray(at, at + CHUNK) }
}
