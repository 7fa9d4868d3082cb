/**
 * A service that survives its own death. It gives its listening socket and a memory file with its state to the service manager.
 * Then it is killed; clients that come now wait in the socket's backlog; the manager starts it again with both, and it goes on
 * counting where it was. The manager is played here, with the protocol of systemd (`FileDescriptorStoreMax=`).
 *
 * The examples import '../index.js' because they live in the repository; your program imports 'ancillary'.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readSync, rmSync, writeSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listenFds, notify, storeFds } from '../entries/systemd.js'
import { bind, listen, memfd, type OwnedFd, type UnixSocket } from '../index.js'

const EACH = 5
const TIMEOUT = 10_000
const COUNTER_SIZE = 4

const [role, path = ''] = process.argv.slice(2)
if (role === 'service') service()
else manager()

async function service(): Promise<void> {
  const passed = listenFds()
  const stored = (name: string): OwnedFd | undefined => passed.find((one) => one.name === name)?.fd
  const socket = stored('web') ?? (await kept('web', listen(path).detach()))
  const state = stored('state') ?? (await kept('state', memfd('state', { size: COUNTER_SIZE })))
  const found = passed.length === 0 ? 'nothing' : passed.map(({ name }) => name).join(' and ')
  console.log(`service ${process.pid}: found ${found}; ${count(state)} requests so far`)
  const server = http.createServer((_request, response) => {
    response.setHeader('connection', 'close').end(String(count(state, 1)))
  })
  socket.toNetServer(server)
  await notify({ READY: true })
  process.once('SIGTERM', () => server.close())
}

async function kept(name: string, fd: OwnedFd): Promise<OwnedFd> {
  await storeFds(name, [fd])
  return fd
}

/** The counter is in the file at any time: there is no moment at which it would have to be saved. */
function count(state: OwnedFd, more = 0): number {
  const bytes = Buffer.alloc(COUNTER_SIZE)
  readSync(state.fd, bytes, 0, COUNTER_SIZE, 0)
  const value = bytes.readUInt32LE() + more
  bytes.writeUInt32LE(value)
  if (more > 0) writeSync(state.fd, bytes, 0, COUNTER_SIZE, 0)
  return value
}

async function manager(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const address = join(folder, 'notify')
  const socket = bind(address, { passCredentials: true, maxFds: 2 })
  const store = new Map<string, OwnedFd>()
  const run = async (): Promise<ChildProcess> => {
    const child = start(store, address, join(folder, 'web.sock'))
    await untilReady(socket, child, store)
    return child
  }

  const first = await run()
  const answers = await requests(join(folder, 'web.sock'))
  first.kill('SIGKILL')
  await once(first, 'close')
  console.log(`manager: service ${first.pid} was killed; kept: ${[...store.keys()].join(', ')}`)
  const waiting = requests(join(folder, 'web.sock'))
  console.log(`client: ${EACH} requests on their way while no service runs`)
  const second = await run()
  answers.push(...(await waiting))
  const sorted = answers.sort((one, other) => one - other)
  console.log(`client: ${sorted.length} of ${2 * EACH} requests were answered: ${sorted.join(' ')}`)

  second.kill('SIGTERM')
  await once(second, 'close')
  for (const fd of store.values()) fd.close()
  await socket.close()
}

/** What is stored becomes the descriptors from 3 on of a process that knows its own number. */
function start(store: Map<string, OwnedFd>, address: string, web: string): ChildProcess {
  const { LISTEN_FDS, ...inherited } = process.env
  const passed = { LISTEN_FDS: String(store.size), LISTEN_FDNAMES: [...store.keys()].join(':') }
  const env = { ...inherited, NOTIFY_SOCKET: address, ...(store.size > 0 ? passed : {}) }
  const program = [process.execPath, __filename, 'service', web]
  const fds = [...store.values()].map(({ fd }) => fd)
  return spawn('sh', ['-c', 'LISTEN_PID=$$ exec "$@"', 'sh', ...program], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', ...fds],
  })
}

/** Keeps what this service stores, lets go of its barriers, and ends when it is ready. */
async function untilReady(socket: UnixSocket, child: ChildProcess, store: Map<string, OwnedFd>): Promise<void> {
  for await (const message of socket.messages({ timeout: TIMEOUT })) {
    const lines = message.data.toString().split('\n')
    const isOurs = message.credentials?.pid === child.pid
    const name = lines.find((line) => line.startsWith('FDNAME='))?.slice('FDNAME='.length)
    const [fd] = message.fds
    if (isOurs && lines.includes('FDSTORE=1') && name !== undefined && fd !== undefined) store.set(name, fd.dup())
    message.close()
    if (isOurs && lines.includes('READY=1')) return
  }
}

/** Several at once; each answer is a number. */
async function requests(socketPath: string): Promise<number[]> {
  const one = async (): Promise<number> => {
    const [response] = (await once(http.get({ socketPath, path: '/' }), 'response')) as [http.IncomingMessage]
    return Number((await response.setEncoding('utf8').toArray()).join(''))
  }
  return await Promise.all(Array.from({ length: EACH }, one))
}
