/**
 * The receiving half of a socket: messages in order, nothing lost by an abort, an error only after the data that came before it,
 * and an end that is never mistaken for anything else. Knows received messages and the queue, not the sending half.
 */
import { check, EAGAIN, ECONNREFUSED, ECONNRESET, ownError, systemError } from './errors.js'
import type { Handle } from './handle.js'
import { messageIn, type ReceivedMessage } from './message.js'
import { Connector } from './message-credentials.js'
import { constants, native, receiveMemory } from './native.js'
import { AGAIN } from './queue.js'
import type { Wait } from './wait.js'

/** What the receiver must know of its socket at each receive. */
export interface Source {
  readonly handle: Handle
  /** SOCK_STREAM, SOCK_SEQPACKET or SOCK_DGRAM. */
  readonly type: number
  /** On a stream, a message with descriptors begins at their byte. */
  readonly exact: boolean
  maxFds: number
}

/** Longest record that arrives whole when the user sets no limit, in bytes. */
const recordLimit = (): number => constants.slotSize + constants.spareSize

/** Receives for one socket. */
export class Receiver {
  readonly #source: Source
  /** Read for somebody who no longer waits, or read ahead: in order, an error in its place. */
  readonly #held: (ReceivedMessage | Error)[] = []
  #deferred: Error | undefined
  #offset = 0
  /** Where a record lies that a user's own limit allowed to be larger than a slot. */
  #large: Buffer | undefined

  readonly #connector: Connector

  constructor(source: Source) {
    this.#source = source
    this.#connector = new Connector(source.handle)
    source.handle.onClose(() => this.closeHeld())
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
    return this.#run(() => this.tryReceive(maxBytes), wait)
  }

  /** Up to `max` messages, at least one, waiting for the first. */
  receiveMany(max: number, wait?: Wait): Promise<ReceivedMessage[] | null> {
    return this.#run(() => this.#tryMany(max), wait)
  }

  /** The next message for an iterator, reading ahead by at most one batch. */
  next(wait?: Wait): Promise<ReceivedMessage | null> {
    return this.#run(() => this.#tryOne(constants.slots, undefined), wait)
  }

  #run<T>(attempt: () => T | typeof AGAIN, wait?: Wait): Promise<T> {
    return this.#source.handle.readiness.reading.run<T>({ syscall: 'recvmsg', attempt }, wait)
  }

  /** One message if there is one now; `null` at the end. */
  tryReceive(maxBytes: number | undefined): ReceivedMessage | null | typeof AGAIN {
    return this.#tryOne(1, maxBytes)
  }

  #tryOne(want: number, maxBytes: number | undefined): ReceivedMessage | null | typeof AGAIN {
    const nothing = this.#ensure(want, maxBytes)
    if (nothing === undefined) return this.#takeHeld(maxBytes)
    return nothing === 'end' ? null : nothing
  }

  #tryMany(max: number): ReceivedMessage[] | null | typeof AGAIN {
    const nothing = this.#ensure(Math.min(max, constants.slots), undefined)
    if (nothing !== undefined) return nothing === 'end' ? null : nothing
    const messages = [this.#takeHeld(undefined)]
    while (messages.length < max && this.#held[0] !== undefined && !(this.#held[0] instanceof Error)) {
      messages.push(this.#takeHeld(undefined))
    }
    return messages
  }

  /** Sees to it that something is held; otherwise says what there is instead. */
  #ensure(want: number, maxBytes: number | undefined): undefined | 'end' | typeof AGAIN {
    if (this.#held.length > 0) return undefined
    const outcome = this.#fill(want, maxBytes)
    if (this.#held.length > 0) return undefined
    if (this.#deferred !== undefined) {
      const error = this.#deferred
      this.#deferred = undefined
      throw error
    }
    return outcome
  }

  #takeHeld(maxBytes: number | undefined): ReceivedMessage {
    const item = this.#held.shift() as ReceivedMessage | Error
    if (item instanceof Error) throw item
    if (maxBytes === undefined || item.data.length <= maxBytes) return item
    if (this.#source.type !== constants.sockStream) {
      item.close()
      throw ownError('ERR_MESSAGE_TRUNCATED', `A record of ${item.data.length} bytes did not fit and is lost`, {
        length: item.data.length,
      })
    }
    const [head, rest] = item.split(maxBytes)
    this.#held.unshift(rest)
    return head
  }

  /**
   * One call of the native `receive`. Linux: on seqpacket and datagram sockets a lost connection is reported before the data that
   * still waits; such an error is put off until nothing more comes.
   */
  #fill(want: number, maxBytes: number | undefined): 'end' | typeof AGAIN {
    for (;;) {
      const count = this.#receive(want, maxBytes)
      if (count === EAGAIN) return AGAIN
      if ((count === ECONNRESET || count === ECONNREFUSED) && this.#deferred === undefined) {
        this.#deferred = systemError(count, 'recvmsg')
        continue
      }
      check(count, 'recvmsg')
      this.#connector.turn++
      const [stopped, ended] = receiveMemory().meta as unknown as [number, number]
      for (let slot = 0; slot < count; slot++) this.#hold(slot)
      this.#note(-stopped)
      return count === 0 && ended === 1 ? 'end' : AGAIN
    }
  }

  #receive(want: number, maxBytes: number | undefined): number {
    const { handle, type, maxFds, exact } = this.#source
    const { slab, meta, fds, extra } = receiveMemory()
    const limit = this.#limit(maxBytes)
    if (limit <= recordLimit()) {
      return native.receive(handle.open, type, want, limit, maxFds, slab, meta, fds, extra, exact)
    }
    // Only a look at the next record tells how much memory the user's large limit really takes.
    const length = native.nextLength(handle.open)
    if (length < 0) return length
    const place = Buffer.alloc(Math.max(Math.min(length, limit), recordLimit() + 1))
    const count = native.receive(handle.open, type, 1, place.length, maxFds, place, meta, fds, extra)
    this.#large = count === 1 ? place : undefined
    return count
  }

  #limit(maxBytes: number | undefined): number {
    if (this.#source.type === constants.sockStream) return Math.min(maxBytes ?? constants.slotSize, constants.slotSize)
    return maxBytes ?? recordLimit()
  }

  #hold(slot: number): void {
    const place = this.#large
    this.#large = undefined
    const item = messageIn(slot, { offset: this.#offset, connector: this.#connector, place })
    if (!(item instanceof Error)) {
      this.#offset += item.data.length
      this.#source.handle.readiness.reading.spend(item.data.length)
    }
    this.#held.push(item)
  }

  /** The error that ended a batch comes after its messages. */
  #note(errno: number): void {
    if (errno === 0 || errno === EAGAIN) return
    const error = systemError(errno, 'recvmsg')
    if (errno === ECONNRESET || errno === ECONNREFUSED) this.#deferred = error
    else this.#held.push(error)
  }

  /** Gives up what was read ahead. */
  takeHeld(): ReceivedMessage[] {
    return this.#held.splice(0).filter((item) => !(item instanceof Error)) as ReceivedMessage[]
  }

  closeHeld(): void {
    for (const message of this.takeHeld()) message.close()
  }
}
