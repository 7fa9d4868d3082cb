/**
 * Loads the native addon, or remembers why it cannot: importing the package never fails, the first call does.
 * The only file that knows the generated binding; it knows nothing of sockets, only the memory that messages arrive in.
 */
import type * as Binding from './native/binding.js'

/** The native functions: each returns a count, or a negative errno. */
export type Native = typeof Binding

class UnsupportedPlatformError extends Error {
  readonly code = 'ERR_UNSUPPORTED_PLATFORM'
}

function explain(cause: unknown): UnsupportedPlatformError {
  const platform = `${process.platform}-${process.arch}`
  const supported = ['linux'].includes(process.platform)
  const reason = supported
    ? `its native part was not found. Looked for the package ancillary-${platform}-gnu and for a local build (npm run build:native). ` +
      'If node_modules was made on another platform or with --omit=optional, delete it together with the lockfile and install again (npm issue 4828)'
    : 'there is no native part for it'
  return new UnsupportedPlatformError(`ancillary does not work on ${platform}: ${reason}`, { cause })
}

function failing<T extends object>(error: Error): T {
  return new Proxy({} as T, {
    get() {
      throw error
    },
  })
}

function load(): { native: Native; constants: Binding.Constants } {
  try {
    const native = require('./native/binding.js') as Native
    return { native, constants: native.constants() }
  } catch (cause) {
    const error = explain(cause)
    return { native: failing<Native>(error), constants: failing<Binding.Constants>(error) }
  }
}

const loaded = load()

export const native = loaded.native
/** Numbers of this operating system. */
export const constants = loaded.constants

/** What `receive` writes into, one per environment: see crates/binding/src/message.rs for the layout. */
export interface ReceiveMemory {
  readonly slab: Buffer
  readonly meta: Int32Array
  readonly fds: Int32Array
  readonly extra: Buffer
}

let memory: ReceiveMemory | undefined

/** Made at first use. The slab is address space until a message touches it. */
export function receiveMemory(): ReceiveMemory {
  memory ??= {
    slab: Buffer.from(new ArrayBuffer(constants.slots * constants.slotSize)),
    meta: new Int32Array((constants.slots + 1) * constants.metaStride),
    fds: new Int32Array(constants.slots * constants.scmFdsMax),
    extra: Buffer.from(new ArrayBuffer(constants.slots * constants.extraSize)),
  }
  return memory
}

/** A copy of the data that the last `receive` left in a slot and its spare memory: yours for ever. */
export function copySlot(slot: number, length: number): Buffer {
  const data = Buffer.allocUnsafe(length)
  const start = slot * constants.slotSize
  receiveMemory().slab.copy(data, 0, start, start + Math.min(length, constants.slotSize))
  if (length > constants.slotSize) native.takeSpare(slot, data.subarray(constants.slotSize))
  return data
}
