// A relay between two programs that know nothing of it: with fdsAt: 'exact' each descriptor leaves it with the very byte with
// which it came, though reads glue earlier bytes to it. The receiver reads byte by byte, so that it sees the place; a relay that
// goes by chunks fails the same check.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import test from 'ava'
import { listen, type UnixSocket } from '../index.js'
import { python } from './helpers/actor.js'
import { dispose } from './helpers/dispose.js'
import { guard } from './helpers/leaks.js'
import { openCount } from './helpers/marked.js'

const folder = guard(test)

/** Bursts that are sent while the relay does not read, and messages that are sent while it does. */
const BURSTS = 20
const FLOW = 200

const common = `
import array, hashlib, json, os, random, socket, sys

stream = socket.socket(socket.AF_UNIX)
stream.connect(sys.argv[1])
bytes_seen, digest, places = 0, hashlib.sha256(), []

def tell(value):
    print(json.dumps(value), flush=True)
`

/** Sends plain messages and carriers of files with a nonce each, at first in bursts that wait in the queue together. */
const sender = `${common}
chance = random.Random(4)
bursts, flow = int(sys.argv[2]), int(sys.argv[3])

def file_of(nonce):
    fd = os.memfd_create('nonce')
    os.write(fd, nonce.encode())
    return fd

def send(length):
    global bytes_seen
    data = chance.randbytes(length)
    nonces = ['%d-%d' % (len(places), at) for at in range(chance.choice([0, 0, 1, 3]))]
    fds = [file_of(nonce) for nonce in nonces]
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
    taken = stream.sendmsg([data], rights)
    stream.sendall(data[taken:])
    for fd in fds:
        os.close(fd)
    if nonces:
        places.append([bytes_seen, nonces])
    bytes_seen += length
    digest.update(data)

for burst in range(bursts):
    for message in range(30):
        send(chance.choice([1, 2, 50, chance.randint(1, 2000)]))
    tell(bytes_seen)
    sys.stdin.readline()
for message in range(flow):
    send(200000 if message % 100 == 50 else chance.randint(1, 4000))
stream.close()
tell({'places': places, 'digest': digest.hexdigest()})
`

/** Receives in parts of a size; tells where each part with descriptors began, and the nonces that they hold. */
const receiver = `${common}
size = int(sys.argv[2])

def nonce_of(fd):
    nonce = os.pread(fd, 64, 0).decode()
    os.close(fd)
    return nonce

while True:
    data, ancillary, flags, name = stream.recvmsg(size, socket.CMSG_SPACE(4 * 253))
    if not data:
        break
    assert not flags & socket.MSG_CTRUNC
    fds = array.array('i')
    for level, kind, payload in ancillary:
        fds.frombytes(payload)
    if fds:
        places.append([bytes_seen, [nonce_of(fd) for fd in fds], len(data)])
    bytes_seen += len(data)
    digest.update(data)
tell({'places': places, 'digest': digest.hexdigest()})
`

/** Two processes send on one socket, one of them plain bytes, the other carriers, slower than they are read. */
const together = `${common}
rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', [0]))]
child = os.fork()
chance = random.Random(child)
for turn in range(int(sys.argv[2])):
    for busy in range(chance.randint(1, 1000)):
        pass
    if child:
        stream.send(b'-')
    else:
        stream.sendmsg([b'+'], rights)
if child:
    os.waitpid(child, 0)
`

interface Report {
  /** Position, nonces and, at the receiver, the length of the part that brought them. */
  readonly places: readonly [number, string[], number?][]
  readonly digest: string
}

/** A Python program that tells one line of JSON after the other. */
class Program {
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  readonly #lines: AsyncIterator<string>

  constructor(text: string, ...values: (string | number)[]) {
    this.#child = spawn(python, ['-c', text, ...values.map(String)], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#closed = once(this.#child, 'close')
    this.#lines = createInterface(this.#child.stdout as NodeJS.ReadableStream)[Symbol.asyncIterator]()
  }

  async next<V>(): Promise<V> {
    const line = await this.#lines.next()
    if (line.done === true) throw new Error('It ended early')
    return JSON.parse(line.value) as V
  }

  goOn(): void {
    this.#child.stdin?.write('\n')
  }

  async end(): Promise<void> {
    await this.#closed
  }
}

type Stream = UnixSocket<'stream'>

/** Repeats what comes, up to a position in the stream or to the end. */
async function forward(from: Stream, to: Stream, end = Number.POSITIVE_INFINITY): Promise<void> {
  for (let at = 0; at < end; ) {
    const message = await from.recv()
    if (message === null) return
    at = message.offset + message.data.length
    await to.send(message.data, { fds: message.fds })
    message.close()
  }
}

/** What the sender sent and what the receiver behind the relay got. */
async function relay(fdsAt: 'chunk' | 'exact', partSize: number): Promise<[sent: Report, got: Report]> {
  const [entrance, exit] = ['in', 'out'].map((name) => listen(join(folder, name), { maxFds: 8, fdsAt }))
  if (entrance === undefined || exit === undefined) throw new Error('No listener')
  const programs: [Program, Program] = [
    new Program(sender, join(folder, 'in'), BURSTS, FLOW),
    new Program(receiver, join(folder, 'out'), partSize),
  ]
  const [source, sink] = programs
  const [from, to] = await Promise.all([entrance.accept(), exit.accept()])
  for (let burst = 0; burst < BURSTS; burst++) {
    const end = await source.next<number>()
    await forward(from, to, end)
    source.goOn()
  }
  await forward(from, to)
  await to.close()
  const reports = await Promise.all([source.next<Report>(), sink.next<Report>()])
  await Promise.all(programs.map((program) => program.end()))
  dispose(entrance, exit, from)
  return reports
}

const placesOf = ({ places }: Report): string[] => places.map(([at, nonces]) => `${at}: ${nonces}`)
const noncesOf = ({ places }: Report): string[] => places.flatMap(([, nonces]) => nonces)

test.serial('every byte and every descriptor leaves an exact relay where it came', async (t) => {
  const before = openCount()
  const [sent, got] = await relay('exact', 1)
  t.true(sent.places.length > 300)
  t.deepEqual(placesOf(got), placesOf(sent))
  t.is(got.digest, sent.digest)
  t.is(openCount(), before)
})

test.serial('a receiver that reads much at once gets each descriptor with the part that holds its byte', async (t) => {
  const [sent, got] = await relay('exact', 65_536)
  t.deepEqual(noncesOf(got), noncesOf(sent))
  t.is(got.digest, sent.digest)
  const outside = got.places.filter(([start, nonces, length = 0], index) => {
    const [at = -1, own] = sent.places[index] ?? []
    return String(own) !== String(nonces) || at < start || at >= start + length
  })
  t.deepEqual(outside, [])
})

test.serial('a relay that goes by chunks loses no descriptor, but their places', async (t) => {
  const [sent, got] = await relay('chunk', 1)
  t.deepEqual(noncesOf(got), noncesOf(sent))
  t.is(got.digest, sent.digest)
  const expected = placesOf(sent)
  const misplaced = placesOf(got).filter((place, index) => place !== expected[index])
  t.true(misplaced.length > sent.places.length / 4, `${misplaced.length} of ${sent.places.length}`)
})

test.serial('what comes between the question and the read is not glued to it', async (t) => {
  const [before, each] = [openCount(), 20_000]
  const listener = listen(join(folder, 'race'), { maxFds: 1, fdsAt: 'exact' })
  const program = new Program(together, join(folder, 'race'), each)
  const socket = await listener.accept()
  const wrong: string[] = []
  let [at, count] = [0, 0]
  // It never waits, so that it asks again and again while the others are sending.
  for (;;) {
    const message = socket.tryRecv()
    if (message === null) break
    if (message === 'again') continue
    const { data, fds, offset } = message
    at += data.length
    count += fds.length
    const text = data.toString()
    if (!/^-+$/.test(text) && !(text === '+' && fds.length === 1)) wrong.push(`${offset}: ${text} ${fds.length}`)
    message.close()
  }
  await program.end()
  dispose(listener, socket)
  t.deepEqual([at, count, wrong], [2 * each, each, []])
  t.is(openCount(), before)
})
