// A connection to a D-Bus daemon: it authenticates by uid, agrees to pass descriptors, and then sends and receives
// messages. Descriptors may arrive before the message that they belong to is complete, so they wait in a list.
import { connect, type FdSource, type OwnedFd, type UnixSocket } from '../../index.js'
import { Writer } from './marshal.js'
import { type Decoded, decode, ERROR, encode, type Header, lengthOf, METHOD_CALL } from './message.js'

const DAEMON = {
  destination: 'org.freedesktop.DBus',
  path: '/org/freedesktop/DBus',
  interface: 'org.freedesktop.DBus',
}

export interface Incoming extends Decoded {
  fds: OwnedFd[]
}

export interface Call extends Header {
  body?: Buffer
  fds?: readonly FdSource[]
}

export class Bus {
  readonly #socket: UnixSocket<'stream'>
  #serial = 0
  #bytes: Buffer = Buffer.alloc(0)
  readonly #fds: OwnedFd[] = []
  /** Control messages that nobody asked for. */
  stray = 0

  private constructor(socket: UnixSocket<'stream'>) {
    this.#socket = socket
  }

  static async connect(path: string): Promise<Bus> {
    return new Bus(await connect(path, { maxFds: 16 }))
  }

  /** Claims to be this user; the daemon asks the kernel. Its answer: `OK` with its guid, or `REJECTED`. */
  async authenticate(uid: number): Promise<string> {
    await this.#socket.send(`\0AUTH EXTERNAL ${Buffer.from(String(uid)).toString('hex')}\r\n`)
    return await this.#line()
  }

  /** Ends the authentication; the daemon must agree to pass descriptors. */
  async begin(): Promise<void> {
    await this.#socket.send('NEGOTIATE_UNIX_FD\r\n')
    const answer = await this.#line()
    if (answer !== 'AGREE_UNIX_FD') throw new Error(`The daemon passes no descriptors: ${answer}`)
    await this.#socket.send('BEGIN\r\n')
  }

  async #line(): Promise<string> {
    for (;;) {
      const end = this.#bytes.indexOf('\r\n')
      if (end >= 0) return this.#cut(end + 2).toString('latin1', 0, end)
      await this.#receive()
    }
  }

  #cut(length: number): Buffer {
    const head = this.#bytes.subarray(0, length)
    this.#bytes = this.#bytes.subarray(length)
    return head
  }

  async #receive(): Promise<void> {
    const message = await this.#socket.recv()
    if (message === null) throw new Error('The daemon closed the connection')
    this.#bytes = Buffer.concat([this.#bytes, message.data])
    this.#fds.push(...message.takeFds())
    this.stray += message.control.length + Number(message.credentials !== null)
  }

  /** Sends a message; its serial number. The descriptors are lent: close them when this has resolved. */
  async send(type: number, { body = Buffer.alloc(0), fds = [], ...header }: Call): Promise<number> {
    const serial = ++this.#serial
    const counted = fds.length > 0 ? { ...header, fdCount: fds.length } : header
    await this.#socket.send(encode(type, serial, counted, body), { fds })
    return serial
  }

  /** The next message, whatever it is, with its descriptors: they are the caller's to close. */
  async next(): Promise<Incoming> {
    for (;;) {
      const length = lengthOf(this.#bytes)
      if (length !== undefined && this.#bytes.length >= length) return this.#withFds(decode(this.#cut(length)))
      await this.#receive()
    }
  }

  #withFds(message: Decoded): Incoming {
    const count = message.fdCount ?? 0
    if (this.#fds.length < count) throw new Error(`${count} descriptors announced, ${this.#fds.length} came`)
    return { ...message, fds: this.#fds.splice(0, count) }
  }

  /** Calls a method and waits for its answer; an error answer is thrown. */
  async call(call: Call): Promise<Incoming> {
    const serial = await this.send(METHOD_CALL, call)
    for (;;) {
      const answer = await this.next()
      if (answer.replySerial === serial && answer.type === ERROR)
        throw new Error(`D-Bus error: ${answer.args.join(' ')}`)
      if (answer.replySerial === serial) return answer
      for (const fd of answer.fds) fd.close()
    }
  }

  /** Calls a method of the daemon itself with strings and numbers; the first value of the answer. */
  async ask(member: string, ...args: (string | number)[]): Promise<unknown> {
    const writer = new Writer()
    for (const arg of args) typeof arg === 'number' ? writer.uint32(arg) : writer.string(arg)
    const signature = args.map((arg) => (typeof arg === 'number' ? 'u' : 's')).join('')
    const header = signature === '' ? {} : { signature }
    const answer = await this.call({ ...DAEMON, member, ...header, body: writer.bytes() })
    for (const fd of answer.fds) fd.close()
    return answer.args[0]
  }

  async close(): Promise<void> {
    for (const fd of this.#fds.splice(0)) fd.close()
    await this.#socket.close()
  }
}
