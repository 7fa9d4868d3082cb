/**
 * Every error of the package: those of system calls in Node's shape, our own few codes, and those of wrong arguments.
 * Knows no sockets; the guide has a paragraph for each code.
 */
import { constants as osConstants } from 'node:os'
import { getSystemErrorName, inspect } from 'node:util'
import type { Address } from './words.js'

/** An error of a socket or descriptor, in the shape of Node's system errors. */
export interface SocketError extends NodeJS.ErrnoException {
  /** The address that the call was about. */
  address?: Address
  /** sendMany: how many messages went before the error. */
  sent?: number
  /** ERR_MESSAGE_TRUNCATED: the true length of the record, in bytes. */
  length?: number
  /** ERR_FD_KIND: what the descriptor is. */
  kind?: string
  /** A stream send that was cut off: how many of its bytes the kernel had taken. */
  bytesWritten?: number
}

/** The codes that are our own; all others are those of the operating system and of Node. */
export type ErrorCode =
  | 'ERR_FD_KIND'
  | 'ERR_FDS_COUNT'
  | 'ERR_FDS_REFUSED'
  | 'ERR_FDS_TRUNCATED'
  | 'ERR_TOO_MANY_FDS'
  | 'ERR_HANDOFF'
  | 'ERR_MESSAGE_EMPTY'
  | 'ERR_MESSAGE_TRUNCATED'
  | 'ERR_MESSAGES_HELD'
  | 'ERR_NO_IDENTITY'
  | 'ERR_PATH_TOO_LONG'
  | 'ERR_PEER_REFUSED'
  | 'ERR_QUEUE_FULL'
  | 'ERR_SOCKET_CLOSED'
  | 'ERR_UNSUPPORTED_PLATFORM'

/**
 * Whether `error` is an error with this code.
 *
 * @param code One of {@link ErrorCode}, of the system (`ECONNREFUSED`) or of Node (`ABORT_ERR`).
 * @example
 * try { await connect('/run/app.sock') } catch (error) { if (!hasCode(error, 'ENOENT')) throw error }
 */
export function hasCode(error: unknown, code: ErrorCode | (string & {})): error is SocketError {
  return error instanceof Error && (error as SocketError).code === code
}

/** Errors for which Node has no name. Linux: too many descriptors of this user are on their way (unix(7)). */
const UNNAMED: ReadonlyMap<number, string> = new Map(process.platform === 'linux' ? [[-109, 'ETOOMANYREFS']] : [])

/** Error numbers that the code asks about, negative as the native functions return them. */
export const EAGAIN = -osConstants.errno.EAGAIN
export const ECONNABORTED = -osConstants.errno.ECONNABORTED
export const ECONNREFUSED = -osConstants.errno.ECONNREFUSED
export const ECONNRESET = -osConstants.errno.ECONNRESET
export const EINVAL = -osConstants.errno.EINVAL
export const ENODATA = -osConstants.errno.ENODATA
export const ENOTCONN = -osConstants.errno.ENOTCONN
export const ENOPROTOOPT = -osConstants.errno.ENOPROTOOPT
export const ESRCH = -osConstants.errno.ESRCH
export const EINPROGRESS = -osConstants.errno.EINPROGRESS
export const EMFILE = -osConstants.errno.EMFILE
export const ENAMETOOLONG = -osConstants.errno.ENAMETOOLONG
export const ENFILE = -osConstants.errno.ENFILE
export const ENOBUFS = -osConstants.errno.ENOBUFS
export const ENOMEM = -osConstants.errno.ENOMEM
export const EPERM = -osConstants.errno.EPERM
export const ETIMEDOUT = -osConstants.errno.ETIMEDOUT
export const EOPNOTSUPP = -osConstants.errno.EOPNOTSUPP
export const ENOTSOCK = -osConstants.errno.ENOTSOCK

type Details = Omit<Partial<SocketError>, 'name' | 'message'>

function pathOf(address: Address | undefined): string | undefined {
  if (address === undefined || typeof address === 'string') return address
  return String('path' in address ? address.path : `\0${address.abstract}`)
}

/** An error of a system call: `connect ENOENT /run/app.sock`. `errno` is negative, as in Node. */
export function systemError(errno: number, syscall: string, details: Details = {}): SocketError {
  const code = UNNAMED.get(errno) ?? getSystemErrorName(errno)
  const path = details.path ?? pathOf(details.address)
  const message = [syscall, code, path].filter((word) => word !== undefined).join(' ')
  return Object.assign(new Error(message), { errno, code, syscall }, path === undefined ? {} : { path }, details)
}

/** Returns `result`, or throws it as the error of a system call when it is negative. */
export function check(result: number, syscall: string, details?: Details): number {
  if (result < 0) throw systemError(result, syscall, details)
  return result
}

/** An error with one of our own codes. */
export function ownError(code: ErrorCode, message: string, details: Details = {}): SocketError {
  return Object.assign(new Error(message), { code }, details)
}

/** The object was closed. */
export function closedError(what = 'socket'): SocketError {
  return ownError('ERR_SOCKET_CLOSED', `The ${what} is closed`)
}

/** The deadline has passed. */
export function timeoutError(syscall: string): SocketError {
  return systemError(ETIMEDOUT, syscall)
}

/** The signal was aborted; its reason is the cause. */
export function abortError(signal: AbortSignal): SocketError {
  const error = Object.assign(new Error('The operation was aborted', { cause: signal.reason }), { code: 'ABORT_ERR' })
  error.name = 'AbortError'
  return error
}

/** A TypeError with Node's code ERR_INVALID_ARG_TYPE. */
export function invalidType(name: string, expected: string, value: unknown): TypeError {
  const message = `The "${name}" argument must be ${expected}. Received ${inspect(value, { depth: 0 }).slice(0, 80)}`
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_TYPE' })
}

/** A TypeError with Node's code ERR_INVALID_ARG_VALUE. */
export function invalidValue(name: string, reason: string, value: unknown): TypeError {
  const message = `The "${name}" argument ${reason}. Received ${inspect(value, { depth: 0 }).slice(0, 80)}`
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_ARG_VALUE' })
}

/** A RangeError with Node's code ERR_OUT_OF_RANGE. */
export function outOfRange(name: string, range: string, value: unknown): RangeError {
  const message = `The value of "${name}" is out of range. It must be ${range}. Received ${String(value)}`
  return Object.assign(new RangeError(message), { code: 'ERR_OUT_OF_RANGE' })
}
