// One D-Bus message as bytes and as an object: a fixed head, an array of header fields, the body. The descriptors
// travel beside it; the header only says how many they are.
import { Reader, typesIn, Writer } from './marshal.js'

export const METHOD_CALL = 1
export const METHOD_RETURN = 2
export const ERROR = 3

const HEAD_SIZE = 16
const LITTLE_ENDIAN = 'l'.charCodeAt(0)
const VERSION = 1

/** Header fields by name: their code and their type. */
const FIELDS = {
  path: [1, 'o'],
  interface: [2, 's'],
  member: [3, 's'],
  replySerial: [5, 'u'],
  destination: [6, 's'],
  sender: [7, 's'],
  signature: [8, 'g'],
  fdCount: [9, 'u'],
} as const

export interface Header {
  path?: string
  interface?: string
  member?: string
  replySerial?: number
  destination?: string
  sender?: string
  signature?: string
  fdCount?: number
}

export interface Decoded extends Header {
  type: number
  serial: number
  args: unknown[]
}

export function encode(type: number, serial: number, header: Header, body: Buffer): Buffer {
  const fields = encodeFields(header)
  return new Writer()
    .raw([LITTLE_ENDIAN, type, 0, VERSION])
    .uint32(body.length)
    .uint32(serial)
    .uint32(fields.length)
    .raw(fields)
    .align(8)
    .raw(body)
    .bytes()
}

/** The array begins at a multiple of 8, so that alignment can be counted from its own start. */
function encodeFields(header: Header): Buffer {
  const writer = new Writer()
  for (const [name, [code, type]] of Object.entries(FIELDS)) {
    const value = header[name as keyof Header]
    if (value === undefined) continue
    writer.align(8).raw([code]).signature(type)
    if (type === 'u') writer.uint32(Number(value))
    else if (type === 'g') writer.signature(String(value))
    else writer.string(String(value))
  }
  return writer.bytes()
}

/** How long the message is that begins with these bytes; undefined while they are too few to tell. */
export function lengthOf(bytes: Buffer): number | undefined {
  return bytes.length < HEAD_SIZE ? undefined : bodyStart(bytes) + bytes.readUInt32LE(4)
}

function bodyStart(bytes: Buffer): number {
  const fieldsEnd = HEAD_SIZE + bytes.readUInt32LE(12)
  return fieldsEnd + (-fieldsEnd & 7)
}

export function decode(bytes: Buffer): Decoded {
  const header = decodeFields(bytes)
  const body = new Reader(bytes.subarray(bodyStart(bytes)))
  const args = typesIn(header.signature ?? '').map((type) => body.value(type))
  return { ...header, type: bytes.readUInt8(1), serial: bytes.readUInt32LE(8), args }
}

function decodeFields(bytes: Buffer): Header {
  const names = new Map(Object.entries(FIELDS).map(([name, [code]]) => [code as number, name]))
  const reader = new Reader(bytes, HEAD_SIZE)
  const end = HEAD_SIZE + bytes.readUInt32LE(12)
  const header: Record<string, unknown> = {}
  while (reader.at < end) {
    reader.align(8)
    const name = names.get(reader.byte())
    const value = reader.value('v')
    if (name !== undefined) header[name] = value
  }
  return header
}
