/**
 * The memory that messages arrive in: arrays of facts about them, the slab of those whose bytes are copied at once, and slabs that
 * are lent. One of each environment; it knows slots, not what a message is.
 */
import { constants, native } from './native.js'

/** What `receive` writes beside the bytes: see crates/binding/src/receiving.rs for the layout. */
export interface ReceivedFacts {
  readonly meta: Int32Array
  readonly fds: Int32Array
  readonly extra: Buffer
}

/** Slabs that may be lent at a time; after that, bytes are copied. */
const LENT_MAX = 8

let facts: ReceivedFacts | undefined
let main: Buffer | undefined
const idle: Buffer[] = []
let made = 0

/** Registered with the native side at first use. Nobody else may see these arrays: it keeps pointers into them. */
export function receivedFacts(): ReceivedFacts {
  if (facts !== undefined) return facts
  facts = {
    meta: new Int32Array((constants.slots + 1) * constants.metaStride),
    fds: new Int32Array(constants.slots * constants.scmFdsMax),
    extra: Buffer.from(new ArrayBuffer(constants.slots * constants.extraSize)),
  }
  native.registerMemory(facts.meta, facts.fds, facts.extra)
  return facts
}

/** The slab whose bytes do not outlive the call that received them. It is address space until a message touches it. */
export function mainSlab(): Buffer {
  main ??= newSlab()
  return main
}

/** A slab to be lent; undefined when too many are. */
export function takeSlab(): Buffer | undefined {
  const slab = idle.pop()
  if (slab !== undefined || made === LENT_MAX) return slab
  made++
  return newSlab()
}

/** Nobody reads its bytes any more. */
export function giveSlab(slab: Buffer): void {
  // Whoever had a view may have transferred its memory to another thread.
  if (slab.length === 0) made--
  else idle.push(slab)
}

/** Its batch was forgotten, but somebody may still read its bytes: it is the garbage collector's. */
export function loseSlab(): void {
  made--
}

function newSlab(): Buffer {
  return Buffer.from(new ArrayBuffer(constants.slots * constants.slotSize))
}

/** A copy of the data that the last `receive` left in a slot and its spare memory: yours for ever. */
export function copySlot(slab: Buffer, slot: number, length: number): Buffer {
  const data = Buffer.allocUnsafe(length)
  const start = slot * constants.slotSize
  slab.copy(data, 0, start, start + Math.min(length, constants.slotSize))
  if (length > constants.slotSize) native.takeSpare(slot, data.subarray(constants.slotSize))
  return data
}
