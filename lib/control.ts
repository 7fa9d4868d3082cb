/**
 * Control messages that the package does not interpret, and the packed form in which they go to and come from the native side.
 * Knows bytes only.
 */
import { endianness } from 'node:os'

/** A control message that the package does not interpret, as it came or as it is to be sent. See cmsg(3). */
export interface ControlMessage {
  level: number
  type: number
  data: Buffer
}

const littleEndian = endianness() === 'LE'

/** Level, type and length as C ints, then the payload, repeated. */
export function packControl(messages: readonly ControlMessage[]): Buffer {
  return Buffer.concat(
    messages.flatMap(({ level, type, data }) => [Buffer.from(Int32Array.of(level, type, data.length).buffer), data]),
  )
}

/** The messages of a packed list, with copies of their payloads. */
export function unpackControl(bytes: Uint8Array): ControlMessage[] {
  const words = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const messages: ControlMessage[] = []
  for (let at = 0; at < bytes.length; ) {
    const level = words.getInt32(at, littleEndian)
    const type = words.getInt32(at + 4, littleEndian)
    const end = at + 12 + words.getInt32(at + 8, littleEndian)
    messages.push({ level, type, data: Buffer.from(bytes.subarray(at + 12, end)) })
    at = end
  }
  return messages
}
