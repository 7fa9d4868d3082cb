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

/** Slabs whose batch was forgotten. Somebody may still read their bytes, which are the garbage collector's. */
const lost = new FinalizationRegistry<void>(() => {
  made--
})
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
  native.registerMemory(facts.meta, facts.fds, facts.extra, mainSlab())
  return facts
}

/**
 * Receives up to `want` messages of at most `limit` bytes, each with up to `maxFds` descriptors, into the main slab, the given memory,
 * or a block for each: how many came, or a negative number. See crates/binding/src/receiving.rs.
 */
export function receive(
  fd: number,
  kind: number,
  want: number,
  limit: number,
  maxFds: number,
  into?: Buffer | Buffer[],
): number {
  const { meta } = receivedFacts()
  const at = constants.asked
  meta[at] = fd
  meta[at + 1] = kind
  meta[at + 2] = want
  meta[at + 3] = limit
  meta[at + 4] = maxFds
  if (into === undefined) return native.receive()
  return Array.isArray(into) ? native.receiveIntoEach(into) : native.receiveInto(into)
}

/**
 * The slab of every `receive` that names no other: its bytes do not outlive the call. It is address space until a message touches it,
 * and nobody else may see it.
 */
export function mainSlab(): Buffer {
  main ??= newSlab()
  return main
}

/** A slab to be lent; undefined when too many are. Nobody but its batch may refer to the object, lest it is never seen to be lost. */
export function takeSlab(): Buffer | undefined {
  const slab = idle.pop()
  if (slab !== undefined || made === LENT_MAX) return slab
  made++
  const fresh = newSlab()
  lost.register(fresh, undefined, fresh)
  return fresh
}

/** Nobody reads its bytes any more. */
export function giveSlab(slab: Buffer): void {
  // Whoever had a view may have transferred its memory to another thread.
  if (slab.length > 0) idle.push(slab)
  else if (lost.unregister(slab)) made--
}

function newSlab(): Buffer {
  return Buffer.from(new ArrayBuffer(constants.slots * constants.slotSize))
}

/** Blocks that are kept: as many as one turn may fill. */
const BLOCKS_MAX = 4
const spareBlocks: Buffer[] = []

/** Memory for large chunks that need not be copied, each as long as a slot. To be given back or owned. */
export function takeBlocks(count: number): Buffer[] {
  const blocks: Buffer[] = []
  for (let at = 0; at < count; at++) blocks.push(spareBlocks.pop() ?? Buffer.allocUnsafeSlow(constants.slotSize))
  return blocks
}

/** Nothing was received into it, or nothing that is still wanted. */
export function giveBlock(block: Buffer): void {
  if (spareBlocks.length < BLOCKS_MAX) spareBlocks.push(block)
}

/** Its first bytes, yours for ever: the block itself, or a copy where that would waste more than half of it. */
export function ownBlock(block: Buffer, length: number): Buffer {
  if (length === block.length) return block
  if (length * 2 >= block.length) return block.subarray(0, length)
  if (block.length === constants.slotSize) giveBlock(block)
  return Buffer.from(block.subarray(0, length))
}

type View = new (memory: ArrayBufferLike, start: number, length: number) => Buffer

/** The class behind Node's Buffers. Bun has no other than Buffer. */
const FastBuffer = (Buffer as unknown as Record<symbol, View>)[Symbol.species] as View
const hasFastBuffer = typeof FastBuffer === 'function' && (FastBuffer as unknown) !== Buffer

/** A Buffer over a part of some memory, in half the time of `subarray`, which asks for that memory by a call out of compiled code. */
export function viewOf(memory: ArrayBufferLike, start: number, length: number): Buffer {
  return hasFastBuffer ? new FastBuffer(memory, start, length) : Buffer.from(memory, start, length)
}

/** Messages up to this size share memory with others, as small Buffers of Node do. */
const SMALL = 256
const POOL_SIZE = 16_384
const WORD = 4

let pool = new ArrayBuffer(0)
let poolWords = new Int32Array(0)
let poolUsed = 0
let mainWords: Int32Array | undefined

/** Twice as fast as Buffer.allocUnsafe and copy, which make another view for the part that is copied. */
function copySmall(slot: number, length: number): Buffer {
  const words = Math.ceil(length / WORD)
  if (poolUsed + words > poolWords.length) {
    pool = new ArrayBuffer(POOL_SIZE)
    poolWords = new Int32Array(pool)
    poolUsed = 0
  }
  mainWords ??= new Int32Array(mainSlab().buffer)
  const from = (slot * constants.slotSize) / WORD
  const to = poolUsed
  for (let at = 0; at < words; at++) poolWords[to + at] = mainWords[from + at] as number
  poolUsed += words
  return viewOf(pool, to * WORD, length)
}

/** A copy of the data that the last `receive` left in a slot and its spare memory: yours for ever. */
export function copySlot(slab: Buffer, slot: number, length: number): Buffer {
  if (length <= SMALL && slab === main) return copySmall(slot, length)
  const data = Buffer.allocUnsafe(length)
  const start = slot * constants.slotSize
  slab.copy(data, 0, start, start + Math.min(length, constants.slotSize))
  if (length > constants.slotSize) native.takeSpare(slot, data.subarray(constants.slotSize))
  return data
}
