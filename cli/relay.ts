// What comes from one socket goes to another, at its place: bytes, descriptors, credentials, the end. Prints each message. Knows
// two sockets, not where they come from.
import { hasCode, type Message, type SendOptions, type UnixSocket } from '../index.js'
import { line, messageText } from './trace.js'

export interface Printing {
  /** How many bytes of a message are shown. */
  readonly limit: number
  print(text: string): void
}

/** What has gone through, both ways. */
export class Totals {
  messages = 0
  bytes = 0
  fds = 0

  add({ data, fds }: Message): void {
    this.messages++
    this.bytes += data.length
    this.fds += fds.length
  }

  toString(): string {
    return `${this.messages} messages, ${this.bytes} bytes, ${this.fds} descriptors`
  }
}

/** `claimed`: whether we may send with the credentials of others; without that ours stand in their place. */
export interface Route extends Printing {
  readonly connection: number
  readonly way: '>' | '<'
  readonly totals: Totals
  readonly claimed: boolean
}

/** Everything from `from` to `to`, until the end. Rejects when one of them fails. */
export async function pump(from: UnixSocket, to: UnixSocket, route: Route): Promise<void> {
  for (;;) {
    const message = await from.recv()
    if (message === null) break
    await pass(message, to, route)
  }
  route.print(line(route.connection, route.way, 'shutdown(SHUT_WR) = 0'))
  endOf(to)
}

/** One message, and its line: also when it could not be passed on. It is closed afterwards. */
export async function pass(message: Message, to: UnixSocket, route: Route, options: SendOptions = {}): Promise<void> {
  const { connection, way, limit, totals } = route
  try {
    const text = `sendmsg(${messageText(message, limit)})`
    route.print(line(connection, way, text))
    totals.add(message)
    await send(message, to, route.claimed, options)
  } catch (error) {
    const { code, message: words } = error as NodeJS.ErrnoException
    route.print(line(connection, way, `= -1 ${code ?? 'ERR'} (${words})`))
    throw error
  } finally {
    message.close()
  }
}

/** With the sender's credentials where we may; nothing has been sent when the kernel refuses them. */
async function send(
  { data, fds, credentials }: Message,
  to: UnixSocket,
  claimed: boolean,
  options: SendOptions,
): Promise<void> {
  const { pid, uid, gid } = credentials ?? { pid: null, uid: null, gid: null }
  if (!claimed || pid === null || uid === null || gid === null) return await to.send(data, { ...options, fds })
  try {
    await to.send(data, { ...options, fds, credentials: { pid, uid, gid } })
  } catch (error) {
    // The sender has ended, or is of another namespace.
    if (!hasCode(error, 'ESRCH') && !hasCode(error, 'EPERM')) throw error
    await to.send(data, { ...options, fds })
  }
}

/** Who has closed already does not mind. */
function endOf(socket: UnixSocket): void {
  try {
    socket.shutdown('write')
  } catch (error) {
    if (!hasCode(error, 'ENOTCONN') && !hasCode(error, 'EPIPE') && !hasCode(error, 'ERR_SOCKET_CLOSED')) throw error
  }
}
