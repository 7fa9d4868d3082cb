/**
 * The sending half of a socket: messages leave in the order in which they were given, the queue is bounded, and what was cut off
 * in the middle of a stream closes the socket. Knows outgoing messages and the queue, not the receiving half.
 */
import { closedError, hasCode, ownError, type SocketError } from './errors.js'
import type { Handle } from './handle.js'
import { Outgoing, type Route, RUN_MAX } from './outgoing.js'
import type { AGAIN, Later, Operation } from './queue.js'
import type { Wait } from './wait.js'

/** Bytes and descriptors that may wait; one message alone may be larger. */
const QUEUED_BYTES_MAX = 1 << 20
const QUEUED_FDS_MAX = 1024
const NOBODY: readonly Transfer[] = []
/** Half a close: what was given behind it must not go before. */
const BARRIER = Symbol('barrier')

/** Several messages as one operation: none of another caller comes between them. */
class Transfer implements Operation<undefined> {
  readonly syscall = 'sendmsg'
  readonly #sender: Sender
  readonly #messages: Outgoing[]
  readonly bytes: number
  readonly fds: number
  sent = 0

  constructor(sender: Sender, messages: Outgoing[]) {
    this.#sender = sender
    this.#messages = messages
    let bytes = 0
    let fds = 0
    for (const message of messages) {
      bytes += message.length
      fds += message.fdCount
    }
    this.bytes = bytes
    this.fds = fds
  }

  /** Another transfer in front may have taken its messages along. */
  get atHand(): boolean {
    return this.sent === this.#messages.length
  }

  attempt(): undefined | typeof AGAIN | Later {
    try {
      if (this.#messages.length === 1 && !this.atHand && this.#sender.behind(this).length === 0) {
        return this.#attemptAlone()
      }
      while (!this.atHand) {
        const waiting = this.#attemptRun(this.#run())
        if (waiting !== undefined) return waiting
      }
      return undefined
    } catch (error) {
      throw this.failed(error as SocketError)
    }
  }

  /** One message, as most are. */
  #attemptAlone(): undefined | typeof AGAIN | Later {
    const message = this.#messages[0] as Outgoing
    const result = message.attempt(this.#sender.route())
    if (result !== true) return result
    this.#sender.spend(message.length)
    this.sent = 1
    return undefined
  }

  /** What may go with one system call: its own messages, then those of transfers that wait behind it. */
  #run(): Outgoing[] {
    const first = this.#messages[this.sent] as Outgoing
    const run = [first]
    let fds = first.fdCount
    for (const transfer of [this, ...this.#sender.behind(this)]) {
      for (let at = transfer === this ? this.sent + 1 : 0; at < transfer.#messages.length; at++) {
        const message = transfer.#messages[at] as Outgoing
        if (run.length === RUN_MAX || !first.together(message, fds)) return run
        run.push(message)
        fds += message.fdCount
      }
    }
    return run
  }

  /** Undefined: go on. */
  #attemptRun(run: Outgoing[]): undefined | typeof AGAIN | Later {
    const first = run[0] as Outgoing
    if (run.length === 1) {
      const result = first.attempt(this.#sender.route())
      if (result !== true) return result
      this.#count(1)
      return undefined
    }
    const count = Outgoing.attemptMany(run, this.#sender.route())
    if (typeof count !== 'number') return count
    this.#count(count)
    return undefined
  }

  /** So many messages have gone: its own, then those of others in their order. */
  #count(count: number): void {
    let left = count
    for (const transfer of [this, ...this.#sender.behind(this)]) {
      while (left > 0 && !transfer.atHand) {
        this.#sender.spend((transfer.#messages[transfer.sent] as Outgoing).length)
        transfer.sent++
        left--
      }
    }
  }

  failed(error: SocketError): SocketError {
    const written = this.#messages[this.sent]?.written ?? 0
    // A peer that has gone misreads nothing, and what it sent can still be received.
    if (written > 0 && !hasCode(error, 'EPIPE')) this.#sender.cutOff()
    return Object.assign(error, { sent: this.sent }, written > 0 ? { bytesWritten: written } : {})
  }

  queued(): void {
    this.#sender.reserve(this)
    try {
      for (const message of this.#messages.slice(this.sent)) message.keep()
    } catch (error) {
      this.settled()
      throw error
    }
  }

  /** Nobody waits for the rest: it must not change under us. */
  keepData(): void {
    for (const message of this.#messages.slice(this.sent)) message.keepData()
  }

  cancelled(error: Error): Error {
    const written = this.#messages[this.sent]?.written ?? 0
    const details = written > 0 ? { sent: this.sent, bytesWritten: written } : { sent: this.sent }
    if (written > 0) this.#sender.abandon()
    return Object.assign(error, details)
  }

  settled(): void {
    for (const message of this.#messages) message.release()
    this.#sender.unreserve(this)
  }
}

/** Sends for one socket. */
export class Sender {
  readonly #handle: Handle
  readonly #route: () => Route
  readonly #abandon: () => void
  /** Those that wait, in order. */
  readonly #waiting: (Transfer | typeof BARRIER)[] = []
  #bytes = 0
  #fds = 0
  #isCut = false

  /** `abandon` closes the socket: half a message is out and the other half will never be. */
  constructor(handle: Handle, route: () => Route, abandon: () => void) {
    this.#handle = handle
    this.#route = route
    this.#abandon = abandon
  }

  /** Resolves when the kernel has taken all messages. */
  send(messages: Outgoing[], wait?: Wait): Promise<void> {
    return this.#handle.readiness.writing.run<undefined>(new Transfer(this, messages), wait)
  }

  /** As {@link send}, for who need not wait where all of them went at once: undefined then. Throws what an attempt throws. */
  sendNow(messages: Outgoing[]): Promise<void> | undefined {
    return this.#handle.readiness.writing.start(new Transfer(this, messages))
  }

  /** The same for bytes alone. */
  sendBytesNow(data: Uint8Array): Promise<void> | undefined {
    const message = this.#begin(data)
    return message === undefined ? undefined : this.sendNow([message])
  }

  /** Undefined: all of it has gone. */
  #begin(data: Uint8Array): Outgoing | undefined {
    const route = this.route()
    if (!this.idle) return new Outgoing(route.type, data)
    const message = Outgoing.begin(route, data)
    if (message === undefined) this.spend(data.length)
    return message
  }

  /** How many messages went at once. The rest of a stream message that went in part is queued, as a copy. */
  trySend(messages: Outgoing[]): number {
    if (!this.idle) return 0
    if (messages.length === 1) return this.#tryOne(messages[0] as Outgoing, messages)
    return this.#tryAll(messages)
  }

  /** The same for bytes alone. */
  tryBytes(data: Uint8Array): boolean {
    if (!this.idle) return false
    const message = this.#begin(data)
    return message === undefined || this.trySend([message]) === 1
  }

  /** Most go whole, and then nothing has to be kept of them. */
  #tryOne(message: Outgoing, messages: Outgoing[]): number {
    try {
      const result = message.attempt(this.route())
      if (result === true) this.spend(message.length)
      else if (message.written === 0) return 0
      else this.#queueRest(message)
      return 1
    } catch (error) {
      throw new Transfer(this, messages).failed(error as SocketError)
    }
  }

  #tryAll(messages: Outgoing[]): number {
    const transfer = new Transfer(this, messages)
    if (transfer.attempt() === undefined) return messages.length
    const begun = messages[transfer.sent] as Outgoing
    if (begun.written === 0) return transfer.sent
    this.#queueRest(begun)
    return transfer.sent + 1
  }

  /** The other part of a message that has begun. Its error, if any, is the next operation's to meet. */
  #queueRest(begun: Outgoing): void {
    const rest = new Transfer(this, [begun])
    rest.keepData()
    this.#handle.readiness.writing.run<undefined>(rest).catch(() => {})
  }

  /** Runs `action` when everything that was given before has gone. */
  afterAll(action: () => void): void {
    const operation: Operation<void> = {
      syscall: 'shutdown',
      attempt: action,
      queued: () => void this.#waiting.push(BARRIER),
      settled: () => this.#remove(BARRIER),
    }
    this.#handle.readiness.writing.run(operation).catch(() => {})
  }

  get idle(): boolean {
    return this.#handle.readiness.writing.length === 0
  }

  route(): Route {
    if (this.#isCut) throw closedError()
    return this.#route()
  }

  /** As {@link abandon}, while the queue is being served: nothing may follow the half message, and the socket closes behind it. */
  cutOff(): void {
    this.#isCut = true
    queueMicrotask(this.#abandon)
  }

  spend(bytes: number): void {
    this.#handle.readiness.writing.spend(bytes)
  }

  /** Throws ERR_QUEUE_FULL where others wait already and the bound would be passed. */
  reserve(transfer: Transfer): void {
    const waiting = this.#handle.readiness.writing.length > 0
    if (waiting && (this.#bytes + transfer.bytes > QUEUED_BYTES_MAX || this.#fds + transfer.fds > QUEUED_FDS_MAX)) {
      const message = `${this.#bytes} bytes and ${this.#fds} descriptors wait to be sent; the limit is ${QUEUED_BYTES_MAX} and ${QUEUED_FDS_MAX}. Await your sends`
      throw ownError('ERR_QUEUE_FULL', message)
    }
    this.#bytes += transfer.bytes
    this.#fds += transfer.fds
    this.#waiting.push(transfer)
  }

  unreserve(transfer: Transfer): void {
    this.#bytes -= transfer.bytes
    this.#fds -= transfer.fds
    this.#remove(transfer)
  }

  #remove(waiting: Transfer | typeof BARRIER): void {
    this.#waiting.splice(this.#waiting.indexOf(waiting), 1)
  }

  /** Those that wait behind one that is being served. */
  behind(transfer: Transfer): readonly Transfer[] {
    if (this.#waiting.length < 2) return NOBODY
    const at = this.#waiting.indexOf(transfer)
    if (at < 0) return NOBODY
    const behind = this.#waiting.slice(at + 1, at + RUN_MAX)
    const barrier = behind.indexOf(BARRIER)
    return (barrier < 0 ? behind : behind.slice(0, barrier)) as Transfer[]
  }

  abandon(): void {
    this.#abandon()
  }
}
