// Samples that are sockets: of each family and type, listening, connected and not.
import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect, listen, OwnedFd, openSocket, pair } from '../../index.js'
import { acceptSync, hasListen, listenSync } from './fs-numbers.js'
import type { Open, Sample } from './samples.js'

const AF_VSOCK = 40
const LOOPBACK = { inet: '127.0.0.1', inet6: '::1' } as const

type Family = keyof typeof LOOPBACK

function unixPair(type: 'stream' | 'seqpacket' | 'dgram'): Sample {
  const [near, far] = pair(type)
  return { fd: near.detach(), far: far.detach() }
}

/** With an abstract name: there is no file to remove. */
function unixListening(type: 'stream' | 'seqpacket'): Sample {
  const listener = listen('\0', { type })
  const { address } = listener
  const dial = async (): Promise<OwnedFd> => (await connect(address, { type })).detach()
  return { fd: listener.detach(), dial }
}

function listeningByNumber(family: Family): OwnedFd {
  const fd = openSocket(family, 'stream')
  fd.bind({ address: LOOPBACK[family] })
  listenSync(fd.fd)
  return fd
}

async function tcpListening(family: Family): Promise<Sample> {
  if (hasListen) {
    const fd = listeningByNumber(family)
    const { port } = fd.localAddress as { port: number }
    return { fd, dial: () => dial(family, port) }
  }
  const server = createServer().listen(0, LOOPBACK[family])
  await once(server, 'listening')
  const fd = OwnedFd.dup(server)
  const { port } = fd.localAddress as { port: number }
  server.close()
  await once(server, 'close')
  return { fd, dial: () => dial(family, port) }
}

async function dial(family: Family, port: number): Promise<OwnedFd> {
  const fd = openSocket(family, 'stream')
  fd.connect({ address: LOOPBACK[family], port })
  await fd.writable()
  return fd
}

async function connectedByNumber(family: Family): Promise<Sample> {
  const listening = listeningByNumber(family)
  const far = await dial(family, (listening.localAddress as { port: number }).port)
  await listening.readable()
  const fd = OwnedFd.adopt(acceptSync(listening.fd))
  listening.close()
  return { fd, far }
}

async function tcpConnected(family: Family): Promise<Sample> {
  if (hasListen) return await connectedByNumber(family)
  const server = createServer({ pauseOnConnect: true }).listen(0, LOOPBACK[family])
  await once(server, 'listening')
  const accepted = once(server, 'connection')
  const far = await dial(family, (server.address() as { port: number }).port)
  const [socket] = await accepted
  const fd = OwnedFd.dup(socket)
  socket.destroy()
  await new Promise((resolve) => server.close(resolve))
  return { fd, far }
}

function udp(family: Family): OwnedFd {
  const fd = openSocket(family, 'dgram')
  try {
    fd.bind({ address: LOOPBACK[family] })
    return fd
  } catch (error) {
    fd.close()
    throw error
  }
}

function udpConnected(): Sample {
  const [fd, far] = [udp('inet'), udp('inet')]
  fd.connect(far.localAddress as { address: string; port: number })
  return { fd, far }
}

function vsock(): Sample {
  return { fd: openSocket(AF_VSOCK, 'stream') }
}

export function socketSamples(): Record<string, Open> {
  return {
    'unix-stream, connected': () => unixPair('stream'),
    'unix-stream, listening': () => unixListening('stream'),
    'unix-stream, unconnected': () => ({ fd: openSocket('unix', 'stream') }),
    'unix-seqpacket, connected': () => unixPair('seqpacket'),
    'unix-seqpacket, listening': () => unixListening('seqpacket'),
    'unix-seqpacket, unconnected': () => ({ fd: openSocket('unix', 'seqpacket') }),
    'unix-dgram, connected': () => unixPair('dgram'),
    'unix-dgram, unconnected': () => ({ fd: openSocket('unix', 'dgram') }),
    'tcp4, connected': () => tcpConnected('inet'),
    'tcp4, listening': () => tcpListening('inet'),
    'tcp4, unconnected': () => ({ fd: openSocket('inet', 'stream') }),
    'tcp6, connected': () => tcpConnected('inet6'),
    'tcp6, listening': () => tcpListening('inet6'),
    'tcp6, unconnected': () => ({ fd: openSocket('inet6', 'stream') }),
    'udp4, bound': () => ({ fd: udp('inet'), far: udp('inet') }),
    'udp4, unbound': () => ({ fd: openSocket('inet', 'dgram'), far: udp('inet') }),
    'udp4, connected': udpConnected,
    'udp6, bound': () => ({ fd: udp('inet6'), far: udp('inet6') }),
    'raw socket': () => ({ fd: openSocket('inet', 'raw', 'icmp') }),
    'ping socket': () => ({ fd: openSocket('inet', 'dgram', 'icmp') }),
    netlink: () => ({ fd: openSocket('netlink', 'raw') }),
    packet: () => ({ fd: openSocket('packet', 'raw') }),
    vsock,
  }
}
