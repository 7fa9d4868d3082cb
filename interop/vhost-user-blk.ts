// The client of the case `vhost-user-blk`: the part of a virtual machine. It passes its memory, a memory file, and two sockets as bells to
// a program that has a disk; requests and answers then lie in that memory, and only the bells are rung.
import { readSync, writeSync } from 'node:fs'
import { connect, type FdSource, memfd, type OwnedFd, pair, type UnixSocket } from '../index.js'
import { environment, number } from './environment.js'

const REQUEST = {
  getFeatures: 1,
  setFeatures: 2,
  setOwner: 3,
  setMemTable: 5,
  setVringNum: 8,
  setVringAddr: 9,
  setVringBase: 10,
  setVringKick: 12,
  setVringCall: 13,
  getProtocolFeatures: 15,
  setProtocolFeatures: 16,
  setVringEnable: 18,
  getConfig: 24,
}
const VERSION = 1
const NEED_REPLY = 8
const HEAD = 12
const PROTOCOL_FEATURES = 1n << 30n
const VERSION_1 = 1n << 32n
const REPLY_ACK = 1n << 3n
const CONFIG = 1n << 9n

/** Where things lie in the memory. */
const AT = { descriptors: 0, available: 0x400, used: 0x800, request: 0x1000, data: 0x2000, status: 0x3000 }
const MEMORY = 0x10000
/** What the memory's first byte is called by us, as a pointer. */
const BASE = 0x7000_0000
const QUEUE = 8
const SECTOR = 512
const [READ, WRITE] = [0, 1]
/** Of a descriptor of the queue. */
const [NEXT, DEVICE_WRITES] = [1, 2]

async function run(): Promise<object> {
  const disk = await Disk.connect(environment('SOCK'))
  const [read, readStatus] = await disk.transfer(READ, number('READ_SECTOR'), Buffer.alloc(SECTOR))
  const text = Buffer.alloc(SECTOR, environment('NONCE'))
  const [, writeStatus] = await disk.transfer(WRITE, number('WRITE_SECTOR'), text)
  await disk.close()
  return { sectors: disk.sectors, read: read.toString('hex'), statuses: [readStatus, writeStatus] }
}

class Disk {
  readonly #socket: UnixSocket<'stream'>
  readonly #memory: OwnedFd = memfd('memory', { size: MEMORY })
  /** The bells: ours to ring and to listen to, and their other ends. */
  readonly #kick = pair()
  readonly #call = pair()
  #count = 0
  sectors = 0

  private constructor(socket: UnixSocket<'stream'>) {
    this.#socket = socket
  }

  static async connect(path: string): Promise<Disk> {
    const disk = new Disk(await connect(path))
    await disk.#agree()
    await disk.#shareMemory()
    await disk.#startQueue()
    return disk
  }

  async #agree(): Promise<void> {
    const features = (await this.#ask(REQUEST.getFeatures)).readBigUInt64LE()
    if ((features & PROTOCOL_FEATURES) === 0n) throw new Error('The other side is too old')
    await this.#tell(REQUEST.setFeatures, u64(PROTOCOL_FEATURES | VERSION_1))
    await this.#ask(REQUEST.getProtocolFeatures)
    await this.#tell(REQUEST.setProtocolFeatures, u64(REPLY_ACK | CONFIG))
    await this.#confirm(REQUEST.setOwner)
    const config = await this.#ask(REQUEST.getConfig, u32(0, 8, 0), u64(0))
    this.sectors = Number(config.readBigUInt64LE(12))
  }

  async #shareMemory(): Promise<void> {
    await this.#confirm(REQUEST.setMemTable, [u32(1, 0), u64(0, MEMORY, BASE, 0)], [this.#memory])
  }

  async #startQueue(): Promise<void> {
    await this.#confirm(REQUEST.setVringNum, [u32(0, QUEUE)])
    await this.#confirm(REQUEST.setVringBase, [u32(0, 0)])
    const [descriptors, used, available] = [AT.descriptors, AT.used, AT.available].map((at) => BASE + at)
    await this.#confirm(REQUEST.setVringAddr, [
      u32(0, 0),
      u64(descriptors as number, used as number, available as number, 0),
    ])
    await this.#confirm(REQUEST.setVringCall, [u64(0)], [this.#call[1]])
    await this.#confirm(REQUEST.setVringKick, [u64(0)], [this.#kick[1]])
    await this.#confirm(REQUEST.setVringEnable, [u32(0, 1)])
    await this.#call[1].close()
    await this.#kick[1].close()
  }

  /** Puts a request into the memory, rings, waits for the other bell. */
  async transfer(type: number, sector: number, data: Buffer): Promise<[Buffer, number]> {
    this.#put(AT.request, u32(type, 0), u64(sector))
    this.#put(AT.data, data)
    this.#put(AT.status, Buffer.from([0xff]))
    const direction = type === READ ? DEVICE_WRITES : 0
    this.#put(AT.descriptors, u64(AT.request), u32(16), u16(NEXT, 1))
    this.#put(AT.descriptors + 16, u64(AT.data), u32(data.length), u16(NEXT | direction, 2))
    this.#put(AT.descriptors + 32, u64(AT.status), u32(1), u16(DEVICE_WRITES, 0))
    const place = this.#count++ % QUEUE
    this.#put(AT.available + 4 + place * 2, u16(0))
    this.#put(AT.available + 2, u16(this.#count))
    await this.#kick[0].send(u64(1))
    while (this.#get(AT.used + 2, 2).readUInt16LE() !== this.#count) await this.#call[0].recv()
    return [this.#get(AT.data, data.length), this.#get(AT.status, 1).readUInt8()]
  }

  #put(at: number, ...parts: Buffer[]): void {
    const bytes = Buffer.concat(parts)
    writeSync(this.#memory.fd, bytes, 0, bytes.length, at)
  }

  #get(at: number, length: number): Buffer {
    const bytes = Buffer.alloc(length)
    readSync(this.#memory.fd, bytes, 0, length, at)
    return bytes
  }

  async #tell(request: number, body: Buffer, fds: readonly FdSource[] = [], flags = 0): Promise<void> {
    await this.#socket.send([u32(request, VERSION | flags, body.length), body], { fds })
  }

  /** What it answers. */
  async #ask(request: number, ...parts: Buffer[]): Promise<Buffer> {
    await this.#tell(request, Buffer.concat(parts))
    return await this.#answer()
  }

  /** It answers 0 when it has done it. */
  async #confirm(request: number, parts: Buffer[] = [], fds: readonly FdSource[] = []): Promise<void> {
    await this.#tell(request, Buffer.concat(parts), fds, NEED_REPLY)
    const failed = (await this.#answer()).readBigUInt64LE()
    if (failed !== 0n) throw new Error(`Request ${request} was refused`)
  }

  async #answer(): Promise<Buffer> {
    let bytes = Buffer.alloc(0)
    while (bytes.length < HEAD || bytes.length < HEAD + bytes.readUInt32LE(8)) {
      const message = await this.#socket.recv()
      if (message === null) throw new Error('The other side closed the connection')
      bytes = Buffer.concat([bytes, message.data])
    }
    return bytes.subarray(HEAD)
  }

  async close(): Promise<void> {
    await this.#socket.close()
    await this.#kick[0].close()
    await this.#call[0].close()
    this.#memory.close()
  }
}

function u16(...values: number[]): Buffer {
  return numbers(values, 2, (bytes, value, at) => bytes.writeUInt16LE(value, at))
}

function u32(...values: number[]): Buffer {
  return numbers(values, 4, (bytes, value, at) => bytes.writeUInt32LE(value, at))
}

function u64(...values: (number | bigint)[]): Buffer {
  return numbers(values, 8, (bytes, value, at) => bytes.writeBigUInt64LE(BigInt(value), at))
}

function numbers<T>(values: readonly T[], size: number, write: (bytes: Buffer, value: T, at: number) => void): Buffer {
  const bytes = Buffer.alloc(values.length * size)
  for (const [index, value] of values.entries()) write(bytes, value, index * size)
  return bytes
}

run().then((seen) => console.log(JSON.stringify(seen)))
