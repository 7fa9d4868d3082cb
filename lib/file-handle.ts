/**
 * The methods of `fs.promises.FileHandle` over a descriptor number, by way of the public functions of `fs`. Node makes its own
 * FileHandles only from paths, so this is the nearest honest thing. It knows nothing but files.
 */
import { EventEmitter } from 'node:events'
import * as fs from 'node:fs'
import { createInterface, type Interface } from 'node:readline'
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import { closedError } from './errors.js'

const call = {
  appendFile: promisify(fs.appendFile),
  close: promisify(fs.close),
  fchmod: promisify(fs.fchmod),
  fchown: promisify(fs.fchown),
  fdatasync: promisify(fs.fdatasync),
  fstat: promisify(fs.fstat),
  fsync: promisify(fs.fsync),
  ftruncate: promisify(fs.ftruncate),
  futimes: promisify(fs.futimes),
  // `promisify` knows these by a mark of Node's own: they give objects.
  read: promisify(fs.read) as (fd: number, ...rest: unknown[]) => Promise<{ bytesRead: number; buffer: Buffer }>,
  readFile: promisify(fs.readFile) as (fd: number, options?: unknown) => Promise<string | Buffer>,
  readv: promisify(fs.readv) as (fd: number, ...rest: unknown[]) => Promise<unknown>,
  write: promisify(fs.write) as (fd: number, ...rest: unknown[]) => Promise<{ bytesWritten: number }>,
  writeFile: promisify(fs.writeFile),
  writev: promisify(fs.writev) as (fd: number, ...rest: unknown[]) => Promise<unknown>,
}

const READ_SIZE = 16_384

/** A file that is open, with the methods of Node's FileHandle. Close it: the garbage collector does not. */
export class FdFileHandle extends EventEmitter {
  #fd: number

  constructor(fd: number) {
    super()
    this.#fd = fd
  }

  /** The number; -1 once closed. */
  get fd(): number {
    return this.#fd
  }

  #open(): number {
    if (this.#fd < 0) throw closedError('file handle')
    return this.#fd
  }

  async read(...values: unknown[]): Promise<{ bytesRead: number; buffer: NodeJS.ArrayBufferView }> {
    return await call.read(this.#open(), readOptions(values))
  }

  async readv(...values: unknown[]): Promise<unknown> {
    return await call.readv(this.#open(), ...values)
  }

  async write(...values: unknown[]): Promise<{ bytesWritten: number }> {
    return await call.write(this.#open(), ...values)
  }

  async writev(...values: unknown[]): Promise<unknown> {
    return await call.writev(this.#open(), ...values)
  }

  async readFile(options?: unknown): Promise<string | Buffer> {
    return await call.readFile(this.#open(), options)
  }

  async writeFile(data: string | NodeJS.ArrayBufferView, options?: fs.WriteFileOptions): Promise<void> {
    await call.writeFile(this.#open(), data, options)
  }

  async appendFile(data: string | Uint8Array, options?: fs.WriteFileOptions): Promise<void> {
    await call.appendFile(this.#open(), data, options)
  }

  async stat(options?: fs.StatOptions): Promise<fs.Stats | fs.BigIntStats> {
    return await call.fstat(this.#open(), options as fs.StatOptions)
  }

  async truncate(length = 0): Promise<void> {
    await call.ftruncate(this.#open(), length)
  }

  async chmod(mode: fs.Mode): Promise<void> {
    await call.fchmod(this.#open(), mode)
  }

  async chown(uid: number, gid: number): Promise<void> {
    await call.fchown(this.#open(), uid, gid)
  }

  async utimes(atime: fs.TimeLike, mtime: fs.TimeLike): Promise<void> {
    await call.futimes(this.#open(), atime, mtime)
  }

  async sync(): Promise<void> {
    await call.fsync(this.#open())
  }

  async datasync(): Promise<void> {
    await call.fdatasync(this.#open())
  }

  /** The stream takes the descriptor over unless `autoClose` is false. */
  createReadStream(options: { autoClose?: boolean; [name: string]: unknown } = {}): fs.ReadStream {
    const stream = fs.createReadStream('', { ...options, fd: this.#open() })
    if (options.autoClose !== false) this.#fd = -1
    return stream
  }

  /** The stream takes the descriptor over unless `autoClose` is false. */
  createWriteStream(options: { autoClose?: boolean; [name: string]: unknown } = {}): fs.WriteStream {
    const stream = fs.createWriteStream('', { ...options, fd: this.#open() })
    if (options.autoClose !== false) this.#fd = -1
    return stream
  }

  readLines(options?: { [name: string]: unknown }): Interface {
    return createInterface({ input: this.createReadStream(options), crlfDelay: Number.POSITIVE_INFINITY })
  }

  readableWebStream(): ReadableStream {
    return Readable.toWeb(this.createReadStream({ autoClose: false })) as ReadableStream
  }

  async close(): Promise<void> {
    if (this.#fd < 0) return
    const fd = this.#fd
    this.#fd = -1
    await call.close(fd)
    this.emit('close')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

/** A FileHandle may leave out what `fs.read` must have, and takes null for it. */
function readOptions([first, second, length, position]: unknown[]): object {
  if (!ArrayBuffer.isView(first)) return { buffer: Buffer.alloc(READ_SIZE), ...(first as object | undefined) }
  const given = typeof second === 'object' && second !== null ? second : { offset: second, length, position }
  const known = Object.entries(given).filter(([, value]) => value !== undefined && value !== null)
  return { ...Object.fromEntries(known), buffer: first }
}
