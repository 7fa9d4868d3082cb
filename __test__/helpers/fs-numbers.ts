// What specs do to bare descriptor numbers, as in `node:fs`. Deno's `fs` takes only numbers that it has opened itself, and its numbers
// must be closed by itself: there the C library is called. It knows nothing of what it tests.
import * as fs from 'node:fs'
import { getSystemErrorName } from 'node:util'

type Call = (...args: unknown[]) => number | bigint
interface Deno {
  dlopen(file: string, functions: Record<string, unknown>): { symbols: Record<string, Call> }
  UnsafePointerView: { getArrayBuffer(pointer: unknown, length: number): ArrayBuffer }
}

const { Deno: deno } = globalThis as { Deno?: Deno }
const libc = deno?.dlopen('libc.so.6', {
  open: { parameters: ['buffer', 'i32', 'u32'], result: 'i32' },
  close: { parameters: ['i32'], result: 'i32' },
  read: { parameters: ['i32', 'buffer', 'usize'], result: 'isize' },
  write: { parameters: ['i32', 'buffer', 'usize'], result: 'isize' },
  pread: { parameters: ['i32', 'buffer', 'usize', 'i64'], result: 'isize' },
  pwrite: { parameters: ['i32', 'buffer', 'usize', 'i64'], result: 'isize' },
  ftruncate: { parameters: ['i32', 'i64'], result: 'i32' },
  listen: { parameters: ['i32', 'i32'], result: 'i32' },
  accept: { parameters: ['i32', 'pointer', 'pointer'], result: 'i32' },
  __errno_location: { parameters: [], result: 'pointer' },
}).symbols

/** Calls the C library; an error has the shape of Node's. */
function call(name: string, ...args: unknown[]): number {
  const result = Number(libc?.[name]?.(...args))
  if (result >= 0) return result
  const where = (deno as Deno).UnsafePointerView.getArrayBuffer(libc?.__errno_location?.(), 4)
  const [errno = 0] = new Int32Array(where)
  const code = getSystemErrorName(-errno)
  throw Object.assign(new Error(`${code}: ${name}`), { code, errno: -errno, syscall: name })
}

const { O_RDONLY, O_RDWR, O_WRONLY, O_CREAT, O_TRUNC, O_APPEND } = fs.constants
const FLAGS: Readonly<Record<string, number>> = {
  r: O_RDONLY,
  'r+': O_RDWR,
  w: O_WRONLY | O_CREAT | O_TRUNC,
  'w+': O_RDWR | O_CREAT | O_TRUNC,
  a: O_WRONLY | O_CREAT | O_APPEND,
}
const O_CLOEXEC = 0o2000000

/** A number that is nobody's but the caller's. */
export function openSync(path: string, flags: string | number = 'r', mode = 0o666): number {
  if (libc === undefined) return fs.openSync(path, flags, mode)
  const bits = typeof flags === 'number' ? flags : (FLAGS[flags] as number)
  return call('open', Buffer.from(`${path}\0`), bits | O_CLOEXEC, mode)
}

/** Whether there are {@link listenSync} and {@link acceptSync}: elsewhere `net` does that, and shows its numbers. */
export const hasListen = libc !== undefined

export function listenSync(fd: number): void {
  call('listen', fd, 16)
}

/** A connection that waits already, or is about to come. */
export function acceptSync(fd: number): number {
  return call('accept', fd, null, null)
}

export function closeSync(fd: number): void {
  if (libc === undefined) fs.closeSync(fd)
  else call('close', fd)
}

export function readSync(
  fd: number,
  buffer: Uint8Array,
  offset = 0,
  length = buffer.length - offset,
  position: number | null = null,
): number {
  if (libc === undefined) return fs.readSync(fd, buffer, offset, length, position)
  const part = buffer.subarray(offset, offset + length)
  return position === null ? call('read', fd, part, length) : call('pread', fd, part, length, BigInt(position))
}

export function writeSync(
  fd: number,
  data: string | Uint8Array,
  offset = 0,
  length?: number,
  position: number | null = null,
): number {
  const bytes = Buffer.from(data as Uint8Array)
  const size = length ?? bytes.length - offset
  if (libc === undefined) return fs.writeSync(fd, bytes, offset, size, position)
  const part = bytes.subarray(offset, offset + size)
  return position === null ? call('write', fd, part, size) : call('pwrite', fd, part, size, BigInt(position))
}

export function ftruncateSync(fd: number, length = 0): void {
  if (libc === undefined) fs.ftruncateSync(fd, length)
  else call('ftruncate', fd, BigInt(length))
}

export function fstatSync(fd: number): fs.Stats {
  if (libc === undefined) return fs.fstatSync(fd)
  const path = `/proc/self/fd/${fd}`
  if (!fs.existsSync(path)) throw Object.assign(new Error('EBADF: fstat'), { code: 'EBADF', syscall: 'fstat' })
  return fs.statSync(path)
}
