/**
 * Process A: listens, gives up its privileges, and then receives two sockets that it could not have opened itself. It
 * reads from them, and afterwards asks the kernel, in two ways, who it is that sent them.
 */
import { existsSync } from 'node:fs'
import {
  hasCode,
  listen,
  type OwnedFd,
  openSocket,
  peerCredentials,
  type UnixListener,
  type UnixSocket,
} from '../../index.js'
import { type Echo, erlang, parseEcho } from './icmp.js'
import { type Family, LOOPBACK, type Plan, payloadOf } from './plan.js'
import { heading, Reporter } from './report.js'
import { expectWord } from './words.js'

const PATIENCE = 3_000

const report = new Reporter('A')
const plan: Plan = JSON.parse(process.argv[2] ?? '')

report.run(async () => {
  heading('Descriptors')
  const listener = listen(plan.path, { maxFds: 2 })
  report.step(`listens on ${plan.path}`)
  if (plan.user !== null) becomeUser(plan.user)
  report.tell({ listening: true })
  const peer = await listener.accept()
  await useSockets(peer)
  heading('Credentials')
  await peer.send('read')
  await expectWord(peer, 'sent')
  await askWhoItIs(await listener.accept())
  await end(listener, peer)
})

function becomeUser(user: number): void {
  process.setgroups?.([])
  process.setgid?.(user)
  process.setuid?.(user)
  const groups = process.getgroups?.()
  const refusal = whyNoRawSocket()
  report.step(`is nobody now, in no group; if it opens a raw socket itself: ${refusal}`)
  const powerless = process.geteuid?.() === user && groups?.join() === String(user) && refusal === 'EPERM'
  report.check('A has no privileges when it receives: it may not open a raw socket itself', powerless, refusal)
}

function whyNoRawSocket(): string {
  try {
    openSocket('inet', 'raw', 'icmp').close()
    return 'it may'
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error)
  }
}

async function useSockets(peer: UnixSocket): Promise<void> {
  const message = await peer.recv({ timeout: PATIENCE })
  if (message === null) throw new Error('B has gone')
  const sockets = message.takeFds(2)
  const kinds = sockets.map(({ kind }) => kind).join(' and ')
  report.step(
    `received '${message.data}' and with it ${sockets.map(({ fd, kind }) => `fd ${fd} (${kind})`).join(' and ')}`,
  )
  const expected = plan.raw ? 'raw and raw' : 'udp and udp'
  report.check('one message of one byte brought two sockets', message.data.length === 1 && kinds === expected, kinds)
  for (const [index, socket] of sockets.entries()) {
    const family = plan.families[index as 0 | 1]
    await (plan.raw ? readPing(socket, family, index + 1) : readDatagram(socket, family))
    socket.close()
  }
}

/** A raw socket sees every packet of its protocol, those of others too: look for our own request and its reply. */
async function readPing(socket: OwnedFd, family: Family, sequence: number): Promise<void> {
  const seen = new Set<string>()
  try {
    while (seen.size < 2) {
      const packet = await socket.read(1024, { timeout: PATIENCE })
      const echo = packet && parseEcho(family, packet)
      if (!packet || !echo?.payload.equals(payloadOf(plan)) || echo.sequence !== sequence) continue
      seen.add(echo.kind)
      showPacket(socket, packet, echo)
    }
  } catch (error) {
    if (!hasCode(error, 'ETIMEDOUT')) throw error
  }
  const name = family === 'inet' ? 'ICMP' : 'ICMPv6'
  report.check(`A read the ${name} echo request, with the payload that B sent`, seen.has('request'))
  report.check(`A read the kernel's ${name} echo reply`, seen.has('reply'))
}

function showPacket(socket: OwnedFd, packet: Buffer, { kind, id, sequence, payload, header }: Echo): void {
  const name = header === null ? 'ICMPv6' : 'ICMP'
  report.step(
    `read ${packet.length} bytes from fd ${socket.fd}`,
    erlang(packet),
    header ?? 'no IP header: an ICMPv6 socket gives none',
    `${name} echo ${kind}, id ${id}, seq ${sequence}, ${payload.length} bytes: ${excerpt(payload)}`,
  )
}

function excerpt(payload: Buffer): string {
  return `${payload.toString('latin1', 0, 22)}…`
}

async function readDatagram(socket: OwnedFd, family: Family): Promise<void> {
  const { data, from } = await socket.recvFrom(1024, { timeout: PATIENCE })
  const origin = `from ${from?.address} port ${from?.port}`
  report.step(`read ${data.length} bytes ${origin} at fd ${socket.fd}`, erlang(data), excerpt(data))
  report.check(`A read the datagram that B sent to ${LOOPBACK[family]}`, data.equals(payloadOf(plan)))
}

async function askWhoItIs(peer: UnixSocket): Promise<void> {
  report.step(`accepted it; when it was connected the kernel noted ${ids(peerCredentials(peer))}`)
  await receiveWithCredentials(peer, 'sent before accept')
  await peer.send('more')
  // 'd' arrives while the option is closed.
  await peer.readable({ timeout: PATIENCE })
  await receiveWithCredentials(peer, 'sent after accept')
  await peer.send('plain')
  const message = await peer.recv({ timeout: PATIENCE })
  report.step(`received '${message?.data}', the option closed; its credentials: ${message?.credentials ?? 'none'}`)
  report.check('with passCredentials off again a message has no credentials', message?.credentials === null)
  await peer.send('bye')
  await peer.close()
}

/** Opens the option late, when the message is already there, and closes it again. */
async function receiveWithCredentials(peer: UnixSocket, when: string): Promise<void> {
  peer.passCredentials = true
  const message = await peer.recv({ timeout: PATIENCE })
  peer.passCredentials = false
  const told = message?.credentials
  if (!told) throw new Error(`the message ${when} has no credentials`)
  report.step(`opened passCredentials, received '${message.data}' from ${ids(told)}; closed it`)
  const same = ids(told) === ids(peerCredentials(peer))
  report.check(`credentials ${when}, the option opened late, are what peerCredentials() says`, same)
  report.tell({ said: { word: String(message.data), pid: told.pid, uid: told.uid, gid: told.gid } })
}

function ids({ pid, uid, gid }: { pid: number | null; uid: number | null; gid: number | null }): string {
  return `pid ${pid}, uid ${uid}, gid ${gid}`
}

async function end(listener: UnixListener, peer: UnixSocket): Promise<void> {
  // In a private TMPDIR nobody may not even look; the parent does.
  const visible = existsSync(plan.path)
  await peer.close()
  await listener.close()
  const gone = !existsSync(plan.path)
  report.step(`closed the listener; the path is ${gone ? 'gone' : 'still there'}`)
  if (visible) report.check('listener.close() removed the path', gone)
}
