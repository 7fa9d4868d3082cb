// `ancillary send`: one message with descriptors that the shell has opened.
import { connect, type OwnedFd, peerCredentials, type SocketType } from '../index.js'
import { inherited } from './inherited.js'
import { addressFrom, addressText, printable, typeFor } from './names.js'
import { processName } from './processes.js'
import { during, remark } from './terminal.js'
import { type Command, EXIT, type Parsed, UsageError, waitOf } from './usage.js'

export const command: Command = {
  summary: 'sends open descriptors to a socket',
  takes: [2, 254],
  options: {
    data: { type: 'string', short: 'd' },
    type: { type: 'string', short: 't' },
    credentials: { type: 'boolean' },
    timeout: { type: 'string' },
  },
  help: `
Usage: ancillary send [OPTION...] PATH FD...

Connects to the socket at PATH and sends one message with the open descriptors FD, 1 to 253 numbers. PATH may be @NAME,
an abstract name. It ends when the kernel has taken the message.

Options:
  -d, --data TEXT        what the message says; default one NUL byte
  -t, --type TYPE        stream, seqpacket or dgram; default what is at PATH
      --credentials      attach our process id, user and group
      --timeout SECONDS  give up after so long; default never

Exit codes: 0 the kernel took it, 1 failed, 2 wrong arguments, 124 too late.

Example:
  ancillary send /run/app.sock 3 4  3<input.txt 4>output.txt
`,
  run: send,
}

async function send({ values, positionals: [path = '', ...words] }: Parsed): Promise<number> {
  const address = addressFrom(path)
  const data = dataOf(values.data)
  const wait = waitOf(values)
  const fds = inherited(words)
  try {
    const type = typeFor(address, values.type)
    const work = (): Promise<void> =>
      deliver(address, type, { data, fds, credentials: values.credentials === true, wait })
    await during(`sending to ${addressText(address)}`, work)
    return EXIT.done
  } finally {
    for (const fd of fds) fd.close()
  }
}

function dataOf(text: unknown): string {
  if (text === '') throw new UsageError('--data must not be empty: on a stream, descriptors need a byte')
  return typeof text === 'string' ? text : '\0'
}

interface Delivery {
  readonly data: string
  readonly fds: OwnedFd[]
  readonly credentials: boolean
  readonly wait: { timeout?: number }
}

async function deliver(address: string, type: SocketType, { data, fds, credentials, wait }: Delivery): Promise<void> {
  const socket = await connect(address, { type, ...wait })
  try {
    await socket.send(data, { fds, credentials, ...wait })
    const pid = type === 'dgram' ? null : peerCredentials(socket).pid
    const to = pid === null ? '' : ` of ${printable(processName(pid) ?? 'process')} (${pid})`
    remark(`sent ${fds.map(({ kind }) => kind).join(', ')} to ${addressText(address)}${to}`)
  } finally {
    await socket.close()
  }
}
