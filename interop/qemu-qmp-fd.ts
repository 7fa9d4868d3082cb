// The client of the case `qemu-qmp-fd`: it talks to QEMU's monitor (QMP, a line of JSON each way) and passes descriptors with
// commands. QEMU writes a picture of its screen into a passed file and serves VNC on a passed socket.
import { connect, type FdSource, type UnixSocket } from '../index.js'
import { environment, number } from './environment.js'

/** The number of a set of descriptors; `/dev/fdset/7` is how QEMU names it as a file. */
const FDSET = 7

interface Answer {
  return?: unknown
  error?: { class: string }
  event?: string
}

async function command(): Promise<object> {
  const monitor = await Monitor.connect(environment('SOCK'))
  const seen = { version: monitor.version, ...(await passFile(monitor)), ...(await passByName(monitor)) }
  await monitor.close()
  return seen
}

/** A file that QEMU opens by the number of its set. Without a descriptor the command is refused. */
async function passFile(monitor: Monitor): Promise<object> {
  const set = { 'fdset-id': FDSET }
  const add_without = await monitor.run('add-fd', set)
  const add = await monitor.run('add-fd', { ...set, opaque: `n${environment('NONCE')}` }, number('IMG_FD'))
  const sets = await monitor.run('query-fdsets')
  const screendump = await monitor.run('screendump', { filename: `/dev/fdset/${FDSET}` })
  await monitor.run('remove-fd', set)
  return { add_without, add, sets, screendump, sets_after: await monitor.run('query-fdsets') }
}

/** Descriptors that QEMU keeps under a name: one that is closed again, and a socket that gets a VNC session. */
async function passByName(monitor: Monitor): Promise<object> {
  const getfd = okay(await monitor.run('getfd', { fdname: 'x' }, number('IMG_FD')))
  const closefd = okay(await monitor.run('closefd', { fdname: 'x' }))
  const closefd_again = okay(await monitor.run('closefd', { fdname: 'x' }))
  const getfd2 = okay(await monitor.run('getfd', { fdname: 'sk' }, number('SK_FD')))
  const add_client = await monitor.run('add_client', { protocol: 'vnc', fdname: 'sk' })
  return { getfd, closefd, closefd_again, getfd2, add_client }
}

function okay(answer: unknown): unknown {
  return JSON.stringify(answer) === '{}' ? 'ok' : answer
}

class Monitor {
  readonly #socket: UnixSocket<'stream'>
  readonly #lines: AsyncIterator<Answer>
  version = ''

  private constructor(socket: UnixSocket<'stream'>) {
    this.#socket = socket
    this.#lines = lines(socket)
  }

  /** QEMU greets first, and then waits to be told what we can do. */
  static async connect(path: string): Promise<Monitor> {
    const monitor = new Monitor(await connect(path))
    const greeting = (await monitor.#next()) as { QMP: { version: { qemu: Record<string, number> } } }
    const { major, minor, micro } = greeting.QMP.version.qemu
    monitor.version = `${major}.${minor}.${micro}`
    await monitor.run('qmp_capabilities')
    return monitor
  }

  /** Runs a command, with a descriptor if there is one; gives what it returned, or the class of its error. */
  async run(execute: string, values: object = {}, fd?: FdSource): Promise<unknown> {
    const line = `${JSON.stringify({ execute, arguments: values })}\n`
    await this.#socket.send(line, fd === undefined ? {} : { fds: [fd] })
    const answer = await this.#next()
    return 'return' in answer ? answer.return : answer.error?.class
  }

  /** The next line that is an answer: events come in between. */
  async #next(): Promise<Answer> {
    for (;;) {
      const { done, value } = await this.#lines.next()
      if (done) throw new Error('QEMU closed its monitor')
      if (!('event' in value)) return value
    }
  }

  async close(): Promise<void> {
    await this.#socket.close()
  }
}

async function* lines(socket: UnixSocket<'stream'>): AsyncGenerator<Answer, undefined> {
  let bytes = Buffer.alloc(0)
  for await (const { data } of socket) {
    bytes = Buffer.concat([bytes, data])
    for (let end = bytes.indexOf('\n'); end >= 0; end = bytes.indexOf('\n')) {
      yield JSON.parse(bytes.toString('utf8', 0, end))
      bytes = bytes.subarray(end + 1)
    }
  }
  return undefined
}

command().then((seen) => console.log(JSON.stringify(seen)))
