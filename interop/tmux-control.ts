// The client of the case `tmux-control`: it speaks to a tmux server as `tmux -C attach` does. It passes its input and its output as
// descriptors, and the server reads commands from the one and writes to the other by itself; here only the end is waited for.
import { connect, OwnedFd, type UnixSocket } from '../index.js'
import { environment, number } from './environment.js'
import { becomeUser } from './user.js'

const PROTOCOL = 8
const HEAD = 16
const HAS_FD = 1
const CONTROL = 0x2000
const IDENTIFY = { term: 101, ttyName: 102, stdin: 104, done: 106, pid: 107, cwd: 108, stdout: 110, longFlags: 111 }
const COMMAND = 200
const [DETACH, EXIT, EXITED, EXITING] = [201, 203, 204, 205]

interface Told {
  type: number
  body: Buffer
}

if (process.env.AS_UID !== undefined) becomeUser(number('AS_UID'))
attach().then((seen) => console.log(JSON.stringify(seen)))

async function attach(): Promise<object> {
  const server = await connect(environment('SOCK'))
  await identify(server)
  await tell(server, COMMAND, Buffer.concat([i32(3), text('attach-session'), text('-t'), text('main')]))
  let exit: string | undefined
  for await (const { type, body } of messages(server)) {
    // A status, and a reason if there is one.
    if (type === EXIT) exit = body.toString('latin1', 4).replace(/\0.*/, '')
    if (type === EXIT || type === DETACH) await tell(server, EXITING, Buffer.alloc(0))
    if (type === EXITED) break
  }
  await server.close()
  return { pid: process.pid, exit }
}

async function identify(server: UnixSocket<'stream'>): Promise<void> {
  const flags = Buffer.alloc(8)
  flags.writeBigUInt64LE(BigInt(CONTROL))
  await tell(server, IDENTIFY.longFlags, flags)
  await tell(server, IDENTIFY.term, text('dumb'))
  await tell(server, IDENTIFY.ttyName, text(''))
  await tell(server, IDENTIFY.cwd, text('/'))
  await tell(server, IDENTIFY.stdin, Buffer.alloc(0), OwnedFd.adopt(number('IN_FD')))
  await tell(server, IDENTIFY.stdout, Buffer.alloc(0), OwnedFd.adopt(number('OUT_FD')))
  await tell(server, IDENTIFY.pid, i32(process.pid))
  await tell(server, IDENTIFY.done, Buffer.alloc(0))
}

/** One message; tmux takes one descriptor with each. */
async function tell(server: UnixSocket<'stream'>, type: number, body: Buffer, fd?: OwnedFd): Promise<void> {
  const head = Buffer.alloc(HEAD)
  head.writeUInt32LE(type, 0)
  head.writeUInt16LE(HEAD + body.length, 4)
  head.writeUInt16LE(fd === undefined ? 0 : HAS_FD, 6)
  head.writeUInt32LE(PROTOCOL, 8)
  head.writeUInt32LE(process.pid, 12)
  await server.send([head, body], fd === undefined ? {} : { fds: [fd] })
  fd?.close()
}

async function* messages(server: UnixSocket<'stream'>): AsyncGenerator<Told> {
  let bytes = Buffer.alloc(0)
  for await (const { data } of server) {
    bytes = Buffer.concat([bytes, data])
    while (bytes.length >= HEAD && bytes.length >= bytes.readUInt16LE(4)) {
      const end = bytes.readUInt16LE(4)
      yield { type: bytes.readUInt32LE(0), body: bytes.subarray(HEAD, end) }
      bytes = bytes.subarray(end)
    }
  }
}

function i32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32LE(value)
  return bytes
}

function text(value: string): Buffer {
  return Buffer.from(`${value}\0`)
}
