/**
 * An HTTP API for programs of the same user, over a Unix socket. The path is open to everybody here, so that only
 * `requirePeer` decides: a client of our user gets its answer, a client of another user is refused before its request is
 * read. Playing another user takes root; others see the first half.
 *
 * The examples import '../index.js' because they live in the repository; your program imports 'ancillary'.
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { peerCredentials, requirePeer } from '../index.js'

const NOBODY = 65_534
const CANNOT = 3

const [role, path = '', uid] = process.argv.slice(2)
if (role === 'client') client(path, Number(uid))
else serve()

async function serve(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  chmodSync(folder, 0o755)
  const server = http.createServer((request, response) => {
    response.end(`you are uid ${peerCredentials(request.socket).uid}`)
  })
  requirePeer(server, { sameUser: true }, { onRefused: ({ reason }) => console.log(`server: refused: ${reason}`) })
  server.listen({ path: join(folder, 'api.sock'), readableAll: true, writableAll: true })
  await once(server, 'listening')
  const ours = process.geteuid?.() ?? -1
  console.log(`server: for uid ${ours} only, at a path that every user may open`)

  await runClient(join(folder, 'api.sock'), ours)
  if (ours !== 0) console.log('Run it as root to see a client of another user.')
  else if (!(await runClient(join(folder, 'api.sock'), NOBODY)))
    console.log('This process may not start a client of another user.')
  server.close()
}

/** A client in a process of its own; false when it could not become that user. */
async function runClient(path: string, uid: number): Promise<boolean> {
  const [code] = await once(fork(__filename, ['client', path, String(uid)]), 'close')
  if (code !== 0 && code !== CANNOT) process.exitCode = 1
  return code !== CANNOT
}

function client(path: string, uid: number): void {
  if (uid !== process.geteuid?.() && !become(uid)) process.exit(CANNOT)
  const request = http.get({ socketPath: path, path: '/' }, async (response) => {
    for await (const text of response.setEncoding('utf8')) console.log(`client of uid ${uid}: ${text}`)
    process.disconnect()
  })
  request.once('error', () => {
    console.log(`client of uid ${uid}: no answer`)
    process.disconnect()
  })
}

/** All that makes it another user: supplementary groups, group, user, in this order. */
function become(id: number): boolean {
  try {
    process.setgroups?.([])
    process.setgid?.(id)
    process.setuid?.(id)
    return true
  } catch {
    return false
  }
}
