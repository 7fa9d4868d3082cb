/**
 * Memory files: a file without a path that can be passed, and sealed so that its receiver need not trust its sender.
 * Knows descriptors, not how they travel.
 */
import { type Data, integer, oneBuffer, oneOf, optionsObject } from './arguments.js'
import { OwnedFd } from './descriptor.js'
import { check, closedError, invalidType, invalidValue } from './errors.js'
import { fillFile } from './fs-numbers.js'
import { native } from './native.js'

/**
 * What nobody can do with a memory file any more: make it smaller or larger, write to it, add seals. Seals are for good, and hold
 * for everyone who has the file.
 */
export type Seal = 'shrink' | 'grow' | 'write' | 'seal'

/** Options of {@link memfd}. */
export interface MemfdOptions {
  /** Its content. Default: empty. */
  data?: Data
  /** Its size in bytes; beyond the data there are zeros. Default: that of the data. */
  size?: number
  /** Seals that are set once the content is there. */
  seals?: readonly Seal[]
}

declare module './descriptor.js' {
  interface OwnedFd {
    /** The seals of a memory file; null for any other kind. See fcntl(2), F_GET_SEALS. */
    readonly seals: readonly Seal[] | null
    /**
     * Adds seals, for good.
     *
     * @throws EPERM It is sealed against that, or was opened for reading only. @throws EINVAL It is not a memory file.
     * @throws EBUSY `'write'`, while it is mapped for writing.
     */
    seal(seals: readonly Seal[]): void
  }
}

/** F_SEAL_*: see fcntl(2). */
const SEALS: Readonly<Record<Seal, number>> = { seal: 1, shrink: 2, grow: 4, write: 8 }
const NAMES = Object.keys(SEALS) as Seal[]
const NAME_MAX = 249

function maskOf(seals: readonly Seal[]): number {
  if (!Array.isArray(seals)) throw invalidType('seals', 'an array', seals)
  return seals.reduce((mask, seal) => mask | SEALS[oneOf(seal, 'seals', NAMES)], 0)
}

function checkName(name: string): string {
  if (typeof name !== 'string') throw invalidType('name', 'of type string', name)
  if (name.includes('\0') || Buffer.byteLength(name) > NAME_MAX)
    throw invalidValue('name', `must be at most ${NAME_MAX} bytes without a NUL`, name)
  return name
}

/**
 * Makes a memory file (memfd). Its position is at the beginning. It lives until the last descriptor for it is closed.
 *
 * @param name For `/proc/PID/fd` only; at most 249 bytes.
 * @throws EFBIG, ENOSPC, ENOMEM There is no room. @throws EMFILE
 *
 * Platforms: Linux. See memfd_create(2).
 * @example
 * const image = memfd('image', { data: pixels, seals: ['shrink', 'grow', 'write', 'seal'] })
 * await socket.send('image', { fds: [image] })
 */
export function memfd(name: string, options?: MemfdOptions): OwnedFd {
  checkName(name)
  const { data, size, seals } = optionsObject(options) as MemfdOptions
  const bytes = data === undefined ? Buffer.alloc(0) : oneBuffer(data)
  const length = size === undefined ? bytes.length : integer(size, 'size', bytes.length, Number.MAX_SAFE_INTEGER)
  const mask = seals === undefined ? 0 : maskOf(seals)
  const file = OwnedFd.own(check(native.createMemfd(name), 'memfd_create'))
  try {
    // At its beginning, whatever is written: the receiver shares the position.
    if (length > 0) fillFile(file.fd, bytes, length)
    if (mask !== 0) check(native.addSeals(file.fd, mask), 'fcntl')
    return file
  } catch (error) {
    file.close()
    throw error
  }
}

/** Throws ERR_SOCKET_CLOSED before a stale number could be used. */
function numberOf(fd: OwnedFd): number {
  if (fd.closed) throw closedError('descriptor')
  return fd.fd
}

Object.defineProperty(OwnedFd.prototype, 'seals', {
  get(this: OwnedFd): readonly Seal[] | null {
    const fd = numberOf(this)
    const mask = native.sealsOf(fd)
    return mask < 0 || this.kind !== 'memfd' ? null : NAMES.filter((name) => (mask & SEALS[name]) !== 0)
  },
  configurable: true,
})

Object.defineProperty(OwnedFd.prototype, 'seal', {
  value(this: OwnedFd, seals: readonly Seal[]): void {
    check(native.addSeals(numberOf(this), maskOf(seals)), 'fcntl')
  },
  writable: true,
  configurable: true,
})
