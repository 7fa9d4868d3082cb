/**
 * The receiving half of a socket: messages in order, nothing lost by an abort, an error only after the data that came before it,
 * and an end that is never mistaken for anything else. Knows received messages and the queue, not the sending half.
 */
import { LentBatch } from './batch.js'
import { check, EAGAIN, ECONNREFUSED, ECONNRESET, systemError } from './errors.js'
import type { Handle } from './handle.js'
import { holdForRoom } from './headroom.js'
import { Arrivals, messageIn, type ReceivedMessage, truncatedError } from './message.js'
import { Connector } from './message-credentials.js'
import { constants, native } from './native.js'
import type { CheckedOptions } from './options.js'
import { AGAIN, HOLD, type Operation, TURN_BYTES } from './queue.js'
import { ReadAhead } from './read-ahead.js'
import type { SentFds } from './sent-fds.js'
import { giveBlock, giveSlab, mainSlab, receive, receivedFacts, takeBlocks, takeSlab } from './slabs.js'
import { Spin } from './spin.js'
import type { Wait } from './wait.js'

/** What the receiver must know of its socket at each receive. */
export interface Source {
  readonly handle: Handle
  /** The object that users hold: whoever waits for a message keeps it from being collected. */
  readonly owner: object
  /** SOCK_STREAM, SOCK_SEQPACKET or SOCK_DGRAM. */
  readonly type: number
  /** As it began: `fdsAt`, `pauseWhenScarce` and `spin` do not change. Of a listener's connections the same object. */
  readonly options: CheckedOptions
  maxFds: number
  /** What was sent and not answered, where that is kept; made at the first send. */
  sent?: SentFds | undefined
}

/** Of all who have never held anything. */
const NOTHING_HELD: (ReceivedMessage | Error)[] = []

/** A receive has to wait: for a message, or for room. */
type Nothing = typeof AGAIN | typeof HOLD

/** Longest record that arrives whole when the user sets no limit, in bytes. */
const recordLimit = (): number => constants.slotSize + constants.spareSize

/** Bytes of a chunk of a stream from which on memory of its own is expected to pay. */
const DIRECT_BYTES = 8192

/** What a receive asks for; a function for all, since one for each would cost as much memory as the rest. */
type Way<T, A> = (receiver: Receiver, argument: A) => T | Nothing

/** A receive that may wait. A class, because an object with a getter of its own costs as much as a system call. */
class Receive<T, A> implements Operation<T> {
  readonly #receiver: Receiver
  readonly #way: Way<T, A>
  readonly argument: A

  constructor(receiver: Receiver, way: Way<T, A>, argument: A) {
    this.#receiver = receiver
    this.#way = way
    this.argument = argument
  }

  get syscall(): string {
    return 'recvmsg'
  }

  attempt(): T | Nothing {
    // In a conversation the answer is not there yet: to look first would be for nothing.
    const spinsFirst = this.#receiver.expectsToSpin
    if (spinsFirst) this.#receiver.hasSpun()
    const result = this.#way(this.#receiver, this.argument)
    if (result !== AGAIN || spinsFirst || !this.#receiver.hasSpun()) return result
    return this.#way(this.#receiver, this.argument)
  }

  get spins(): boolean {
    return this.#receiver.spins
  }

  get atHand(): boolean {
    return this.#receiver.owing
  }
}

/** Who takes one message after the other. */
interface Loop {
  /** There is nothing more. */
  finish(): IteratorReturnResult<undefined>
  /** What it makes of an error; undefined: an error. */
  failed(error: unknown): IteratorReturnResult<undefined> | undefined
}

class ReceiveNext extends Receive<IteratorResult<ReceivedMessage, undefined>, Loop> {
  answered(error: unknown): IteratorReturnResult<undefined> | undefined {
    return this.argument.failed(error)
  }
}

/** Receives for one socket. */
export class Receiver {
  readonly #source: Source
  /** Read for somebody who no longer waits, or read ahead: in order, an error in its place. */
  #held: (ReceivedMessage | Error)[] = NOTHING_HELD
  #deferred: Error | undefined
  /** Of the next byte. Not 0: V8 would keep it as a small integer, and throw away compiled code all over at 2 GiB. */
  #offset = -0
  /** Bytes of a message, as the last receive had them. */
  #typical = 1
  /** Where messages lie that have memory of their own: large chunks, or a record that a user's own limit allowed to be larger. */
  #places: Buffer[] | undefined
  /** Made at first use, as the next one: many sockets never need them. */
  #ahead: ReadAhead | undefined
  #connector: Connector | undefined
  #spin: Spin | undefined

  static readonly #one: Way<ReceivedMessage | null, number | undefined> = (receiver, maxBytes) =>
    receiver.tryReceive(maxBytes)
  static readonly #many: Way<ReceivedMessage[] | null, number> = (receiver, max) => receiver.#tryMany(max)
  static readonly #lent: Way<LentBatch | null, number> = (receiver, max) => receiver.#tryLent(max)
  static readonly #next: Way<IteratorResult<ReceivedMessage, undefined>, Loop> = (receiver, loop) => {
    const next = receiver.#tryNext()
    if (typeof next === 'symbol') return next
    return next === null ? loop.finish() : { done: false, value: next }
  }

  constructor(source: Source) {
    this.#source = source
  }

  /** What is held when the socket is closed is closed with it. */
  #closeWithSocket(): void {
    const held: (ReceivedMessage | Error)[] = []
    this.#held = held
    // Not by way of `this`: what hangs on a descriptor would keep a forgotten socket from being collected.
    this.#source.handle.onClose(() => {
      for (const message of messagesOf(held)) message.close()
    })
  }

  /** What is known of the process that connected. */
  get connector(): Connector {
    this.#connector ??= new Connector(this.#source.handle)
    return this.#connector
  }

  get holding(): boolean {
    return this.#held.length > 0
  }

  /** Whether a receive has something to give that the kernel knows no more: a message, or the error that came before it. */
  get owing(): boolean {
    return this.holding || this.#deferred !== undefined
  }

  /** One message, waiting for it. */
  receive(maxBytes: number | undefined, wait?: Wait): Promise<ReceivedMessage | null> {
    return this.#run(new Receive(this, Receiver.#one, maxBytes), wait)
  }

  /** Up to `max` messages, at least one, waiting for the first. */
  receiveMany(max: number, wait?: Wait): Promise<ReceivedMessage[] | null> {
    return this.#run(new Receive(this, Receiver.#many, max), wait)
  }

  /** The same without a Promise: one of the two is called, at once or later. */
  receiveManyFor(
    max: number,
    resolve: (messages: ReceivedMessage[] | null) => void,
    reject: (error: unknown) => void,
  ): void {
    this.#source.handle.readiness.reading.runFor(new Receive(this, Receiver.#many, max), resolve, reject)
  }

  /** The same, their bytes lent as long as there is memory for that. */
  receiveLent(max: number, wait?: Wait): Promise<LentBatch | null> {
    return this.#run(new Receive(this, Receiver.#lent, max), wait)
  }

  /** Whether it waits without sleeping first. */
  get spins(): boolean {
    return this.#source.options.spin > 0
  }

  /** Whether the last message came while it did. */
  get expectsToSpin(): boolean {
    return !this.owing && this.#spin?.hasFound === true
  }

  /** Whether something came while it did. */
  hasSpun(): boolean {
    const { handle, options } = this.#source
    const { spin } = options
    if (spin === 0) return false
    this.#spin ??= new Spin(spin)
    return this.#spin.found(handle.open)
  }

  get closed(): boolean {
    return this.#source.handle.closed
  }

  /** The next message for a loop, reading ahead by at most one batch. */
  nextFor(loop: Loop, wait?: Wait): Promise<IteratorResult<ReceivedMessage, undefined>> {
    return this.#run(new ReceiveNext(this, Receiver.#next, loop), wait)
  }

  #tryNext(): ReceivedMessage | null | Nothing {
    if (this.#held.length > 0) return this.#takeHeld(undefined)
    this.#ahead ??= new ReadAhead(constants.slots)
    const nothing = this.#ensure(this.#ahead.want, undefined)
    if (nothing !== undefined) return nothing === 'end' ? null : nothing
    this.#ahead.learn(this.#held.length)
    return this.#takeHeld(undefined)
  }

  /** A message that a loop need not wait for; undefined: ask `nextFor`. */
  nextHeld(): ReceivedMessage | undefined {
    if (this.#held.length === 0 || this.#source.handle.readiness.reading.length > 0) return undefined
    return this.#takeHeld(undefined)
  }

  #run<T, A>(receive: Receive<T, A>, wait?: Wait): Promise<T> {
    return this.#source.handle.readiness.reading.run<T>(receive, wait)
  }

  /** One message if there is one now; `null` at the end. */
  tryReceive(maxBytes: number | undefined): ReceivedMessage | null | Nothing {
    const nothing = this.#ensure(1, maxBytes)
    if (nothing === undefined) return this.#takeHeld(maxBytes)
    return nothing === 'end' ? null : nothing
  }

  #tryMany(max: number): ReceivedMessage[] | null | Nothing {
    const nothing = this.#ensure(max, undefined)
    if (nothing !== undefined) return nothing === 'end' ? null : nothing
    const messages = [this.#takeHeld(undefined)]
    while (messages.length < max && this.#held[0] !== undefined && !(this.#held[0] instanceof Error)) {
      messages.push(this.#takeHeld(undefined))
    }
    return messages
  }

  #tryLent(max: number): LentBatch | null | Nothing {
    const slab = this.#held.length === 0 ? takeSlab() : undefined
    if (slab !== undefined) {
      const batch = this.#fillLent(slab, max)
      if (batch !== undefined) return batch
    }
    const messages = this.#tryMany(max)
    return Array.isArray(messages) ? LentBatch.of(messages) : messages
  }

  /** A batch over the slab; undefined: it is not needed, and what has come is held. */
  #fillLent(slab: Buffer, max: number): LentBatch | null | Nothing | undefined {
    let count: number | 'end' | Nothing = AGAIN
    try {
      count = this.#fetch(max, undefined, slab)
      if (typeof count === 'number' && this.#isWhole(slab, count)) return this.#lend(slab, count)
      if (typeof count === 'number') this.#holdAll(slab, count)
    } catch (error) {
      giveSlab(slab)
      throw error
    }
    giveSlab(slab)
    if (this.owing || typeof count === 'number') return undefined
    return count === 'end' ? null : count
  }

  #isWhole(slab: Buffer, count: number): boolean {
    if (receivedFacts().meta[SPECIAL] === 0) return true
    const arrivals = new Arrivals(slab, this)
    for (let slot = 0; slot < count; slot++) if (arrivals.lost(slot) > 0) return false
    return true
  }

  #lend(slab: Buffer, count: number): LentBatch {
    const batch = new LentBatch(slab)
    const arrivals = new Arrivals(slab, this)
    let bytes = 0
    for (let slot = 0; slot < count; slot++) {
      const length = arrivals.length(slot)
      batch.add(slot, length, this.#offset + bytes, arrivals.attached(slot))
      bytes += length
    }
    this.#count(count, bytes)
    this.#note()
    return batch
  }

  /** Sees to it that something is held; otherwise says what there is instead. */
  #ensure(want: number, maxBytes: number | undefined): undefined | 'end' | Nothing {
    if (this.#held.length > 0) return undefined
    const slab = mainSlab()
    const outcome = this.#fetch(want, maxBytes, slab)
    if (outcome === HOLD) return HOLD
    if (typeof outcome === 'number') {
      const isDirect = this.#places !== undefined
      this.#holdAll(slab, outcome)
      if (isDirect && this.#typical === constants.slotSize) this.#holdMore(this.#most(want) - outcome)
    }
    if (this.#held.length > 0) return undefined
    if (this.#deferred !== undefined) {
      const error = this.#deferred
      this.#deferred = undefined
      throw error
    }
    return outcome === 'end' ? 'end' : AGAIN
  }

  /** One chunk was asked for, and fills its room: behind it there may be others. */
  #holdMore(most: number): void {
    if (most <= 0) return
    const count = this.#receive(most, undefined, mainSlab())
    if (count > 0) this.#holdAll(mainSlab(), count)
    else if (count !== constants.noRoom) this.#stop(count)
  }

  #takeHeld(maxBytes: number | undefined): ReceivedMessage {
    const item = this.#held.shift() as ReceivedMessage | Error
    if (item instanceof Error) throw item
    if (maxBytes === undefined || item.data.length <= maxBytes) return item
    if (this.#source.type !== constants.sockStream) {
      item.close()
      throw truncatedError(item.data.length)
    }
    const [head, rest] = item.split(maxBytes)
    this.#held.unshift(rest)
    return head
  }

  /**
   * Calls the native `receive` until it has brought at least one message: how many. Linux: a lost connection is reported before the
   * data that still waits; such an error is put off until nothing more comes.
   */
  #fetch(want: number, maxBytes: number | undefined, slab: Buffer): number | 'end' | Nothing {
    for (;;) {
      const count = this.#receive(want, maxBytes, slab)
      if (count === EAGAIN) return AGAIN
      if (count === constants.noRoom) return this.#holdForRoom()
      if ((count === ECONNRESET || count === ECONNREFUSED) && this.#deferred === undefined) {
        this.#deferred = systemError(count, 'recvmsg')
        continue
      }
      check(count, 'recvmsg')
      if (this.#connector !== undefined) this.#connector.turn++
      if (count > 0) return count
      return receivedFacts().meta[ENDED] === 1 ? 'end' : AGAIN
    }
  }

  #receive(want: number, maxBytes: number | undefined, slab: Buffer): number {
    const { handle, type, maxFds, options } = this.#source
    const gauged = this.#needsRoom() ? constants.gauged : 0
    const limit = this.#limit(maxBytes)
    if (limit <= recordLimit()) {
      const kind = type | gauged | (options.exact ? constants.exact : 0)
      if (slab !== mainSlab()) return receive(handle.open, kind, this.#most(want), limit, maxFds, slab)
      if (this.#isDirect(maxBytes)) return this.#receiveDirect(kind, want, limit)
      return receive(handle.open, kind, this.#most(want), limit, maxFds)
    }
    // Only a look at the next record tells how much memory the user's large limit really takes.
    const length = native.nextLength(handle.open)
    if (length < 0) return length
    const place = Buffer.alloc(Math.max(Math.min(length, limit), recordLimit() + 1))
    const count = receive(handle.open, type | gauged, 1, place.length, maxFds, place)
    this.#places = count === 1 ? [place] : undefined
    return count
  }

  /** How many of the size that they have had are enough for one turn. */
  #most(want: number): number {
    return Math.max(1, Math.min(want, Math.floor(TURN_BYTES / this.#typical)))
  }

  /**
   * Large chunks of a stream get memory of their own from the beginning: to copy them costs nearly as much as to receive them. For
   * those that turn out to be small, they are copied as from a slab.
   */
  #isDirect(maxBytes: number | undefined): boolean {
    return this.#source.type === constants.sockStream && maxBytes === undefined && this.#typical >= DIRECT_BYTES
  }

  /** Several at once where the last ones filled their rooms: others would leave most of theirs empty. */
  #receiveDirect(kind: number, want: number, limit: number): number {
    const { handle, maxFds } = this.#source
    const blocks = takeBlocks(this.#typical === constants.slotSize ? this.#most(want) : 1)
    const count = receive(handle.open, kind, blocks.length, limit, maxFds, blocks)
    for (let at = Math.max(0, count); at < blocks.length; at++) giveBlock(blocks[at] as Buffer)
    if (count > 0) this.#places = blocks
    return count
  }

  #limit(maxBytes: number | undefined): number {
    if (this.#source.type === constants.sockStream) return Math.min(maxBytes ?? constants.slotSize, constants.slotSize)
    return maxBytes ?? recordLimit()
  }

  #holdAll(slab: Buffer, count: number): void {
    const places = this.#places
    this.#places = undefined
    const arrivals = receivedFacts().meta[SPECIAL] === 0 ? undefined : new Arrivals(slab, this)
    let bytes = 0
    for (let slot = 0; slot < count; slot++) {
      const offset = this.#offset + bytes
      const place = places === undefined ? undefined : places[slot]
      const item = arrivals?.message(slot, offset, place) ?? messageIn(slab, slot, offset, place)
      if (!(item instanceof Error)) bytes += item.data.length
      this.#hold(item)
    }
    this.#count(count, bytes)
    this.#note()
  }

  #hold(item: ReceivedMessage | Error): void {
    if (this.#held === NOTHING_HELD) this.#closeWithSocket()
    this.#held.push(item)
  }

  #count(messages: number, bytes: number): void {
    this.#offset += bytes
    this.#typical = Math.max(1, Math.ceil(bytes / messages))
    this.#source.sent?.answered()
    this.#source.handle.readiness.reading.spend(bytes, messages - 1)
  }

  /** The error that ended a batch comes after its messages. */
  #note(): void {
    this.#stop(-(receivedFacts().meta[STOPPED] as number))
  }

  #stop(errno: number): void {
    if (errno === 0 || errno === EAGAIN) return
    const error = systemError(errno, 'recvmsg')
    if (errno === ECONNRESET || errno === ECONNREFUSED) this.#deferred = error
    else this.#hold(error)
  }

  /** Why a receive would have to wait though the poller says that there is something. */
  whyNot(): typeof HOLD | undefined {
    if (!this.#needsRoom()) return undefined
    const { handle, type, maxFds } = this.#source
    const answer = native.hasRoom(handle.open, type === constants.sockStream, maxFds)
    return answer === constants.noRoom ? this.#holdForRoom() : undefined
  }

  /** Whether it waits while too few descriptors are free. */
  #needsRoom(): boolean {
    const { options, maxFds } = this.#source
    return options.pauseWhenScarce && maxFds > 0
  }

  #holdForRoom(): typeof HOLD {
    return holdForRoom(this.#source.handle.readiness.reading)
  }

  /** Gives up what was read ahead. */
  takeHeld(): ReceivedMessage[] {
    return messagesOf(this.#held)
  }
}

function messagesOf(held: (ReceivedMessage | Error)[]): ReceivedMessage[] {
  return held.splice(0).filter((item) => !(item instanceof Error)) as ReceivedMessage[]
}

/** Where row 0 tells how a receive ended: see crates/binding/src/receiving.rs. */
const STOPPED = 0
const ENDED = 1
const SPECIAL = 2
