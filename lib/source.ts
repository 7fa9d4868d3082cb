/**
 * The descriptor number behind any object of Node that has one. The one function that knows Node's private fields.
 * It lends the number for a call; it never takes ownership.
 */
import type * as dgram from 'node:dgram'
import { Socket as DgramSocket } from 'node:dgram'
import type * as net from 'node:net'
import { Socket } from 'node:net'
import { closedError, invalidType, outOfRange } from './errors.js'
import { refuseOn, runtime } from './runtime.js'

/**
 * Anything with a descriptor: a number, a FileHandle, an OwnedFd, a UnixSocket, a stream of `fs`, `net`, `tty` or a child's stdio,
 * a `net.Server`, a `dgram.Socket`. It is lent for the call, never taken.
 */
export type FdSource = number | { readonly fd: number } | net.Socket | net.Server | dgram.Socket

type Candidate = { fd?: unknown; _handle?: { fd?: unknown } | null } & Record<symbol, unknown>

/**
 * The state of a dgram.Socket hangs on a symbol in all versions of Node. Its `_handle` must not be touched: Node 20 to 24 warn
 * about that (DEP0112), Node 26 has none.
 */
function dgramState(source: Candidate): { handle?: { fd?: unknown } | null } | undefined {
  const key = Object.getOwnPropertySymbols(source).find((symbol) => symbol.description === 'state symbol')
  return key === undefined ? undefined : (source[key] as { handle?: { fd?: unknown } | null })
}

/** Node's `fd` of a stream is null until it is open; private handles are `null` after close. */
function numberOf(source: Candidate): unknown {
  if (LASTING in source) return source.fd
  const state = dgramState(source)
  if (state !== undefined) return state.handle?.fd
  return typeof source.fd === 'number' ? source.fd : source._handle?.fd
}

/**
 * Bun and Deno: open, and nobody can see its number. On Deno what is made of TCP and UDP, on Bun an http server.
 */
function isHidden(source: Candidate): boolean {
  if (runtime === 'node') return false
  const { listening, destroyed, pending, connecting } = source as Record<string, unknown>
  if (destroyed === false) return mayHaveNumber(source) && pending !== true && connecting !== true
  return listening === true || (source instanceof DgramSocket && isBound(source))
}

/** `address()` throws where it is not bound or is closed. */
function isBound(source: dgram.Socket): boolean {
  try {
    source.address()
    return true
  } catch {
    return false
  }
}

/** Whether the object is of a kind that has descriptors, though it may have none now. */
function mayHaveNumber(source: Candidate): boolean {
  return 'fd' in source || '_handle' in source || dgramState(source) !== undefined
}

function checkNumber(fd: number, name: string): number {
  if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) throw outOfRange(name, 'a descriptor number, at least 0', fd)
  return fd
}

/**
 * A property of our own classes whose objects stand for one open descriptor, from their beginning until they are closed.
 * It lies on the prototype: an object pays nothing for it.
 */
export const LASTING: unique symbol = Symbol('stands for one descriptor')

/**
 * An object that stands for this open descriptor and for no other, as long as it lives; undefined where there is none, such as for
 * a number. A `net.Socket` may be connected again after its end: then it has another handle.
 */
export function lastingOf(source: FdSource): object | undefined {
  if (typeof source !== 'object' || source === null) return undefined
  if (LASTING in source) return (source as { fd: number }).fd >= 0 ? source : undefined
  return source instanceof Socket ? ((source as unknown as Candidate)._handle ?? undefined) : undefined
}

/** What an object of Node has in hand that its descriptor alone does not tell. */
export interface Holding {
  readonly connecting: boolean
  readonly encrypted: boolean
  readonly parsing: boolean
  readonly writing: boolean
  readonly reading: boolean
  readonly decoding: boolean
}

/** Streams of `fs` and `net`, as far as their private fields matter. */
interface StreamParts {
  connecting?: boolean
  encrypted?: boolean
  parser?: unknown
  writableLength?: number
  readableEncoding?: string | null
  _readableState?: { reading?: boolean }
  _handle?: {
    readStop?: () => void
    readStart?: () => void
    reading?: boolean
    _consumed?: boolean
    writeQueueSize?: number
  } | null
  pause?: () => void
  resume?: () => void
}

/** A file's read runs on a thread and has moved the position already; a socket's does not exist. */
export function holdingOf(source: object): Holding {
  const stream = source as StreamParts
  const hasHandle = stream._handle !== undefined && stream._handle !== null
  return {
    connecting: stream.connecting === true,
    encrypted: stream.encrypted === true,
    parsing: Boolean(stream.parser) || stream._handle?._consumed === true,
    writing: (stream.writableLength ?? 0) > 0 || (stream._handle?.writeQueueSize ?? 0) > 0,
    reading: !hasHandle && stream._readableState?.reading === true,
    decoding: typeof stream.readableEncoding === 'string',
  }
}

/** Nothing more is read from the descriptor: what is there from now on stays in the kernel. */
export function stopReading(source: object): void {
  const stream = source as StreamParts
  stream.pause?.()
  stopHandle(source)
}

/** The same where a parser reads past the stream, which need not know. */
export function stopHandle(source: object): void {
  const { _handle: handle } = source as StreamParts
  if (!handle) return
  handle.readStop?.()
  handle.reading = false
}

/** Takes `stopReading` back. `flowing`: somebody listened for data. */
export function startReading(source: object, flowing: boolean): void {
  const stream = source as StreamParts
  stream._handle?.readStart?.()
  if (stream._handle) stream._handle.reading = true
  if (flowing) stream.resume?.()
}

/**
 * The number of `source`. Throws a TypeError where it has none, ERR_SOCKET_CLOSED where it is closed, ERR_UNSUPPORTED_PLATFORM where
 * the runtime hides it.
 */
export function fdOf(source: FdSource, name = 'fd'): number {
  if (typeof source === 'number') return checkNumber(source, name)
  if ((typeof source !== 'object' && typeof source !== 'function') || source === null) {
    throw invalidType(name, 'a descriptor number or an object that has one', source)
  }
  const fd = numberOf(source as unknown as Candidate)
  if (typeof fd === 'number' && fd >= 0) return checkNumber(fd, name)
  if (isHidden(source as unknown as Candidate)) refuseOn([runtime], `To use the descriptor of the object in "${name}"`)
  if (mayHaveNumber(source as unknown as Candidate)) throw closedError(`object in "${name}"`)
  throw invalidType(name, 'a descriptor number or an object that has one', source)
}
