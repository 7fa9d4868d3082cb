// `ancillary peer`: who is behind a socket, or which process this is and which sockets it has.
import {
  connect,
  inspect,
  inspectAll,
  peerCredentials,
  peerProcess,
  type SocketType,
  type UnixSocket,
} from '../index.js'
import { stateText } from './inspect.js'
import { addressFrom, addressText, groupText, printable, typeFor, userText } from './names.js'
import { holders, type ProcessFacts, processFacts, processName, socketsOf } from './processes.js'
import { facts, table } from './table.js'
import { during, Progress } from './terminal.js'
import { type Command, EXIT, type Parsed, waitOf } from './usage.js'

export const command: Command = {
  summary: 'tells who is there: behind a socket, or which process',
  takes: [1, 1],
  options: {
    type: { type: 'string', short: 't' },
    json: { type: 'boolean', short: 'j' },
    timeout: { type: 'string' },
  },
  help: `
Usage: ancillary peer [OPTION...] PATH
       ancillary peer [OPTION...] PID

PATH: connects, and tells who the kernel says is there: the process that called listen(2). Its server sees a connection
that ends at once. Of a datagram socket the kernel names nobody; those who have it open are told. PATH may be @NAME, an
abstract name, and ./123 is a file of that name.

PID: tells as whom the process runs, and its Unix sockets with their other ends. Of processes of other users only root
sees that.

Options:
  -j, --json             for programs
  -t, --type TYPE        of the socket: stream, seqpacket or dgram; default what is there
      --timeout SECONDS  give up after so long, when the server's backlog is full; default never

Exit codes: 0 somebody is there, 1 failed, 2 wrong arguments, 3 nobody is there, 124 too late.
`,
  run: peer,
}

async function peer({ values, positionals: [word = ''] }: Parsed): Promise<number> {
  const found = /^\d+$/.test(word) ? ofProcess(Number(word)) : await behind(addressFrom(word), values)
  if (found === null) {
    process.stderr.write(`ancillary: nobody is there: ${printable(word)}\n`)
    return EXIT.nothing
  }
  process.stdout.write(values.json ? `${JSON.stringify(found.json, null, 2)}\n` : found.text())
  return EXIT.done
}

interface Found {
  readonly json: object
  text(): string
}

async function behind(address: string, values: Parsed['values']): Promise<Found | null> {
  const type = typeFor(address, values.type)
  try {
    const open = (): Promise<UnixSocket> => connect(address, { type, ...waitOf(values) })
    const socket = await during(`connecting to ${addressText(address)}`, open)
    try {
      return type === 'dgram' ? holdersOf(socket, address) : listenerOf(socket, address, type)
    } finally {
      await socket.close()
    }
  } catch (error) {
    if (['ECONNREFUSED', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '')) return null
    throw error
  }
}

/** What the kernel recorded, and what /proc says of that process as long as it is the same one. */
function listenerOf(socket: UnixSocket, address: string, type: SocketType): Found {
  const who = peerCredentials(socket)
  const handle = livingPeer(socket)
  const details = who.pid === null ? null : processFacts(who.pid)
  const alive = handle?.alive ?? null
  handle?.close()
  const { command = [], executable = null } = alive === false ? {} : (details ?? {})
  const json = { address: addressText(address), type, ...who, alive, command, executable }
  const text = (): string =>
    facts([
      ['socket', `${addressText(address)}, ${type}`],
      ['process', who.pid === null ? 'not in a namespace that we see' : String(who.pid)],
      ['command', commandText(command)],
      ['executable', executable && printable(executable)],
      ['user', userText(who.uid)],
      ['group', groupText(who.gid)],
      ['groups', who.groups?.map(groupText).join(', ') ?? null],
      ['label', who.label && printable(who.label)],
      ['running', alive === null ? null : alive ? 'yes' : 'no: others have its socket'],
    ])
  return { json, text }
}

/** null: it has ended, or this kernel has no handles. */
function livingPeer(socket: UnixSocket): ReturnType<typeof peerProcess> {
  try {
    return peerProcess(socket)
  } catch {
    return null
  }
}

function commandText(words: readonly string[]): string {
  return printable(words.join(' '))
}

function holdersOf(socket: UnixSocket, address: string): Found {
  const { peerInode } = inspect(socket)
  const found = (holders().get(peerInode ?? -1) ?? []).map((holder) => ({ ...holder, ...processFacts(holder.pid) }))
  const rows = found.map(({ pid, fd, uid, command = [] }) => [
    String(pid),
    String(fd),
    userText(uid ?? null),
    commandText(command),
  ])
  const title = facts([
    ['socket', `${addressText(address)}, dgram`],
    ['open in', rows.length === 0 ? 'processes that we may not see' : null],
  ])
  const text = (): string => (rows.length === 0 ? title : `${title}\n${table(['PID', 'FD', 'USER', 'COMMAND'], rows)}`)
  return { json: { address: addressText(address), type: 'dgram', holders: found }, text }
}

function ofProcess(pid: number): Found | null {
  const details = processFacts(pid)
  if (details === null) return null
  const sockets = unixSocketsOf(pid)
  return { json: { ...details, sockets }, text: () => processText(details, sockets) }
}

interface OpenSocket {
  readonly fd: number
  readonly type: string
  readonly state: string
  readonly name: string
  readonly peer: readonly { pid: number; name: string }[]
}

function unixSocketsOf(pid: number): OpenSocket[] {
  const progress = new Progress('looking for the other ends')
  try {
    const all = new Map(inspectAll().map((socket) => [socket.inode, socket]))
    const others = holders((done, of) => progress.show(`looking for the other ends: process ${done + 1} of ${of}`))
    return [...socketsOf(pid)].flatMap(([inode, fds]) => {
      const socket = all.get(inode)
      if (socket === undefined) return []
      const ends = others.get(socket.peerInode ?? -1) ?? []
      const peers = [...new Set(ends.map((end) => end.pid))]
      return fds.map((fd) => ({
        fd,
        type: socket.type,
        state: stateText(socket),
        name: addressText(socket.localAddress ?? socket.peerAddress),
        peer: peers.map((other) => ({ pid: other, name: processName(other) ?? '' })),
      }))
    })
  } finally {
    progress.end()
  }
}

function processText(details: ProcessFacts, sockets: readonly OpenSocket[]): string {
  const about = facts([
    ['process', `${details.pid} ${printable(details.name)}`],
    ['command', commandText(details.command)],
    ['executable', details.executable && printable(details.executable)],
    ['user', userText(details.uid)],
    ['group', groupText(details.gid)],
    ['groups', details.groups.map(groupText).join(', ')],
  ])
  if (sockets.length === 0) return about
  const rows = sockets.map(({ fd, type, state, name, peer: ends }) => {
    const others = ends.map((end) => `${end.pid} ${printable(end.name)}`).join(', ')
    return [String(fd), type, state, name, others]
  })
  return `${about}\n${table(['FD', 'TYPE', 'STATE', 'NAME', 'OTHER END'], rows)}`
}
