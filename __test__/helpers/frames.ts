// Frames as bytes, to be sent in any pieces, and what came of them.
import type { UnixSocket } from '../../index.js'
import type { Frame, FrameSocket } from '../../lib/frames.js'
import { inodesOf } from './marked.js'

export const HEADER = 12
export const MAGIC = 0xa9c1

/** The bytes of a frame as its documentation has them. */
export function frameBytes(
  type: number,
  body: Uint8Array,
  fds: number,
  { magic = MAGIC, length = body.length } = {},
): Buffer {
  const header = Buffer.alloc(HEADER)
  header.writeUInt16BE(magic, 0)
  header.writeUInt16BE(type, 2)
  header.writeUInt32BE(fds, 4)
  header.writeUInt32BE(length, 8)
  return Buffer.concat([header, body])
}

/** A sequence of numbers from 0 to below 1 that is the same in each run (mulberry32). */
export function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Splits bytes at the given places and sends each piece on its own; the descriptors go with the first. */
export async function sendInPieces(
  socket: UnixSocket<'stream' | 'seqpacket'>,
  bytes: Buffer,
  cuts: readonly number[],
  fds: readonly number[],
): Promise<void> {
  const places = [
    0,
    ...[...new Set(cuts)].filter((at) => at > 0 && at < bytes.length).sort((a, b) => a - b),
    bytes.length,
  ]
  for (const [index, from] of places.slice(0, -1).entries()) {
    await socket.send(bytes.subarray(from, places[index + 1]), { fds: index === 0 ? fds : [] })
  }
}

/** What a frame is, so that two can be compared; its descriptors are closed. */
export function described({ type, body, fds }: Frame): { type: number; body: string; inodes: number[] } {
  const inodes = inodesOf(fds)
  for (const fd of fds) fd.close()
  return { type, body: body.toString('base64'), inodes }
}

export async function receiveAll(frames: FrameSocket): Promise<ReturnType<typeof described>[]> {
  const found: ReturnType<typeof described>[] = []
  for (let frame = await frames.receive(); frame !== null; frame = await frames.receive()) found.push(described(frame))
  return found
}
