// The D-Bus wire format, as much of it as the case needs: little-endian numbers and strings, each aligned to its size,
// and the few containers that the bus daemon answers with. It knows bytes, not messages.

/** Collects values in wire format. */
export class Writer {
  readonly #parts: Buffer[] = []
  length = 0

  raw(bytes: Uint8Array | readonly number[]): this {
    this.#parts.push(Buffer.from(bytes))
    this.length += bytes.length
    return this
  }

  align(size: number): this {
    return this.raw(new Uint8Array(-this.length & (size - 1)))
  }

  uint32(value: number): this {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32LE(value)
    return this.align(4).raw(bytes)
  }

  string(value: string): this {
    const bytes = Buffer.from(value)
    return this.uint32(bytes.length).raw(bytes).raw([0])
  }

  signature(value: string): this {
    return this.raw([value.length]).raw(Buffer.from(value)).raw([0])
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}

/** Takes values from bytes in wire format. */
export class Reader {
  readonly #bytes: Buffer
  #at: number

  constructor(bytes: Buffer, at = 0) {
    this.#bytes = bytes
    this.#at = at
  }

  get at(): number {
    return this.#at
  }

  align(size: number): void {
    this.#at += -this.#at & (size - 1)
  }

  byte(): number {
    return this.#bytes.readUInt8(this.#at++)
  }

  uint32(): number {
    this.align(4)
    this.#at += 4
    return this.#bytes.readUInt32LE(this.#at - 4)
  }

  string(): string {
    return this.#text(this.uint32())
  }

  signature(): string {
    return this.#text(this.byte())
  }

  #text(length: number): string {
    const start = this.#at
    this.#at += length + 1
    return this.#bytes.toString('utf8', start, start + length)
  }

  /** One value of a single complete type. */
  value(type: string): unknown {
    if (type === 's' || type === 'o') return this.string()
    if (type === 'g') return this.signature()
    if (type === 'u' || type === 'h') return this.uint32()
    if (type === 'y') return this.byte()
    if (type === 'b') return this.uint32() === 1
    if (type === 'v') return this.value(this.signature())
    if (type === 'a{sv}') return this.#dictionary()
    if (type === 'ay' || type === 'au') return this.#list(type.slice(1))
    throw new Error(`This client does not read D-Bus type ${type}`)
  }

  #list(type: string): unknown[] {
    const length = this.uint32()
    const end = this.#at + length
    const items: unknown[] = []
    while (this.#at < end) items.push(this.value(type))
    return items
  }

  #dictionary(): Record<string, unknown> {
    const length = this.uint32()
    this.align(8)
    const end = this.#at + length
    const entries: Record<string, unknown> = {}
    while (this.#at < end) {
      this.align(8)
      const key = this.string()
      entries[key] = this.value('v')
    }
    return entries
  }
}

/** The complete types that a signature lists. */
export function typesIn(signature: string): string[] {
  return signature.match(/a\{sv\}|a?[^a]/g) ?? []
}
