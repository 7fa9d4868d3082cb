// Plays a process that Node.js cannot be: with three different user ids, with a child that nobody reaps, with the process id of
// one that has ended. It is a small Python program that does one thing per line of JSON and answers with one.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { isRoot } from './script.js'

/** Real, effective and saved ids, and supplementary groups. */
export interface Person {
  uids: [number, number, number]
  gids: [number, number, number]
  groups: number[]
}

function ourselves(): Person {
  const [uid, gid] = [process.getuid?.() ?? -1, process.getgid?.() ?? -1]
  // Not process.getgroups(), which adds the effective group.
  const groups = /^Groups:(.*)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]?.match(/\d+/g) ?? []
  return { uids: [uid, uid, uid], gids: [gid, gid, gid], groups: groups.map(Number) }
}

/** Somebody whose ids are all different; only root can play others, else it is who we are. */
export const stranger: Person = isRoot
  ? { uids: [1001, 1002, 1003], gids: [2001, 2002, 2003], groups: [3001, 3002] }
  : ourselves()

/** What its real, effective and saved ids are, as the package tells them. */
export function idsOf({ uids, gids }: Person): Record<'real' | 'effective' | 'saved', { uid: number; gid: number }> {
  const at = (index: 0 | 1 | 2) => ({ uid: uids[index], gid: gids[index] })
  return { real: at(0), effective: at(1), saved: at(2) }
}

const program = `
import json, os, signal, socket, sys

def become(person):
    os.setgroups(person['groups'])
    os.setresgid(*person['gids'])
    os.setresuid(*person['uids'])

class Actor:
    kinds = {'stream': socket.SOCK_STREAM, 'seqpacket': socket.SOCK_SEQPACKET, 'dgram': socket.SOCK_DGRAM}
    socket = None

    def connect(self, kind, path):
        self.socket = socket.socket(socket.AF_UNIX, self.kinds[kind])
        self.socket.connect(path)
        return os.getpid()

    def inherit(self, fd):
        self.socket = socket.socket(fileno=fd)
        return os.getpid()

    def send(self, data):
        return self.socket.send(data.encode())

    # A child connects, and does nothing else until it is told.
    def fork_connect(self, kind, path, code):
        reader, self.writer = os.pipe()
        self.socket = socket.socket(socket.AF_UNIX, self.kinds[kind])
        self.child = os.fork()
        if self.child == 0:
            os.close(self.writer)
            self.socket.connect(path)
            os.read(reader, 1)
            os._exit(code)
        os.close(reader)
        return self.child

    # It has ended, and is a zombie.
    def end_child(self):
        os.close(self.writer)
        os.waitid(os.P_PID, self.child, os.WEXITED | os.WNOWAIT)

    def reap(self):
        os.waitpid(self.child, 0)

    # A child with the number of the one that was reaped, which has its socket and sends on it. Somebody may be quicker.
    def fork_again(self, person, data):
        number = self.child
        for attempt in range(100):
            with open('/proc/sys/kernel/ns_last_pid', 'w') as file:
                file.write(str(number - 1))
            reader, writer = os.pipe()
            done, tell = os.pipe()
            self.child = os.fork()
            if self.child == 0:
                os.close(writer)
                if os.getpid() == number:
                    become(person)
                    self.socket.send(data.encode())
                os.write(tell, b'x')
                os.read(reader, 1)
                os._exit(0)
            os.close(reader)
            os.read(done, 1)
            os.close(done)
            os.close(tell)
            if self.child == number:
                self.writer = writer
                return number
            os.close(writer)
            os.waitpid(self.child, 0)
        raise RuntimeError('the number was never free')

    def child_alive(self):
        return os.waitid(os.P_PID, self.child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

signal.signal(signal.SIGINT, signal.SIG_DFL)
if sys.argv[1] != 'null':
    become(json.loads(sys.argv[1]))
actor = Actor()
for line in sys.stdin:
    name, *values = json.loads(line)
    if name == 'exit':
        os._exit(values[0])
    try:
        answer = {'value': getattr(actor, name)(*values)}
    except Exception as error:
        answer = {'error': '%s: %s' % (type(error).__name__, error)}
    print(json.dumps(answer), flush=True)
`

/** The Python that every user can run, where there is one: one of a user's own home is for that user. */
export const python = process.env.PYTHON ?? '/usr/bin/python3'

/** A running actor. */
export class Actor {
  readonly #child: ChildProcess
  readonly #lines: AsyncIterator<string>
  readonly #closed: Promise<unknown>

  /** @param inherited Descriptors that it has as 3, 4 and so on. */
  constructor(person: Person | null = null, inherited: number[] = []) {
    const user = JSON.stringify(isRoot ? person : null)
    const stdio = ['pipe', 'pipe', 'inherit', ...inherited] as const
    this.#child = spawn(python, ['-c', program, user], { stdio: [...stdio] })
    this.#closed = once(this.#child, 'close')
    const { stdout } = this.#child
    if (stdout === null) throw new Error('No pipe')
    this.#lines = createInterface(stdout)[Symbol.asyncIterator]()
  }

  get pid(): number {
    return this.#child.pid as number
  }

  /** Does one thing; gives its answer. */
  async does(what: string, ...values: unknown[]): Promise<unknown> {
    this.#child.stdin?.write(`${JSON.stringify([what, ...values])}\n`)
    const line = await this.#lines.next()
    if (line.done === true) throw new Error(`It ended when it was to ${what}`)
    const { value, error } = JSON.parse(line.value) as { value?: unknown; error?: string }
    if (error !== undefined) throw new Error(`${what}: ${error}`)
    return value
  }

  /** Ends it and waits until it has been reaped. */
  async end(code = 0): Promise<number | NodeJS.Signals | null> {
    if (this.#child.exitCode === null && this.#child.signalCode === null)
      this.#child.stdin?.end(`${JSON.stringify(['exit', code])}\n`)
    return this.ended()
  }

  /** Waits until it has been reaped; gives the exit code or the signal. */
  async ended(): Promise<number | NodeJS.Signals | null> {
    await this.#closed
    return this.#child.exitCode ?? this.#child.signalCode
  }
}
