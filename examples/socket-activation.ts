/**
 * An http server that is started by its first client. systemd-socket-activate plays the service manager: it listens, and starts the
 * service when somebody connects; where it is missing, a small launcher here does what it does. The service finds its socket by
 * `listenFds`, and started by hand it would listen itself.
 *
 * The examples import '../index.js' because they live in the repository; your program imports 'ancillary'.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listenFds } from '../entries/systemd.js'
import { listen } from '../index.js'

const PROGRAM = [process.execPath, __filename, 'service']

if (process.argv[2] === 'service') service()
else main()

/** One answer, and it ends: the next client would start it again. */
function service(): void {
  const passed = listenFds()
  const web = passed.find(({ name }) => name === 'web')
  console.log(`service ${process.pid}: was passed ${passed.map(({ name, fd }) => `${name} (${fd.kind}, ${fd.state})`)}`)
  const server = http.createServer((_request, response) => {
    response.setHeader('connection', 'close').end(`hello from process ${process.pid}`)
    server.close()
  })
  if (web) web.fd.toNetServer(server)
  else server.listen(8080)
}

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'web.sock')
  const isThere = !spawnSync('systemd-socket-activate', ['--version']).error
  const answering = isThere ? await startActivator(path) : startLauncher(path)
  console.log(`${isThere ? 'systemd-socket-activate' : 'our launcher'}: listens; no service runs yet`)
  const [response] = (await once(http.get({ socketPath: path, path: '/' }), 'response')) as [http.IncomingMessage]
  const answer = (await response.setEncoding('utf8').toArray()).join('')
  console.log(`client: ${answer}`)
  await once(await answering(), 'close')
}

type Answering = () => Promise<ChildProcess>

/** It becomes the service when the first client comes. On its error output it says when it listens. */
async function startActivator(path: string): Promise<Answering> {
  const child = spawn('systemd-socket-activate', ['-l', path, '--fdname=web', ...PROGRAM], {
    stdio: ['ignore', 'inherit', 'pipe'],
  })
  await once(child.stderr, 'data')
  child.stderr.resume()
  return async () => child
}

/** The same in a few lines: the socket becomes descriptor 3 of a process that knows its own number. */
function startLauncher(path: string): Answering {
  const socket = listen(path).detach()
  const started = socket.readable().then(() => {
    const shell = 'LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec "$@"'
    const child = spawn('sh', ['-c', shell, 'sh', ...PROGRAM], { stdio: ['ignore', 'inherit', 'inherit', socket.fd] })
    socket.close()
    return child
  })
  return () => started
}
