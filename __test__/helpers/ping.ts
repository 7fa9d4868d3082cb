// Echo requests over raw ICMP sockets, and the process without privilege that reads them.
import { type OwnedFd, openSocket } from '../../index.js'
import type { Kit } from './script.js'

/** Whether this process has CAP_NET_RAW. */
export function mayOpenRaw(): boolean {
  try {
    openSocket('inet', 'raw', 'icmp').close()
    return true
  } catch {
    return false
  }
}

/** Whether the machine has `::1`. */
export function hasIpv6(): boolean {
  let socket: OwnedFd | undefined
  try {
    socket = openSocket('inet6', 'dgram')
    socket.bind({ address: '::1' })
    return true
  } catch {
    return false
  } finally {
    socket?.close()
  }
}

/** An echo request; of ICMPv6 the kernel makes the checksum. */
export function echoRequest(version: 'inet' | 'inet6', payload: string): Buffer {
  const packet = Buffer.concat([Buffer.alloc(8), Buffer.from(payload)])
  packet[0] = version === 'inet' ? 8 : 128
  if (version === 'inet') packet.writeUInt16BE(checksum(packet), 2)
  return packet
}

function checksum(packet: Buffer): number {
  let sum = 0
  for (let at = 0; at < packet.length; at += 2) sum += (packet[at] ?? 0) * 256 + (packet[at + 1] ?? 0)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

/** Receives raw sockets and tells the first byte of our packet from each. */
export async function readPackets({ ancillary, tell }: Kit, address: string): Promise<(number | undefined)[]> {
  let opensRawItself: unknown = 'opened'
  try {
    ancillary.openSocket('inet', 'raw', 'icmp').close()
  } catch (error) {
    opensRawItself = (error as NodeJS.ErrnoException).code
  }
  const listener = ancillary.listen(address, { maxFds: 2, mode: 0o666 })
  await tell({ listening: true, uid: process.getuid?.(), opensRawItself })
  const peer = await listener.accept()
  const sockets = (await peer.recv())?.takeFds() ?? []
  await tell(sockets.length)
  const firstBytes: (number | undefined)[] = []
  for (const socket of sockets) {
    let packet = await socket.read(1024)
    while (packet?.includes('ancillary ping') === false) packet = await socket.read(1024)
    firstBytes.push(packet?.[0])
    socket.close()
  }
  await Promise.all([peer.close(), listener.close()])
  return firstBytes
}
