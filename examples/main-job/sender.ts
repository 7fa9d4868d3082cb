/**
 * Process B: opens the sockets that A may not open, sends both in one message and closes its own copies, then makes
 * packets arrive at them. Afterwards it shows who it is, each time as A asks for it.
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { connect, type FdSource, openSocket, type UnixSocket } from '../../index.js'
import { echoRequest } from './icmp.js'
import { type Family, LOOPBACK, type Plan, PROTOCOL, payloadOf } from './plan.js'
import { Reporter } from './report.js'
import { expectWord } from './words.js'

/** A socket to pass, and what makes data arrive at it. */
interface Passed {
  name: string
  socket: FdSource & { close(): void }
  provoke(): Promise<void>
}

const report = new Reporter('B')
const plan: Plan = JSON.parse(process.argv[2] ?? '')

report.run(async () => {
  const socket = await connect(plan.path)
  await passSockets(socket)
  await expectWord(socket, 'read')
  await showCredentials(socket)
  await socket.close()
})

async function passSockets(socket: UnixSocket): Promise<void> {
  const passed = [await open(plan.families[0], 1), await open(plan.families[1], 2)]
  report.step(`opened ${passed.map(({ name }) => name).join(' and ')}; sends both with one byte, 'x'`)
  await socket.send('x', { fds: passed.map((each) => each.socket) })
  for (const each of passed) each.socket.close()
  report.step('has closed its own two')
  for (const each of passed) await each.provoke()
}

function open(family: Family, sequence: number): Passed | Promise<Passed> {
  return plan.raw ? openRaw(family, sequence) : openUdp(family)
}

function openRaw(family: Family, sequence: number): Passed {
  const socket = openSocket(family, 'raw', PROTOCOL[family])
  const name = `a raw ${family === 'inet' ? 'ICMP' : 'ICMPv6'} socket (fd ${socket.fd})`
  return { name, socket, provoke: () => ping(family, sequence) }
}

/** From a socket of its own, as ping(8) in another terminal would. */
async function ping(family: Family, sequence: number): Promise<void> {
  const socket = openSocket(family, 'raw', PROTOCOL[family])
  report.step(`pings ${LOOPBACK[family]}`)
  await socket.sendTo(echoRequest(family, process.pid & 0xffff, sequence, payloadOf(plan)), {
    address: LOOPBACK[family],
  })
  socket.close()
}

/** Any object of Node that has a descriptor can be sent: here a dgram.Socket, which knows its port. */
async function openUdp(family: Family): Promise<Passed> {
  const socket = createSocket(family === 'inet' ? 'udp4' : 'udp6')
  socket.bind(0, LOOPBACK[family])
  await once(socket, 'listening')
  const { port } = socket.address() as AddressInfo
  return { name: `a UDP socket on port ${port}`, socket, provoke: () => sendDatagram(family, port) }
}

async function sendDatagram(family: Family, port: number): Promise<void> {
  const socket = openSocket(family, 'dgram', 'udp')
  report.step(`sends a datagram to ${LOOPBACK[family]} port ${port}`)
  await socket.sendTo(payloadOf(plan), { address: LOOPBACK[family], port })
  socket.close()
}

async function showCredentials(first: UnixSocket): Promise<void> {
  const socket = await connect(plan.path)
  await socket.send('c', { credentials: true })
  report.step("connected again and sent 'c' with its credentials; nobody has accepted that connection yet")
  await first.send('sent')
  await expectWord(socket, 'more')
  report.step("sends 'd' with its credentials")
  await socket.send('d', { credentials: true })
  await expectWord(socket, 'plain')
  report.step("sends 'e'")
  await socket.send('e')
  await expectWord(socket, 'bye')
  await socket.close()
}
