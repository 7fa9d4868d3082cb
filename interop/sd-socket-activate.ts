// The client of the case `sd-socket-activate`, in the role of a service: systemd-socket-activate starts it with listening
// sockets, or as inetd does with a connection as descriptor 0. It tells what it found, serves one client, and passes a
// file back with its answer.
import { openSync, writeFileSync } from 'node:fs'
import { inetd, listenFds, type PassedFd } from '../entries/systemd.js'
import { type Message, OwnedFd, peerCredentials, type UnixSocket } from '../index.js'
import { environment } from './environment.js'

const SOL_SOCKET = 1
const SO_TYPE = 3
const SO_DOMAIN = 39

const kind = environment('KIND')

serve().catch((error) => {
  console.error(error)
  process.exit(1)
})

async function serve(): Promise<void> {
  const file = nonceFile()
  if (kind === 'inetd') return await serveConnection(file)
  const seen = { listen_pid_ok: process.env.LISTEN_PID === String(process.pid) }
  const passed = listenFds()
  const facts = { ...seen, names: Object.fromEntries(passed.map(({ name, fd }) => [name, socketFacts(fd)])) }
  const two = take(passed, 'two')
  for (const { fd } of passed) if (fd !== two) fd.close()
  await (kind === 'dgram' ? serveDatagrams(two, facts, file) : serveListener(two, facts, file))
}

/** A file that holds the secret word of the case. */
function nonceFile(): OwnedFd {
  const path = `${environment('DIR')}/f-${kind}`
  writeFileSync(path, environment('NONCE'))
  return OwnedFd.adopt(openSync(path, 'r+'))
}

function take(passed: PassedFd[], name: string): OwnedFd {
  const found = passed.find((one) => one.name === name)
  if (found === undefined) throw new Error(`No descriptor has the name ${name}`)
  return found.fd
}

function socketFacts(fd: OwnedFd): number[] {
  return [SO_DOMAIN, SO_TYPE].map((option) => fd.getOption(SOL_SOCKET, option).readInt32LE())
}

async function serveConnection(file: OwnedFd): Promise<void> {
  const fd = inetd()
  if (fd === null) throw new Error('Descriptor 0 is not a socket')
  const socket = fd.toUnixSocket()
  const message = await received(socket)
  await answer(socket, { echo: text(message), peer: peerOf(socket) }, file)
  await socket.close()
}

async function serveListener(fd: OwnedFd, facts: object, file: OwnedFd): Promise<void> {
  const listener = fd.toUnixListener()
  const socket = await listener.accept()
  const message = await received(socket)
  await answer(socket, { ...facts, echo: text(message), peer: peerOf(socket) }, file)
  await Promise.all([socket.close(), listener.close()])
}

/** What was queued before we ask for credentials has none, or none that say anything: it asks for another. */
async function serveDatagrams(fd: OwnedFd, facts: object, file: OwnedFd): Promise<void> {
  const socket = fd.toUnixSocket({ passCredentials: true }) as UnixSocket<'dgram'>
  const first = await received(socket)
  if (first.from === null) throw new Error('The datagram has no sender')
  await socket.send('again', { to: first.from })
  const second = await received(socket)
  const seen = { ...facts, echo: text(first), early: credentialsOf(first), peer: credentialsOf(second)[0] }
  await socket.send(JSON.stringify(seen), { to: first.from, fds: [file] })
  file.close()
  await socket.close()
}

async function received(socket: UnixSocket): Promise<Message> {
  const message = await socket.recv()
  if (message === null) throw new Error('The client has gone')
  return message
}

async function answer(socket: UnixSocket, facts: object, file: OwnedFd): Promise<void> {
  await socket.send(JSON.stringify(facts), { fds: [file] })
  file.close()
}

function text({ data }: Message): string {
  return data.toString().trim()
}

function peerOf(socket: UnixSocket): unknown[] {
  const { pid, uid, gid } = peerCredentials(socket)
  return [pid, uid, gid]
}

function credentialsOf({ credentials }: Message): unknown[][] {
  return credentials === null ? [] : [[credentials.pid, credentials.uid, credentials.gid]]
}
