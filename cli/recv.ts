// `ancillary recv`: receives one message with descriptors and starts a command that has them, as a service manager would.

import { isUtf8 } from 'node:buffer'
import { type ChildProcess, spawn } from 'node:child_process'
import {
  bind,
  connect,
  listen,
  type Message,
  peerCredentials,
  type SocketOptions,
  type SocketType,
  type UnixSocket,
} from '../index.js'
import { addressFrom, addressText, printable, typeFor, typeFrom, userText } from './names.js'
import { table } from './table.js'
import { during, remark } from './terminal.js'
import { type Command, EXIT, type Parsed, signalCode, waitOf, wholeNumber } from './usage.js'

const FDS_MAX = 253
/** The number of the command is known only in its own process: a shell writes it down and becomes the command. */
const LAUNCHER = 'LISTEN_PID=$$ exec "$@"'
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

export const command: Command = {
  summary: 'receives descriptors and starts a command that has them',
  takes: [1, 1],
  takesCommand: true,
  options: {
    type: { type: 'string', short: 't' },
    count: { type: 'string', short: 'n' },
    connect: { type: 'boolean', short: 'c' },
    mode: { type: 'string', short: 'm' },
    replace: { type: 'boolean' },
    'any-user': { type: 'boolean' },
    timeout: { type: 'string' },
  },
  help: `
Usage: ancillary recv [OPTION...] PATH [-- COMMAND [ARGUMENT...]]

Makes a socket at PATH, waits for one message with descriptors, removes the socket and starts COMMAND with them: from
number 3 on, in their order, with LISTEN_FDS and LISTEN_PID as in sd_listen_fds(3). ANCILLARY_PID and ANCILLARY_UID
name the sender, ANCILLARY_DATA is what the message says, if that is text. Without a command it prints what came.

Only root and our own user may send. PATH may be @NAME, an abstract name.

Options:
  -t, --type TYPE        stream, seqpacket or dgram; default stream
  -n, --count COUNT      exactly so many descriptors; default 1 to 253
  -c, --connect          connect to PATH instead: its server sends
  -m, --mode MODE        permissions of the socket in octal digits; default 600
      --replace          take the place of a server that is dead
      --any-user         anybody may send who may connect
      --timeout SECONDS  give up after so long; default never

Exit codes: that of COMMAND; 128 + N when signal N ended it; 126 it cannot be executed, 127 it is not there; 1 failed,
2 wrong arguments, 124 too late.

Example:
  ancillary recv /tmp/passed.sock -- sh -c 'cat <&3'
`,
  run: recv,
}

async function recv({ values, positionals: [path = ''], rest }: Parsed): Promise<number> {
  const address = addressFrom(path)
  const count = values.count === undefined ? null : wholeNumber(values.count, '--count', 1, FDS_MAX)
  const work = (): Promise<Delivery> => receive(address, values)
  const delivery = await during(`waiting for descriptors at ${addressText(address)}`, work)
  const { message } = delivery
  try {
    assertSender(delivery, values['any-user'] === true)
    if (message.fds.length === 0) throw new Error('the message had no descriptors')
    if (count !== null && message.fds.length !== count)
      throw new Error(`${message.fds.length} descriptors came, not ${count}`)
    return rest === null ? show(delivery) : await run(rest, delivery)
  } finally {
    message.close()
  }
}

type Values = Parsed['values']

interface Delivery {
  readonly message: Message
  readonly pid: number | null
  readonly uid: number | null
}

async function receive(address: string, values: Values): Promise<Delivery> {
  const wait = waitOf(values)
  const deadline: { signal?: AbortSignal } =
    wait.timeout === undefined ? {} : { signal: AbortSignal.timeout(wait.timeout) }
  try {
    const socket = await open(address, values, deadline)
    try {
      const message = await socket.recv(deadline)
      if (message === null) throw new Error('the other end closed the connection without a message')
      return { message, ...senderOf(message, socket) }
    } finally {
      await socket.close()
    }
  } catch (error) {
    const late = (error as NodeJS.ErrnoException).code === 'ABORT_ERR'
    throw late ? Object.assign(new Error(`nothing came at ${addressText(address)}`), { code: 'ETIMEDOUT' }) : error
  }
}

/** What a server sent before we could ask for credentials has none: then the one who is connected is the sender. */
function senderOf({ credentials }: Message, socket: UnixSocket): { pid: number | null; uid: number | null } {
  const { pid, uid } = credentials ?? (socket.is('dgram') ? { pid: null, uid: null } : peerCredentials(socket))
  return { pid, uid }
}

async function open(address: string, values: Values, deadline: { signal?: AbortSignal }): Promise<UnixSocket> {
  const own: SocketOptions = { maxFds: FDS_MAX, passCredentials: true }
  if (values.connect) return await connect(address, { ...own, type: typeFor(address, values.type), ...deadline })
  const type: SocketType = values.type === undefined ? 'stream' : typeFrom(values.type)
  const mode = wholeNumber(values.mode ?? '600', '--mode', 0, 0o777, 8)
  const place = { ...(address.startsWith('\0') ? {} : { mode }), replace: values.replace ? 'stale' : 'never' } as const
  if (type === 'dgram') return bind(address, { ...own, ...place })
  const listener = listen(address, { ...own, ...place, type })
  try {
    return await listener.accept(deadline)
  } finally {
    await listener.close()
  }
}

function assertSender({ uid }: Delivery, anyUser: boolean): void {
  if (anyUser) return
  if (uid !== 0 && uid !== process.geteuid?.()) throw new Error(`user ${userText(uid)} may not send; see --any-user`)
}

function show({ message: { fds, data }, pid }: Delivery): number {
  const rows = fds.map(({ kind, access, state }, index) => [String(index + 3), kind, access, state ?? ''])
  process.stdout.write(table(['FD', 'KIND', 'ACCESS', 'STATE'], rows))
  remark(`from process ${pid ?? 'unknown'}: ${printable(data.toString())}`)
  return EXIT.done
}

function environment({ message: { data, fds }, pid, uid }: Delivery): NodeJS.ProcessEnv {
  const { LISTEN_FDNAMES, LISTEN_PIDFDID, ...env } = process.env
  const text = isUtf8(data) && !data.includes(0) ? { ANCILLARY_DATA: data.toString() } : {}
  const id = (value: number | null): string => (value === null ? '' : String(value))
  const sender = { ANCILLARY_PID: id(pid), ANCILLARY_UID: id(uid) }
  return { ...env, ...text, ...sender, LISTEN_FDS: String(fds.length) }
}

/** Its standard streams are ours; signals that end us are for it, from the moment it is there. */
function run(words: readonly string[], delivery: Delivery): Promise<number> {
  let child: ChildProcess | undefined
  const forward = (signal: NodeJS.Signals): void => void child?.kill(signal)
  for (const signal of FORWARDED) process.on(signal, forward)
  return new Promise<number>((resolve, reject) => {
    child = start(words, delivery)
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      resolve(signal === null ? (code ?? EXIT.failed) : signalCode(signal))
    })
  }).finally(() => {
    for (const name of FORWARDED) process.off(name, forward)
  })
}

function start(words: readonly string[], delivery: Delivery): ChildProcess {
  const child = spawn('/bin/sh', ['-c', LAUNCHER, 'sh', ...words], {
    stdio: ['inherit', 'inherit', 'inherit', ...delivery.message.fds.map(({ fd }) => fd)],
    env: environment(delivery),
  })
  delivery.message.close()
  return child
}
