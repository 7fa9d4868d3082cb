/**
 * Descriptors with plain Node: one process sends handles to a child that it has forked, and the child closes each. The parent
 * is the one that is started; it holds its child on the other CPU.
 */
import { fork } from 'node:child_process'
import { connect, createServer, type Socket } from 'node:net'
import { fail, finish, nowNanoseconds, ready, settings } from '../../lib/program.js'

/** Handles on their way to the child. */
const WINDOW = 64

type Note = 'record' | 'start' | 'stop'

if (process.send === undefined) send().catch((error: Error) => fail(error.stack ?? error.message))
else receive()

async function send(): Promise<void> {
  const socket = await anySocket()
  const child = fork(__filename, { execPath: 'taskset', execArgv: ['-c', settings.otherCpu, process.execPath] })
  child.once('message', (finding: { nanoseconds: number; operations: number }) => finish(finding))
  child.once('exit', () => fail('the child ended'))
  ready()
  const sending = new Sending((note, number, sent) => child.send({ note, number }, socket, { keepOpen: true }, sent))
  await sending.until(settings.warm)
  await sending.mark('start')
  await sending.until(settings.timed)
  await sending.mark('stop')
}

class Sending {
  readonly #send: (note: Note, number: number, sent: () => void) => void
  #number = 0
  #waiting = 0
  #room = (): void => {}

  constructor(send: (note: Note, number: number, sent: () => void) => void) {
    this.#send = send
  }

  async until(milliseconds: number): Promise<void> {
    for (const end = nowNanoseconds() + milliseconds * 1e6; nowNanoseconds() < end; ) await this.mark('record')
  }

  async mark(note: Note): Promise<void> {
    if (this.#waiting === WINDOW) await this.#hasRoom()
    this.#waiting++
    this.#send(note, this.#number++, () => {
      this.#waiting--
      this.#room()
    })
  }

  #hasRoom(): Promise<void> {
    return new Promise((resolve) => {
      this.#room = resolve
    })
  }
}

function receive(): void {
  let next = 0
  let first = 0
  let started = 0
  process.on('message', ({ note, number }: { note: Note; number: number }, socket: Socket | undefined) => {
    if (number !== next) fail(`handle ${number} came instead of ${next}`)
    if (socket === undefined) fail(`handle ${number} is missing`)
    socket?.destroy()
    next++
    if (note === 'start') [first, started] = [next, nowNanoseconds()]
    if (note === 'stop') process.send?.({ nanoseconds: nowNanoseconds() - started, operations: next - first })
  })
}

/** The same handle goes again and again, as in the other rows. */
function anySocket(): Promise<Socket> {
  return new Promise((resolve) => {
    const server = createServer().listen(settings.path, () => {
      const socket = connect(settings.path, () => resolve(socket))
    })
    server.unref()
  })
}
