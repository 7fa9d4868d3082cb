/**
 * Addresses of Unix sockets: what users write and read, and the bytes that the native side wants.
 * Knows no sockets; the limits are those of the operating system.
 */
import { invalidType, invalidValue, ownError } from './errors.js'
import { constants } from './native.js'
import type { Address } from './words.js'

/** Linux: what the kernel reports for a socket that was bound or reached by a detour. */
const DETOUR = Buffer.from('/proc/self/fd/')
/** Longest path that an error message or the file system could mean; longer is surely a mistake. */
const LONGEST_PATH = 1 << 20

function rawName(address: Address): Buffer {
  if (typeof address === 'string') return Buffer.from(address)
  if (typeof address !== 'object' || address === null)
    throw invalidType('address', 'a string or an object with path or abstract', address)
  if ('path' in address && isText(address.path)) return pathBytes(address.path)
  if ('abstract' in address && isText(address.abstract))
    return Buffer.concat([Buffer.of(0), Buffer.from(address.abstract as string)])
  throw invalidType('address', 'a string or an object with path or abstract', address)
}

function isText(value: unknown): value is string | Buffer {
  return typeof value === 'string' || value instanceof Uint8Array
}

function pathBytes(path: string | Buffer): Buffer {
  const bytes = Buffer.from(path as string)
  if (bytes[0] === 0) throw invalidValue('address.path', 'must not begin with NUL; use { abstract }', path)
  return bytes
}

/**
 * The bytes of an address: empty for a name of the kernel's choice, a leading NUL for an abstract name, else a path.
 * Throws before any system call where it is empty, has a NUL inside a path, or is too long.
 */
export function addressBytes(address: Address): Buffer {
  const bytes = rawName(address)
  if (bytes.length === 0) throw invalidValue('address', 'must not be empty', address)
  if (typeof address === 'object' && 'answerable' in address && address.answerable === false) {
    throw invalidValue(
      'address',
      'cannot be answered: its socket was bound under a path too long for an address',
      address,
    )
  }
  if (bytes[0] === 0) return abstractBytes(bytes, address)
  if (bytes.includes(0)) throw invalidValue('address', 'must not have NUL in a path', address)
  if (bytes.length > LONGEST_PATH)
    throw tooLong(`The path has ${bytes.length} bytes; the limit is ${LONGEST_PATH}`, address)
  return bytes
}

function abstractBytes(bytes: Buffer, address: Address): Buffer {
  if (bytes.length === 1) return Buffer.alloc(0)
  if (bytes.length <= constants.abstractMax) return bytes
  throw tooLong(`The abstract name has ${bytes.length - 1} bytes; the limit is ${constants.abstractMax - 1}`, address)
}

function tooLong(message: string, address: Address): Error {
  return ownError('ERR_PATH_TOO_LONG', message, { address })
}

/** Whether the bytes of an address are a path. */
export function isPath(bytes: Uint8Array): boolean {
  return bytes.length > 0 && bytes[0] !== 0
}

/** A name from the kernel as an address: a string where the bytes are UTF-8, else an object. `null`: unnamed. */
export function addressOf(bytes: Buffer): Address | null {
  if (bytes.length === 0) return null
  const text = bytes.toString()
  const exact = Buffer.from(text).equals(bytes)
  if (isDetour(bytes)) return { path: exact ? text : Buffer.from(bytes), answerable: false }
  if (exact) return text
  return isPath(bytes) ? { path: Buffer.from(bytes) } : { abstract: Buffer.from(bytes.subarray(1)) }
}

/** Whether the kernel reports a name that says nothing outside the process that used it. */
export function isDetour(bytes: Buffer): boolean {
  return bytes.subarray(0, DETOUR.length).equals(DETOUR)
}
