// The client of the case `ssh-mux`: it speaks to the master process of OpenSSH (ControlMaster), as a second `ssh` to the same host does.
// It asks for a session and passes three descriptors, which become standard input, output and error of the command on the other side.
import { connect, OwnedFd, type UnixSocket } from '../index.js'
import { environment, number } from './environment.js'

const VERSION = 4
const HELLO = 0x1
const NEW_SESSION = 0x10000002
const ALIVE_CHECK = 0x10000004
const EXIT_MESSAGE = 0x80000004
const ALIVE = 0x80000005
const SESSION_OPENED = 0x80000006
/** None. */
const ESCAPE_CHARACTER = 0xffffffff

interface Packet {
  type: number
  numbers: number[]
}

runCommand().then((seen) => console.log(JSON.stringify(seen)))

async function runCommand(): Promise<object> {
  const master = await connect(environment('SOCK'))
  const incoming = packets(master)
  await send(master, HELLO, u32(VERSION))
  const version = await next(incoming, HELLO)
  await send(master, ALIVE_CHECK, u32(1))
  const alive = await next(incoming, ALIVE)
  const isTty = u32(0)
  const flags = [isTty, u32(0), u32(0), u32(0), u32(ESCAPE_CHARACTER)]
  await send(master, NEW_SESSION, u32(2), text(''), ...flags, text('dumb'), text(environment('COMMAND')))
  for (const name of ['IN_FD', 'OUT_FD', 'ERR_FD']) await pass(master, OwnedFd.adopt(number(name)))
  const opened = await next(incoming, SESSION_OPENED)
  const exit = await next(incoming, EXIT_MESSAGE)
  await master.close()
  return { version: version.numbers[0], master: alive.numbers[1], opened: opened.numbers[0], exit: exit.numbers[1] }
}

/** One descriptor with one byte. */
async function pass(master: UnixSocket<'stream'>, fd: OwnedFd): Promise<void> {
  await master.send('\0', { fds: [fd] })
  fd.close()
}

async function send(master: UnixSocket<'stream'>, type: number, ...parts: Buffer[]): Promise<void> {
  const body = Buffer.concat([u32(type), ...parts])
  await master.send(Buffer.concat([u32(body.length), body]))
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  return Buffer.concat([u32(Buffer.byteLength(value)), Buffer.from(value)])
}

async function next(incoming: AsyncGenerator<Packet>, type: number): Promise<Packet> {
  const { value, done } = await incoming.next()
  if (done || value.type !== type)
    throw new Error(`The master says ${value?.type.toString(16)}, not ${type.toString(16)}`)
  return value
}

/** Packets whose fields are numbers, as all that are expected. */
async function* packets(master: UnixSocket<'stream'>): AsyncGenerator<Packet> {
  let bytes = Buffer.alloc(0)
  for await (const { data } of master) {
    bytes = Buffer.concat([bytes, data])
    while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
      const end = 4 + bytes.readUInt32BE(0)
      const [type = 0, ...numbers] = Array.from({ length: Math.floor(end / 4) - 1 }, (_, index) =>
        bytes.readUInt32BE(4 + index * 4),
      )
      yield { type, numbers }
      bytes = bytes.subarray(end)
    }
  }
}
