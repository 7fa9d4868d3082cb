// `ancillary proxy`: stands between clients and a server, prints every message and relays it with all that it carries.
import {
  bind,
  capabilities,
  connect,
  hasCode,
  listen,
  peerCredentials,
  type SocketOptions,
  type SocketType,
  type UnixListener,
  type UnixSocket,
} from '../index.js'
import { addressFrom, addressText, printable, typeFor } from './names.js'
import { processName } from './processes.js'
import { type Printing, pump, type Route, Totals } from './relay.js'
import { relayDatagrams } from './relay-datagrams.js'
import { remark } from './terminal.js'
import { line } from './trace.js'
import { type Command, EXIT, type Parsed, signalCode, wholeNumber } from './usage.js'

const FDS_MAX = 253

export const command: Command = {
  summary: 'prints what goes through a socket, and relays all of it',
  takes: [2, 2],
  options: {
    type: { type: 'string', short: 't' },
    size: { type: 'string', short: 's' },
    mode: { type: 'string', short: 'm' },
    replace: { type: 'boolean' },
    once: { type: 'boolean', short: '1' },
  },
  help: `
Usage: ancillary proxy [OPTION...] PATH TARGET

Makes a socket at PATH. Who connects is connected to the socket at TARGET; every message is printed, as strace(1) would,
and relayed at its place with its descriptors: from the client (>) and from the server (<). Credentials are shown, and
relayed where we may claim those of others, as root may; else ours stand in their place. What the server asks about the
connection itself (SO_PEERCRED) is always us. Of datagrams, answers find back to senders that have a name.

PATH and TARGET may be @NAME, an abstract name. SIGINT or SIGTERM ends it, and removes the socket.

Options:
  -t, --type TYPE        stream, seqpacket or dgram; default what is at TARGET
  -s, --size BYTES       how much of a message is shown; default 64
  -m, --mode MODE        permissions of the socket in octal digits; default 600
      --replace          take the place of a server that is dead
  -1, --once             end with the first connection

Exit codes: 0 the connection of --once has ended, 1 failed, 2 wrong arguments, 128 + N ended by signal N.

Example:
  ancillary proxy /tmp/bus @/tmp/dbus-Xyz & DBUS_SESSION_BUS_ADDRESS=unix:path=/tmp/bus busctl --user list
`,
  run: proxy,
}

interface Plan extends Printing {
  readonly target: string
  readonly own: SocketOptions
  readonly claimed: boolean
  readonly once: boolean
}

async function proxy({ values, positionals: [path = '', target = ''] }: Parsed): Promise<number> {
  const can = capabilities()
  const plan: Plan = {
    target: addressFrom(target),
    own: { maxFds: FDS_MAX, passCredentials: true, fdsAt: can.fdsAtExact.available ? 'exact' : 'chunk' },
    claimed: can.claimCredentials.available,
    once: values.once === true,
    limit: wholeNumber(values.size ?? '64', '--size', 0, 1 << 20),
    print: (text) => void process.stdout.write(text),
  }
  const address = addressFrom(path)
  const mode = wholeNumber(values.mode ?? '600', '--mode', 0, 0o777, 8)
  const place = { ...(address.startsWith('\0') ? {} : { mode }), replace: values.replace ? 'stale' : 'never' } as const
  const type = typeFor(plan.target, values.type)
  const own = { ...plan.own, ...place }
  const socket = type === 'dgram' ? bind(address, own) : listen(address, { ...own, type })
  if (!plan.claimed) remark('credentials of others cannot be claimed here: the server sees ours')
  remark(`${addressText(address)} → ${addressText(plan.target)}, ${type}; Ctrl-C ends it`)
  return await untilSignal(socket, serving(socket, type, plan))
}

async function serving(socket: UnixListener | UnixSocket<'dgram'>, type: SocketType, plan: Plan): Promise<void> {
  if (type === 'dgram') return await relayDatagrams(socket as UnixSocket<'dgram'>, plan.target, plan.own, plan)
  let made = 0
  const running = new Set<Promise<void>>()
  for await (const client of socket as UnixListener) {
    const connection = relayConnection(client, ++made, plan).finally(() => running.delete(connection))
    running.add(connection)
    if (plan.once) break
  }
  await Promise.all(running)
}

/** The path goes with the socket, whatever ends us. */
async function untilSignal(socket: UnixListener | UnixSocket<'dgram'>, served: Promise<void>): Promise<number> {
  const signalled = new Promise<number>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => resolve(signalCode(signal)))
    }
  })
  const code = await Promise.race([served.then(() => EXIT.done), signalled])
  await socket.close()
  // Connections that still run end with the process.
  if (code !== EXIT.done) process.exit(code)
  return code
}

async function relayConnection(client: UnixSocket, connection: number, plan: Plan): Promise<void> {
  const { print, target, own } = plan
  const totals = new Totals()
  print(line(connection, ' ', `connect from ${whoIs(client)}`))
  let server: UnixSocket | undefined
  try {
    server = await connect(target, { ...own, type: client.type })
    const route: Omit<Route, 'way'> = { ...plan, connection, totals }
    await both(client, server, route)
  } catch (error) {
    const quiet = hasCode(error, 'EPIPE') || hasCode(error, 'ECONNRESET')
    print(line(connection, ' ', `${quiet ? 'the other end has gone' : (error as Error).message}`))
  } finally {
    await Promise.all([client.close(), server?.close()])
    print(line(connection, ' ', `closed: ${totals}`))
  }
}

/** Where one way fails, the other is not waited for. */
async function both(client: UnixSocket, server: UnixSocket, route: Omit<Route, 'way'>): Promise<void> {
  const ways = [pump(client, server, { ...route, way: '>' }), pump(server, client, { ...route, way: '<' })]
  try {
    await Promise.all(ways)
  } catch (error) {
    client.close()
    server.close()
    await Promise.allSettled(ways)
    throw error
  }
}

function whoIs(client: UnixSocket): string {
  const { pid, uid, gid } = peerCredentials(client)
  const name = pid === null ? null : processName(pid)
  return `process ${pid ?? '?'}${name === null ? '' : ` <${printable(name)}>`}, {uid=${uid ?? '?'}, gid=${gid ?? '?'}}`
}
