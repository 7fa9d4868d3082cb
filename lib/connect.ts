/**
 * How sockets come to be: connect, bind, pair. Names are bound here, for listeners too.
 * Knows UnixSocket, not what is done with it.
 */
import { addressBytes, isPath } from './address.js'
import { integer, oneOf, optionsObject } from './arguments.js'
import { check, EAGAIN, ENAMETOOLONG, invalidValue, ownError, systemError } from './errors.js'
import { Handle, SocketFile } from './handle.js'
import { constants, native } from './native.js'
import { checkOptions, type SocketOptions } from './options.js'
import type { Reconnect, SocketType } from './outgoing.js'
import { Later } from './queue.js'
import { UnixSocket } from './socket.js'
import { nameOf, typeNumber } from './socket-facts.js'
import { checkWait, type Wait } from './wait.js'
import type { Address } from './words.js'

/** How a path is bound. */
export interface BindOptions {
  /**
   * Exact permission bits of the socket file, 0 to 0o777, whatever the umask, which is never changed. At no moment are they wider.
   * Default: as the umask says.
   */
  mode?: number
  /**
   * `'never'` (default): anything at the path is EADDRINUSE. `'stale'`: a socket file of our own user whose server is dead is
   * replaced; a live server, another's file or anything that is not a socket never is. A file `PATH.lock` exists meanwhile.
   */
  replace?: 'never' | 'stale'
}

/** Linux: connect(2) to a full backlog says EAGAIN, and poll cannot tell when to try again (milliseconds). */
const FULL_BACKLOG = new Later(1, 100)
const TYPES: readonly SocketType[] = ['stream', 'seqpacket', 'dgram']
const MODE_MAX = 0o777

/** What `bindTo` needs to know, checked. */
export interface CheckedBinding {
  readonly bytes: Buffer
  readonly address: Address
  readonly mode: number
  readonly replaceStale: boolean
}

/** Checks an address to bind and how, before any system call. */
export function checkBinding(address: Address, options: BindOptions): CheckedBinding {
  const mode = options.mode === undefined ? -1 : integer(options.mode, 'mode', 0, MODE_MAX)
  const replace = options.replace === undefined ? 'never' : oneOf(options.replace, 'replace', ['never', 'stale'])
  return { bytes: addressBytes(address), address, mode, replaceStale: replace === 'stale' }
}

/** Binds, and listens where `backlog` is not -1. The handle removes the file when it is closed. */
export function bindTo(handle: Handle, { bytes, address, mode, replaceStale }: CheckedBinding, backlog = -1): void {
  if (!isPath(bytes)) {
    check(native.bindName(handle.open, bytes, backlog), 'bind', { address })
    return
  }
  const file = native.bindPath(handle.open, bytes, mode, replaceStale, backlog)
  if (file === ENAMETOOLONG) throw tooLong(address)
  handle.file = new SocketFile(check(file, 'bind', { address }))
}

function tooLong(address: Address): Error {
  return ownError('ERR_PATH_TOO_LONG', 'A part of the path is longer than the file system allows (255 bytes on most)', {
    address,
  })
}

/** A new socket of ours. */
export function openHandle(type: SocketType, what: string): Handle {
  return new Handle(check(native.open(constants.afUnix, typeNumber(type), 0), 'socket'), what)
}

/** Runs `make`; if it throws, the handle is closed. */
export function closeOnError<R>(handle: Handle, make: () => R): R {
  try {
    return make()
  } catch (error) {
    handle.close()
    throw error
  }
}

/** The address that the user gave, where the kernel's own name would say less. */
function givenName({ bytes, address }: CheckedBinding): Address | undefined {
  return isPath(bytes) ? address : undefined
}

/** What a connected datagram socket does when its peer has gone. */
export interface ReconnectOptions {
  /**
   * Datagram sockets. `'never'` (default): a send to a peer that has gone rejects with ECONNREFUSED, and every later one with ENOTCONN,
   * also when the peer is there again. `'auto'`: a send connects to who has the address then, and goes there; if nobody has, it rejects
   * with what connect(2) says, and the next one tries again. What the old peer had not read is lost.
   */
  reconnect?: 'never' | 'auto'
}

/** Options of {@link connect}. */
export type ConnectOptions<T extends SocketType> = SocketOptions &
  Wait & {
    /** `'stream'` (default), `'seqpacket'` or `'dgram'`. */
    type?: T
    /** Bind to this address first. */
    localAddress?: Address
  } & (T extends 'dgram' ? ReconnectOptions : unknown)

function checkReconnect(
  type: SocketType,
  { reconnect }: ReconnectOptions,
  address: Address | undefined,
  bytes: Buffer | undefined,
): Reconnect | undefined {
  if (reconnect === undefined || oneOf(reconnect, 'reconnect', ['never', 'auto']) === 'never') return undefined
  if (type !== 'dgram') throw invalidValue('reconnect', 'is for datagram sockets only', reconnect)
  if (address === undefined || bytes === undefined) throw invalidValue('reconnect', 'needs a peer', reconnect)
  return { bytes, address }
}

/**
 * Connects to a socket and resolves when it is connected. To a server whose backlog is full it waits for its turn.
 *
 * @param address Path (absolute, relative, of any length) or abstract name.
 * @throws ENOENT Nothing is there. @throws ECONNREFUSED The server is dead. @throws EPROTOTYPE The server is of another type.
 * @throws EACCES No permission on the path. @throws ERR_PATH_TOO_LONG @throws ETIMEDOUT, ABORT_ERR
 *
 * See connect(2), unix(7).
 * @example
 * const socket = await connect('/run/app.sock', { timeout: 1000 })
 */
export async function connect<T extends SocketType = 'stream'>(
  address: Address,
  options?: ConnectOptions<T>,
): Promise<UnixSocket<T>> {
  const given: ConnectOptions<T> = optionsObject(options)
  const type = (given.type === undefined ? 'stream' : oneOf(given.type, 'type', TYPES)) as T
  const bytes = addressBytes(address)
  const checked = checkOptions(given)
  const local = given.localAddress === undefined ? undefined : checkBinding(given.localAddress, {})
  checkWait(given)
  const reconnectTo = checkReconnect(type, given as ReconnectOptions, address, bytes)
  const handle = openHandle(type, 'socket')
  try {
    if (local !== undefined) bindTo(handle, local)
    const connecting = connectHandle(handle, bytes, address, given)
    if (connecting !== undefined) await connecting
    // Options come after connect: Linux binds a stream that connects with SO_PASSCRED on to a random name.
    return UnixSocket.own<T>(handle, {
      options: checked,
      from: 'us',
      type,
      ...namesOf(local, address, bytes),
      reconnectTo,
    })
  } catch (error) {
    handle.close()
    throw error
  }
}

/** Undefined: it is connected, as most are at once. */
function connectHandle(handle: Handle, bytes: Buffer, address: Address, wait: Wait): Promise<void> | undefined {
  const attempt = (): undefined | Later => {
    const result = native.connect(handle.open, bytes)
    if (result === EAGAIN) return FULL_BACKLOG
    if (result === ENAMETOOLONG) throw tooLong(address)
    if (result < 0) throw systemError(result, 'connect', { address })
    return undefined
  }
  let first = attempt()
  if (first === undefined) return undefined
  // The queue begins with an attempt: that was this one.
  const again = (): undefined | Later => {
    const answer = first ?? attempt()
    first = undefined
    return answer
  }
  return handle.readiness.writing.run<undefined>({ syscall: 'connect', attempt: again }, wait)
}

/** Options of {@link bind}. */
export type DatagramOptions = SocketOptions &
  BindOptions &
  ReconnectOptions & {
    /** Connect to this address: only it can send to us, and `send` needs no `to`. */
    peer?: Address
  }

/**
 * A datagram socket. Without an address it is unbound: it can send, and nobody can answer it.
 *
 * @param address Path or abstract name to bind to; `'\0'` lets the kernel choose an abstract name.
 * @throws EADDRINUSE Something is at the path. @throws EACCES, ENOENT The directory. @throws ERR_PATH_TOO_LONG
 *
 * See bind(2), unix(7).
 * @example
 * await bind().send('READY=1', { to: process.env.NOTIFY_SOCKET })
 */
export function bind(address?: Address | null, options?: DatagramOptions): UnixSocket<'dgram'> {
  const given: DatagramOptions = optionsObject(options)
  const checked = checkOptions(given)
  const local = address === undefined || address === null ? undefined : checkBinding(address, given)
  const peer = given.peer === undefined ? undefined : addressBytes(given.peer)
  const reconnectTo = checkReconnect('dgram', given, given.peer, peer)
  const handle = openHandle('dgram', 'socket')
  return closeOnError(handle, () => {
    // Before the name exists: a datagram socket receives from the moment it is bound.
    const early = UnixSocket.own<'dgram'>(handle, {
      options: { ...checked, autobind: checked.autobind && local === undefined },
      from: 'us',
      type: 'dgram',
      ...namesOf(local, given.peer, peer),
      reconnectTo,
    })
    if (local !== undefined) bindTo(handle, local)
    if (peer !== undefined) check(native.connect(handle.open, peer), 'connect', { address: given.peer as Address })
    return early
  })
}

function namesOf(
  local: CheckedBinding | undefined,
  peer: Address | undefined,
  peerBytes: Buffer | undefined,
): { localAddress?: Address | undefined; peerAddress?: Address | undefined } {
  return {
    localAddress: local === undefined ? undefined : givenName(local),
    peerAddress: peerBytes !== undefined && isPath(peerBytes) ? peer : undefined,
  }
}

/**
 * Two sockets that are connected to each other. See socketpair(2).
 *
 * @param type `'stream'` (default), `'seqpacket'` or `'dgram'`.
 * @param options For both ends.
 */
export function pair<T extends SocketType = 'stream'>(
  type?: T,
  options?: SocketOptions,
): [UnixSocket<T>, UnixSocket<T>] {
  const kind = type === undefined ? 'stream' : oneOf(type as SocketType, 'type', TYPES)
  const checked = checkOptions(options)
  const handles = connectedPair(kind)
  try {
    const [left, right] = handles.map((handle) =>
      UnixSocket.own<T>(handle, { options: checked, from: 'us', type: kind }),
    )
    return [left as UnixSocket<T>, right as UnixSocket<T>]
  } catch (error) {
    for (const handle of handles) handle.close()
    throw error
  }
}

/** The address of a bound descriptor: what the user gave, or what the kernel chose. */
export function boundAddress(fd: number, binding: CheckedBinding): Address {
  return givenName(binding) ?? nameOf(fd, false) ?? binding.address
}

/** Two connected sockets that are nobody's object yet. */
export function connectedPair(type: SocketType = 'stream'): [Handle, Handle] {
  const numbers = new Int32Array(2)
  check(native.pair(typeNumber(type), numbers), 'socketpair')
  const [left, right] = numbers as unknown as [number, number]
  return [new Handle(left, 'socket'), new Handle(right, 'socket')]
}
