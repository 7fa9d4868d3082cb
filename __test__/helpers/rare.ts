// Descriptors that Node cannot make: a Python child opens them and passes them over a Unix socket.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type OwnedFd, pair, type UnixSocket } from '../../index.js'
import { python } from './actor.js'
import { receivedFds } from './received.js'

const program = `
import array, ctypes, os, socket, sys

libc = ctypes.CDLL(None, use_errno=True)
NO_SIGNALS = ctypes.create_string_buffer(128)

def checked(fd):
    if fd < 0:
        raise OSError(ctypes.get_errno(), 'no descriptor')
    return fd

def fifo():
    path = os.path.join(sys.argv[1], 'rare-fifo')
    os.mkfifo(path)
    both = os.open(path, os.O_RDWR)
    ends = [os.open(path, flags) for flags in (os.O_RDONLY, os.O_WRONLY, os.O_PATH)]
    os.unlink(path)
    return [both, *ends]

make = {
    'pipe': lambda: os.pipe(),
    'fifo': fifo,
    'eventfd': lambda: [checked(libc.eventfd(1, 0))],
    'timerfd': lambda: [checked(libc.timerfd_create(1, 0))],
    'signalfd': lambda: [checked(libc.signalfd(-1, NO_SIGNALS, 0))],
    'epoll': lambda: [checked(libc.epoll_create1(0))],
    'inotify': lambda: [checked(libc.inotify_init1(0))],
}
peer = socket.socket(fileno=3)
peer.setblocking(True)
while True:
    name = peer.recv(100).decode()
    if not name:
        break
    fds = make[name]()
    peer.sendmsg([b'x'], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))])
    for fd in fds:
        os.close(fd)
`

/** How many descriptors each of them brings; a pipe has a reading and a writing end, a FIFO is given as in `fifo` above. */
const COUNTS = { pipe: 2, fifo: 4, eventfd: 1, timerfd: 1, signalfd: 1, epoll: 1, inotify: 1 } as const

export type RareName = keyof typeof COUNTS

/** The child that opens them. */
export class Rare {
  readonly #closed: Promise<unknown>
  readonly #socket: UnixSocket<'seqpacket'>

  constructor(folder: string) {
    const [ours, theirs] = pair('seqpacket', { maxFds: 4 })
    this.#socket = ours
    const child = spawn(python, ['-c', program, folder], { stdio: ['ignore', 'inherit', 'inherit', theirs.fd] })
    this.#closed = once(child, 'close')
    theirs[Symbol.dispose]()
  }

  async open(name: RareName): Promise<OwnedFd[]> {
    await this.#socket.send(name)
    return await receivedFds(this.#socket, COUNTS[name])
  }

  /** Waits for its end; gives its exit code and signal. */
  async end(): Promise<unknown> {
    await this.#socket.close()
    return await this.#closed
  }
}
