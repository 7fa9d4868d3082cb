/**
 * ICMP echo, written and read by hand: RFC 792 for IPv4, RFC 4443 for IPv6. A raw IPv4 socket gives packets with their
 * IP header, an ICMPv6 socket without; the kernel fills in the checksum only for the latter.
 */
import type { Family } from './plan.js'

const TYPES = { inet: { request: 8, reply: 0 }, inet6: { request: 128, reply: 129 } }
const HEADER_SIZE = 8

export interface Echo {
  kind: 'request' | 'reply'
  id: number
  sequence: number
  payload: Buffer
  /** What the IP header says, where there is one. */
  header: string | null
}

export function echoRequest(family: Family, id: number, sequence: number, payload: Buffer): Buffer {
  const packet = Buffer.concat([Buffer.alloc(HEADER_SIZE), payload])
  packet.writeUInt8(TYPES[family].request, 0)
  packet.writeUInt16BE(id, 4)
  packet.writeUInt16BE(sequence, 6)
  if (family === 'inet') packet.writeUInt16BE(checksum(packet), 2)
  return packet
}

/** The ones' complement of the ones' complement sum of 16-bit words: 0 over a packet that holds its own checksum. */
function checksum(bytes: Buffer): number {
  let sum = 0
  for (let at = 0; at < bytes.length; at += 2) {
    sum += bytes.readUInt8(at) * 256 + (bytes[at + 1] ?? 0)
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** The echo in a packet as a raw socket gives it; null where it is something else, or damaged. */
export function parseEcho(family: Family, packet: Buffer): Echo | null {
  const start = family === 'inet' ? (packet.readUInt8(0) & 15) * 4 : 0
  const icmp = packet.subarray(start)
  if (icmp.length < HEADER_SIZE || (family === 'inet' && checksum(icmp) !== 0)) return null
  const type = icmp.readUInt8(0)
  const { request, reply } = TYPES[family]
  if (type !== request && type !== reply) return null
  return {
    kind: type === request ? 'request' : 'reply',
    id: icmp.readUInt16BE(4),
    sequence: icmp.readUInt16BE(6),
    payload: icmp.subarray(HEADER_SIZE),
    header: family === 'inet' ? describeIpv4(packet) : null,
  }
}

function describeIpv4(packet: Buffer): string {
  const address = (at: number): string => packet.subarray(at, at + 4).join('.')
  const length = packet.readUInt16BE(2)
  return `IPv4 ${length} bytes, ttl ${packet.readUInt8(8)}, ${address(12)} → ${address(16)}`
}

/** The beginning of the bytes, as an Erlang shell shows a binary. */
export function erlang(bytes: Buffer, most = 32): string {
  return `<<${bytes.subarray(0, most).join(',')}${bytes.length > most ? ',…' : ''}>>`
}
