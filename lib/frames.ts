/**
 * Frames: a message and its descriptors that stay together on a stream, whatever the reads return. A frame is a header of 12 bytes
 * (magic, type, number of descriptors, length), then its body; its descriptors travel with its first byte. Knows no meaning of types.
 */
import type { OwnedFd } from './descriptor.js'
import { hasCode, ownError } from './errors.js'
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
  /** What was read and belongs to no complete frame yet. */
  #parts: Buffer[] = []
  #length = 0
  /** Bytes that must be there before it is worth a look: a header, or the frame that it announces. */
  #needed = HEADER
  #fds: OwnedFd[] = []
  #broken: unknown

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
    if (body.length > BODY_MAX)
      throw ownError('ERR_HANDOFF', `${body.length} bytes are too many; the limit is ${BODY_MAX}`)
    const header = Buffer.alloc(HEADER)
    header.writeUInt16BE(MAGIC, 0)
    header.writeUInt16BE(type, 2)
    header.writeUInt32BE(fds.length, 4)
    header.writeUInt32BE(body.length, 8)
    const frame = Buffer.concat([header, body])
    const messages = [{ data: frame.subarray(0, CHUNK), fds }, ...chunksOf(frame.subarray(CHUNK))]
    await this.socket.sendMany(messages, wait)
  }

  /**
   * The next frame; null at the end between two frames. What was read of a frame stays when this is given up. After ERR_HANDOFF
   * nobody can tell where a frame begins: no descriptor is left open, and every later call rejects with it.
   */
  async receive(wait?: Wait): Promise<Frame | null> {
    if (this.#broken !== undefined) throw this.#broken
    try {
      return await this.#receive(wait)
    } catch (error) {
      if (hasCode(error, 'ERR_HANDOFF')) {
        this.#broken = error
        this.#closeFds()
      }
      throw error
    }
  }

  async #receive(wait?: Wait): Promise<Frame | null> {
    for (;;) {
      const frame = this.#next()
      if (frame !== undefined) return frame
      const message = await this.socket.recv(wait)
      if (message === null) {
        if (this.#length > 0 || this.#fds.length > 0) throw broken('it ended inside a frame')
        return null
      }
      this.#parts.push(message.data)
      this.#length += message.data.length
      this.#fds.push(...message.takeFds())
      if (this.#fds.length > 2 * FDS_MAX) throw broken('too many descriptors')
    }
  }

  #next(): Frame | undefined {
    if (this.#length < this.#needed) return undefined
    const bytes = Buffer.concat(this.#parts)
    this.#parts = [bytes]
    const [count, length] = [bytes.readUInt32BE(4), bytes.readUInt32BE(8)]
    if (bytes.readUInt16BE(0) !== MAGIC) throw broken('no frame begins here')
    if (length > BODY_MAX || count > FDS_MAX) throw broken('a frame is too large')
    // In order, and no later than the chunk with their first byte: those of this frame are here already.
    if (count > this.#fds.length) throw broken('descriptors are missing')
    this.#needed = HEADER + length
    return bytes.length < this.#needed ? undefined : this.#cut(bytes, this.#fds.splice(0, count))
  }

  /** The frame at the beginning of these bytes; the rest stays. */
  #cut(bytes: Buffer, fds: OwnedFd[]): Frame {
    const body = Buffer.from(bytes.subarray(HEADER, this.#needed))
    this.#parts = [bytes.subarray(this.#needed)]
    this.#length -= this.#needed
    this.#needed = HEADER
    return { type: bytes.readUInt16BE(2), body, fds }
  }

  /** Closes the socket and the descriptors that wait for their frame. */
  close(): void {
    this.#closeFds()
    this.socket[Symbol.dispose]()
  }

  #closeFds(): void {
    for (const fd of this.#fds.splice(0)) fd.close()
  }
}

function* chunksOf(bytes: Buffer): Generator<{ data: Buffer }> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield { data: bytes.subarray(at, at + CHUNK) }
}
