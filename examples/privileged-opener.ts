/**
 * A small privileged program that opens raw sockets for programs which may not, and does nothing else. It admits one user only;
 * that user's program receives a socket and pings with it. Raw sockets take CAP_NET_RAW (root); without, the opener refuses in words.
 *
 * The examples import '../index.js' because they live in the repository; your program imports 'ancillary'.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, listen, type OwnedFd, openSocket, pair, type UnixSocket } from '../index.js'
import { echoRequest, parseEcho } from './main-job/icmp.js'

const NOBODY = 65_534
const TIMEOUT = 10_000
/** What may be asked for. */
const SOCKETS: Readonly<Record<string, () => OwnedFd>> = {
  icmp: () => openSocket('inet', 'raw', 'icmp'),
  icmp6: () => openSocket('inet6', 'raw', 'icmp6'),
}

const isRoot = process.getuid?.() === 0
const [role, path = ''] = process.argv.slice(2)
if (role === 'client') client(path)
else opener()

async function opener(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  const user = isRoot ? NOBODY : (process.getuid?.() ?? -1)
  const listener = listen(join(folder, 'opener.sock'), { mode: 0o666, authorize: { uid: user } })
  console.log(`opener: opens sockets for uid ${user}`)
  const program = fork(__filename, ['client', join(folder, 'opener.sock')])
  const over = once(program, 'close')
  const socket = await listener.accept({ timeout: TIMEOUT })
  await serve(socket)
  await socket.close()
  await listener.close()
  const [code] = await over
  process.exitCode = code
}

async function serve(socket: UnixSocket): Promise<void> {
  for await (const { data } of socket) {
    const open = Object.hasOwn(SOCKETS, String(data)) ? SOCKETS[String(data)] : undefined
    try {
      if (open === undefined) throw new Error('there is no such socket')
      const opened = open()
      await socket.send('here it is', { fds: [opened] })
      opened.close()
      console.log(`opener: gave a socket for ${data}`)
    } catch (error) {
      await socket.send(`no: ${(error as Error).message}`)
    }
  }
}

async function client(path: string): Promise<void> {
  // Loaded while it can be read: the checkout may be closed to others.
  for (const socket of pair()) await socket.close()
  become(NOBODY)
  console.log(`client: is uid ${process.getuid?.()}`)
  const opener = await connect(path, { timeout: TIMEOUT, maxFds: 1 })
  for (const word of ['shell', 'icmp']) {
    await opener.send(word)
    const answer = await opener.recv({ timeout: TIMEOUT })
    if (answer === null) throw new Error('The opener has gone')
    const [given] = answer.takeFds()
    console.log(`client: asked for ${word}: ${answer.data}`)
    if (given !== undefined) await ping(given)
  }
  await opener.close()
  process.disconnect()
}

function become(user: number): void {
  if (!isRoot) return
  process.setgroups?.([])
  process.setgid?.(user)
  process.setuid?.(user)
}

/** A raw socket sees every packet of its protocol: look for the reply to our own. */
async function ping(icmp: OwnedFd): Promise<void> {
  const payload = Buffer.from(`ancillary ${process.pid}`)
  await icmp.sendTo(echoRequest('inet', process.pid & 0xffff, 1, payload), { address: '127.0.0.1' })
  for (;;) {
    const packet = await icmp.read(1024, { timeout: TIMEOUT })
    const echo = packet && parseEcho('inet', packet)
    if (echo?.kind !== 'reply' || !echo.payload.equals(payload)) continue
    console.log(`client: ${echo.header}: a reply`)
    icmp.close()
    return
  }
}
