// `ancillary demo`: two processes and everything that a Unix socket carries between them, in a temporary folder, in one second.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, inspect, listen, memfd, peerCredentials, type UnixListener, type UnixSocket } from '../index.js'
import { userText } from './names.js'
import { Progress, paint } from './terminal.js'
import { type Command, EXIT, type Parsed } from './usage.js'

const WAIT = { timeout: 30_000 }
const PAGE = 'written in the helper, read here, in no file system\n'

export const command: Command = {
  summary: 'shows what it is about, with two processes',
  takes: [0, 0],
  options: { helper: { type: 'string' } },
  help: `
Usage: ancillary demo

Starts a second process and shows what a Unix socket carries: bytes, an open file that has no name, the identity of the
one who connected and of the one who wrote. It uses a temporary folder, and leaves nothing behind.

Options:

Exit codes: 0 everything came as it should, 1 it did not.
`,
  run: demo,
}

async function demo({ values }: Parsed): Promise<number> {
  if (typeof values.helper === 'string') return await help(values.helper)
  const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
  const listener = listen(join(folder, 'demo.sock'), {
    type: 'seqpacket',
    maxFds: 1,
    passCredentials: true,
    mode: 0o600,
  })
  try {
    return await show(listener)
  } finally {
    await listener.close()
    rmSync(folder, { recursive: true })
  }
}

/** The second process: sends a page that only it has. */
async function help(path: string): Promise<number> {
  const socket = await connect(path, { type: 'seqpacket', ...WAIT })
  const page = memfd('page', { data: PAGE, seals: ['shrink', 'grow', 'write', 'seal'] })
  await socket.send('here is a page', { fds: [page], credentials: true, ...WAIT })
  page.close()
  await socket.recv(WAIT)
  await socket.close()
  return EXIT.done
}

function say(mark: string, text: string): void {
  process.stdout.write(`${paint(process.stdout, 'bold', mark.padEnd(12))}${text}\n`)
}

async function show(listener: UnixListener<'seqpacket'>): Promise<number> {
  say('socket', `${listener.address}, seqpacket, mode 600`)
  const progress = new Progress('starting a second process')
  const helper = spawn(process.execPath, [join(__dirname, 'main.js'), 'demo', '--helper', String(listener.address)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const ended = once(helper, 'close')
  const socket = await listener.accept(WAIT).finally(() => progress.end())
  const good = await look(socket, helper.pid)
  await socket.send('thank you')
  await socket.close()
  const [code] = await ended
  const all = good && code === 0
  say('done', all ? paint(process.stdout, 'green', 'everything came as it should') : 'something is wrong')
  return all ? EXIT.done : EXIT.failed
}

async function look(socket: UnixSocket, helper: number | undefined): Promise<boolean> {
  const who = peerCredentials(socket)
  say('connected', `process ${who.pid}, user ${userText(who.uid)}: the kernel says so`)
  await socket.readable(WAIT)
  const { incomingBytes, incomingFds } = inspect(socket)
  say('waiting', `${incomingBytes} bytes and ${incomingFds} descriptor`)
  const message = await socket.recv(WAIT)
  if (message === null) return false
  const [page] = message.takeFds(1)
  say('message', `“${message.data}”, sent by process ${message.credentials?.pid}`)
  say('descriptor', `${page.kind}, sealed against ${page.seals?.join(', ')}`)
  const text = String(await page.read(1024))
  page.close()
  say('it says', text.trimEnd())
  return who.pid === helper && message.credentials?.pid === helper && text === PAGE
}
