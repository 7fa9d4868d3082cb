/**
 * A daemon that lends something to a client process, and takes it back when that process ends. The end of the
 * connection would not tell: here the client leaves a child behind that holds the same socket. The daemon watches the
 * process itself, by the handle that the kernel gives for the peer of a connection. It needs Linux 6.5.
 *
 * The examples import '../index.js' because they live in the repository; your program imports 'ancillary'.
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { capabilities, connect, listen, peerProcess, type UnixSocket } from '../index.js'

const TIMEOUT = 10_000
const leases = new Map<number, string>()

const [role, path = ''] = process.argv.slice(2)
if (role === 'client') client(path)
else if (capabilities().peerProcess.available) daemon()
else console.log(`Not on this system: ${capabilities().peerProcess.reason}`)

async function daemon(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const listener = listen(join(folder, 'lease.sock'), { authorize: { sameUser: true }, passCredentials: true })
  const program = fork(__filename, ['client', join(folder, 'lease.sock')])
  const over = once(program, 'close')
  const socket = await listener.accept({ timeout: TIMEOUT })
  await lend(socket)
  await askWhoIsLeft(socket)
  await socket.close() // ends the child, which reads until then
  await listener.close()
  await over
}

/** Until the client ends, whatever becomes of its connection. */
async function lend(socket: UnixSocket): Promise<void> {
  const client = peerProcess(socket)
  if (client === null) throw new Error('The kernel gives no handle')
  try {
    leases.set(client.pid, 'port 4000')
    await socket.send('port 4000')
    console.log(`daemon: lent port 4000 to process ${client.pid}`)
    await client.exited({ timeout: TIMEOUT })
    leases.delete(client.pid)
    console.log(`daemon: process ${client.pid} has ended, port 4000 is free again; leases: ${leases.size}`)
  } finally {
    client.close()
  }
}

async function askWhoIsLeft(socket: UnixSocket): Promise<void> {
  await socket.send('anybody?')
  const answer = await socket.recv({ timeout: TIMEOUT })
  console.log(`daemon: but its connection is open: process ${answer?.credentials?.pid} answers '${answer?.data}'`)
  console.log(`daemon: sent by the process that connected: ${answer?.credentials?.sentByPeer}`)
}

/** Takes its lease, gives its socket to a child that outlives it, and ends. The child, cat, sends back what it reads. */
async function client(path: string): Promise<void> {
  const socket = await connect(path)
  const lease = await socket.recv({ timeout: TIMEOUT })
  const child = spawn('cat', { stdio: [socket.fd, socket.fd, 'ignore'], detached: true })
  await once(child, 'spawn')
  child.unref()
  console.log(`client: process ${process.pid} has ${lease?.data} and ends; its child ${child.pid} keeps the socket`)
  await socket.close()
  process.disconnect()
}
