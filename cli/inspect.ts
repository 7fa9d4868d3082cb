// `ancillary inspect`: the Unix sockets of the system, of a process or at a path, or one that the shell has opened for us.
import { type Address, inspectAll, inspect as inspectFd, type SocketInfo } from '../index.js'
import { inherited } from './inherited.js'
import { addressFrom, addressText, printable, userText } from './names.js'
import { type Holder, holders, processFacts, processName, queuedFds } from './processes.js'
import { facts, table } from './table.js'
import { Progress } from './terminal.js'
import { type Command, EXIT, type Parsed, UsageError } from './usage.js'

export const command: Command = {
  summary: 'shows sockets: type, names, peers, what waits, options',
  takes: [0, 1],
  options: {
    fd: { type: 'string', short: 'f', multiple: true },
    listening: { type: 'boolean', short: 'l' },
    json: { type: 'boolean', short: 'j' },
  },
  help: `
Usage: ancillary inspect [OPTION...] [PATH | PID]
       ancillary inspect [OPTION...] --fd FD

Shows the Unix sockets of this system; with PATH those with that name, with PID those of that process. IN is the bytes
that can be received, OUT the memory of what was sent and not received, FDS the descriptors that wait in it; of a
listener, IN is the connections that wait and OUT how many may. Processes of others, and FDS, only root sees.

With --fd: a socket that the shell has opened for us, as 3<&0, with its options and with who is at the other end.

Options:
  -f, --fd FD            the socket with this number; may be repeated
  -l, --listening        listeners only
  -j, --json             for programs: an array; bytes, not text, as { "base64": … }

Exit codes: 0 there are some, 1 failed, 2 wrong arguments, 3 there are none.
`,
  run: inspect,
}

/** A socket and who has it open. */
type Seen = SocketInfo & { readonly processes: readonly (Holder & { name: string })[] }

async function inspect({ values, positionals: [word] }: Parsed): Promise<number> {
  const numbers = (values.fd ?? []) as string[]
  if (numbers.length > 0 && word !== undefined) throw new UsageError('either --fd or an argument')
  const found = numbers.length > 0 ? ofNumbers(numbers) : ofSystem(word)
  const shown = values.listening ? found.filter(({ state }) => state === 'listening') : found
  if (values.json) process.stdout.write(`${JSON.stringify(shown, plain, 2)}\n`)
  else if (shown.length === 0) process.stderr.write('ancillary: there are no such sockets\n')
  else process.stdout.write(numbers.length > 0 ? shown.map(detailed).join('\n') : overview(shown))
  return shown.length === 0 ? EXIT.nothing : EXIT.done
}

/** Bytes are told from text. */
function plain(_key: string, value: unknown): unknown {
  const buffer = value as { type?: unknown; data?: number[] } | null
  return buffer?.type === 'Buffer' && buffer.data ? { base64: Buffer.from(buffer.data).toString('base64') } : value
}

function ofNumbers(words: readonly string[]): Seen[] {
  const fds = inherited(words)
  try {
    return fds.map((fd, index) => ({ ...inspectFd(fd), fd: Number(words[index]), processes: [] }))
  } finally {
    for (const fd of fds) fd.close()
  }
}

function ofSystem(word: string | undefined): Seen[] {
  const progress = new Progress('looking at the processes')
  try {
    const open = holders((done, all) => progress.show(`looking at process ${done + 1} of ${all}`))
    return inspectAll()
      .map((socket) => seen(socket, open.get(socket.inode) ?? []))
      .filter(matching(word))
  } finally {
    progress.end()
  }
}

function seen(socket: SocketInfo, open: readonly Holder[]): Seen {
  const [first] = open
  return {
    ...socket,
    incomingFds: first === undefined ? null : queuedFds(first),
    processes: open.map((holder) => ({ ...holder, name: processName(holder.pid) ?? '' })),
  }
}

function matching(word: string | undefined): (socket: Seen) => boolean {
  if (word === undefined) return () => true
  if (/^\d+$/.test(word)) {
    if (processFacts(Number(word)) === null) throw new Error(`there is no process ${word}`)
    return ({ processes }) => processes.some(({ pid }) => pid === Number(word))
  }
  const text = addressText(addressFrom(word))
  const named = (address: Address | null): boolean => addressText(address) === text
  return ({ localAddress, peerAddress }) => named(localAddress) || named(peerAddress)
}

export function stateText({ state, shutdown }: SocketInfo): string {
  return shutdown === null ? state : `${state}, no ${shutdown}`
}

function count(number: number | null): string {
  return number === null ? '-' : String(number)
}

function overview(sockets: readonly Seen[]): string {
  const rows = sockets.map((socket) => {
    const listening = socket.state === 'listening'
    return [
      socket.type,
      stateText(socket),
      count(listening ? socket.pending : socket.incomingBytes),
      count(listening ? socket.backlog : socket.outgoingBytes),
      count(socket.incomingFds),
      String(socket.inode),
      count(socket.peerInode),
      addressText(socket.localAddress) || (socket.peerAddress ? `→ ${addressText(socket.peerAddress)}` : '-'),
      socket.processes.map(({ pid, fd, name }) => `${printable(name)}(${pid}:${fd})`).join(' '),
    ]
  })
  return table(['TYPE', 'STATE', 'IN', 'OUT', 'FDS', 'INODE', 'PEER', 'NAME', 'PROCESSES'], rows)
}

function detailed(socket: Seen): string {
  const listening = socket.state === 'listening'
  return facts([
    ['descriptor', String(socket.fd)],
    ['type', socket.type],
    ['state', stateText(socket)],
    ['inode', String(socket.inode)],
    ['name', addressText(socket.localAddress)],
    ['peer name', addressText(socket.peerAddress)],
    ['peer inode', socket.peerInode === null ? null : String(socket.peerInode)],
    ['peer', socket.peer && `process ${count(socket.peer.pid)}, user ${userText(socket.peer.uid)}`],
    ['waiting', listening ? `${count(socket.pending)} connections of ${count(socket.backlog)}` : null],
    ['incoming', listening ? null : `${count(socket.incomingBytes)} bytes, ${count(socket.incomingFds)} descriptors`],
    ['outgoing', listening ? null : `${count(socket.outgoingBytes)} bytes of memory`],
    ...Object.entries(socket.options ?? {}).map(
      ([name, value]) => [name, value === null ? null : String(value)] as const,
    ),
  ])
}
