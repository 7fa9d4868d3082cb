/**
 * A connection to an X server, as much of it as a picture needs: it logs in with the cookie of the user, sends requests, with a
 * descriptor if there is one, and gives replies with theirs. An error of the server is thrown by the next reply.
 */
import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { type Address, connect, type FdSource, type OwnedFd, type UnixSocket } from '../../index.js'

const COOKIE = 'MIT-MAGIC-COOKIE-1'
const ERROR = 0
const REPLY = 1
/** Every event, every error and the head of every reply is so long. */
const HEAD = 32

export interface Screen {
  root: number
  visual: number
  depth: number
}

export interface Reply {
  bytes: Buffer
  fds: OwnedFd[]
}

export class Display {
  readonly #socket: UnixSocket<'stream'>
  #bytes: Buffer = Buffer.alloc(0)
  readonly #fds: OwnedFd[] = []
  #nextId = 0
  screen: Screen = { root: 0, visual: 0, depth: 0 }

  private constructor(socket: UnixSocket<'stream'>) {
    this.#socket = socket
  }

  /** @param name As in DISPLAY, `:0`, or the path of a socket. */
  static async open(name: string): Promise<Display> {
    const display = new Display(await connect(addressOf(name), { maxFds: 1 }))
    await display.#logIn()
    return display
  }

  async #logIn(): Promise<void> {
    const cookie = ourCookie()
    const name = Buffer.from(cookie === undefined ? '' : COOKIE)
    const data = cookie ?? Buffer.alloc(0)
    const head = Buffer.from([0x6c, 0, ...u16(11), ...u16(0), ...u16(name.length), ...u16(data.length), 0, 0])
    await this.#socket.send(Buffer.concat([head, padded(name), padded(data)]))
    const answer = await this.#take(8)
    const setup = await this.#take(answer.readUInt16LE(6) * 4)
    if (answer[0] !== 1) throw new Error(`The X server refuses us: ${setup.toString('latin1', 0, answer[1])}`)
    this.#nextId = setup.readUInt32LE(4)
    this.screen = screenOf(setup)
  }

  /** A number for a window, or for anything else that we make. */
  newId(): number {
    return this.#nextId++
  }

  /** @param parts Bytes behind the head of the request, which is made here. */
  async request(opcode: number, detail: number, parts: readonly number[], fds: FdSource[] = []): Promise<void> {
    const body = padded(Buffer.from(parts))
    await this.#socket.send([Buffer.from([opcode, detail, ...u16(1 + body.length / 4)]), body], { fds })
  }

  /** The reply to the request before it, which must be one that has a reply. Events are left out. */
  async reply(): Promise<Reply> {
    for (;;) {
      const head = await this.#take(HEAD)
      if (head[0] === ERROR) throw new Error(`X error ${head[1]} of request ${head[10]}.${head.readUInt16LE(8)}`)
      if (head[0] !== REPLY) continue
      const rest = await this.#take(head.readUInt32LE(4) * 4)
      return { bytes: Buffer.concat([head, rest]), fds: this.#fds.splice(0) }
    }
  }

  async #take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) {
      const message = await this.#socket.recv()
      if (message === null) throw new Error('The X server closed the connection')
      this.#bytes = Buffer.concat([this.#bytes, message.data])
      this.#fds.push(...message.takeFds())
    }
    const taken = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return taken
  }

  async close(): Promise<void> {
    await this.#socket.close()
  }
}

export function u16(value: number): number[] {
  return [value & 0xff, (value >> 8) & 0xff]
}

export function u32(value: number): number[] {
  return [...u16(value), ...u16(value >>> 16)]
}

/** X counts in units of four bytes. */
function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)])
}

function addressOf(name: string): Address {
  if (name.startsWith('/')) return name
  const number = /^:(\d+)/.exec(name)?.[1]
  if (number === undefined) throw new Error(`DISPLAY is ${name}, which is not a local one`)
  const path = `/tmp/.X11-unix/X${number}`
  return existsSync(path) ? path : { abstract: path }
}

function screenOf(setup: Buffer): Screen {
  const vendor = setup.readUInt16LE(16)
  const formats = setup.readUInt8(21)
  const at = 32 + vendor + (-vendor & 3) + formats * 8
  return { root: setup.readUInt32LE(at), visual: setup.readUInt32LE(at + 32), depth: setup.readUInt8(at + 38) }
}

/** The first cookie in the user's file: each entry is a family and four texts, the last of them the cookie. */
function ourCookie(): Buffer | undefined {
  const path = process.env.XAUTHORITY ?? `${homedir()}/.Xauthority`
  if (!existsSync(path)) return undefined
  const bytes = readFileSync(path)
  for (let at = 0; at + 2 < bytes.length; ) {
    at += 2
    const texts = Array.from({ length: 4 }, () => {
      const end = at + 2 + bytes.readUInt16BE(at)
      const text = bytes.subarray(at + 2, end)
      at = end
      return text
    })
    if (texts[2]?.toString() === COOKIE) return texts[3]
  }
  return undefined
}
