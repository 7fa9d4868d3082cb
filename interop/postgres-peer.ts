// The client of the case `postgres-peer`: it logs in to a PostgreSQL server that asks the kernel who has connected, and
// then asks the server who that is. It connects after it has become another user, or receives a socket that another
// process has connected. Whose the server is, it asks the kernel itself.
import { readFileSync } from 'node:fs'
import { connect, peerCredentials, UnixSocket } from '../index.js'
import { environment, number } from './environment.js'
import { becomeUser } from './user.js'

/** The user that runs the server. */
const OWNER = 'postgres'
/** Version 3.0. */
const PROTOCOL = 0x30000

interface Reply {
  type: string
  body: Buffer
}

becomeUser(number('AS_UID'))
logIn().then((seen) => console.log(JSON.stringify(seen)))

async function logIn(): Promise<object> {
  const socket = await (process.env.FD === undefined ? connect(environment('SOCK')) : receiveSocket(number('FD')))
  assertServer(socket)
  await socket.send(startup(environment('USER_')))
  const seen = await talk(socket)
  await socket.close()
  return seen
}

/** Receives a socket that another process has connected to the server. */
async function receiveSocket(fd: number): Promise<UnixSocket<'stream'>> {
  const giver = UnixSocket.adopt(fd, { maxFds: 1 })
  const message = await giver.recv({ maxBytes: 1 })
  if (message === null) throw new Error('Nobody passed a socket')
  const socket = UnixSocket.adopt(message.takeFds(1)[0])
  await giver.close()
  if (!socket.is('stream')) throw new Error(`A socket of type ${socket.type} was passed`)
  return socket
}

/** A client sees who called listen(2), whoever connected the socket. */
function assertServer(socket: UnixSocket): void {
  const { uid } = peerCredentials(socket)
  const owner = uidOf(OWNER)
  if (uid !== owner) throw new Error(`The server is of user ${uid}, not of ${OWNER}, who is ${owner}`)
}

function uidOf(name: string): number {
  const users = readFileSync('/etc/passwd', 'utf8').split('\n')
  const uid = users.find((user) => user.startsWith(`${name}:`))?.split(':')[2]
  if (uid === undefined) throw new Error(`There is no user ${name}`)
  return Number(uid)
}

function startup(user: string): Buffer {
  return sized(Buffer.concat([uint32(PROTOCOL), Buffer.from(`user\0${user}\0database\0postgres\0\0`)]))
}

function query(text: string): Buffer {
  return Buffer.concat([Buffer.from('Q'), sized(Buffer.from(`${text}\0`))])
}

/** The length counts itself. */
function sized(body: Buffer): Buffer {
  return Buffer.concat([uint32(body.length + 4), body])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** Asks once when the server is ready (`Z`); when it is ready again, it has answered. */
async function talk(socket: UnixSocket<'stream'>): Promise<object> {
  const seen: { auth?: number; who?: string } = {}
  let asked = false
  for await (const { type, body } of replies(socket)) {
    if (type === 'E') return refusal(body)
    if (type === 'R') seen.auth = body.readUInt32BE(0)
    // Behind the number of columns and the length of the only one.
    if (type === 'D') seen.who = body.toString('utf8', 6)
    if (type !== 'Z') continue
    if (asked) return seen
    asked = true
    await socket.send(query('select current_user'))
  }
  throw new Error('The server closed the connection')
}

async function* replies(socket: UnixSocket<'stream'>): AsyncGenerator<Reply> {
  let bytes = Buffer.alloc(0)
  for await (const { data } of socket) {
    bytes = Buffer.concat([bytes, data])
    while (bytes.length >= 5 && bytes.length > bytes.readUInt32BE(1)) {
      const end = 1 + bytes.readUInt32BE(1)
      yield { type: bytes.toString('latin1', 0, 1), body: bytes.subarray(5, end) }
      bytes = bytes.subarray(end)
    }
  }
}

/** The fields of an error: each is a letter and its text. */
function refusal(body: Buffer): object {
  const fields = body.toString().split('\0')
  const field = (letter: string): string | undefined => fields.find((text) => text.startsWith(letter))?.slice(1)
  return { error: field('C'), msg: field('M') }
}
