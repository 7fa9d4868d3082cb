/**
 * What comes with the data of a message, whether that is yours or lent: descriptors, credentials, the sender's process and address.
 * Most messages have nothing of it, and then nothing is made. Knows neither bytes nor sockets.
 */
import { integer } from './arguments.js'
import type { ControlMessage } from './control.js'
import type { OwnedFd } from './descriptor.js'
import { ownError } from './errors.js'
import { type Connector, type SenderCredentials, senderCredentials, type Told } from './message-credentials.js'
import { constants } from './native.js'
import { ProcessHandle } from './process.js'
import { closeNumbers, type Share } from './received-fds.js'
import type { Address } from './words.js'

/** What comes with the data of a message. */
export interface Envelope extends Disposable {
  /**
   * The descriptors, in the sender's order; owned by the message until taken, closed with it.
   *
   * @throws ERR_FDS_TRUNCATED The kernel could not give all of them (out of descriptors); those that came are closed.
   * @throws ERR_FDS_REFUSED There were more than `maxFds`; all are closed.
   */
  readonly fds: readonly OwnedFd[]
  /** Takes all descriptors: they are yours, and closing the message leaves them open. */
  takeFds(): OwnedFd[]
  /** @throws ERR_FDS_COUNT Another number of them came; all are closed. */
  takeFds(count: 1): [OwnedFd]
  takeFds(count: 2): [OwnedFd, OwnedFd]
  takeFds(count: number): OwnedFd[]
  /** The kernel could not give all descriptors. */
  readonly fdsTruncated: boolean
  /** How many descriptors were closed because they were more than `maxFds`; 0 when none. */
  readonly fdsRefused: number
  /**
   * Who sent it, as claimed by the sender and checked by the kernel, which lets a privileged sender claim anything; null where
   * nobody said. What is joined from other sources is asked for when you first read this.
   */
  readonly credentials: SenderCredentials | null
  /**
   * The sending process, with `passProcess`; owned by the message until taken, closed with it. null: not asked for, or sent before
   * that. A process that had ended already is a handle that is not alive. The kernel makes the handle from the process id in the
   * credentials: where a privileged sender claims another's id, this is that other process, and `credentials.sentByPeer` is not true.
   *
   * @throws EMFILE, ENFILE No descriptor was free for it.
   */
  readonly process: ProcessHandle | null
  /** Takes the process handle: it is yours, and closing the message leaves it open. Throws as `process`. */
  takeProcess(): ProcessHandle | null
  /** The sender's address on a datagram socket; null where it has none. */
  readonly from: Address | null
  /** Control messages that have no field of their own. */
  readonly control: readonly ControlMessage[]
  /** Position of the first byte in what this socket has received, in bytes. */
  readonly offset: number
  /** Closes the descriptors and the process handle that nobody took. The data stays. */
  close(): void
}

/** What came of the sender, and what judges it. */
export interface Sender {
  readonly told: Omit<Told, 'pidfd'>
  readonly connector: Connector
}

/** Everything about a message but its data and its methods. */
export interface Facts {
  readonly fdsTruncated: boolean
  readonly fdsRefused: number
  readonly sender: Sender | null
  readonly from: Address | null
  readonly control: readonly ControlMessage[]
}

export const noControl: readonly ControlMessage[] = Object.freeze([])
/** Shared by all messages without descriptors. */
const noFds: readonly OwnedFd[] = Object.freeze([])
/** Of a message that is only data. */
export const NOTHING: Facts = { fdsTruncated: false, fdsRefused: 0, sender: null, from: null, control: noControl }

/** What came with a message that is more than data. */
export class Attached {
  readonly facts: Facts
  #share: Share | undefined
  /** Objects for the descriptors, once somebody has asked. */
  #fds: readonly OwnedFd[] | undefined
  #process: ProcessHandle | Error | null
  /** undefined: nobody has asked yet. */
  #credentials: SenderCredentials | null | undefined

  constructor(facts: Facts, share: Share | undefined, process: ProcessHandle | Error | null) {
    this.facts = facts
    this.#share = share
    this.#process = process
  }

  get credentials(): SenderCredentials | null {
    if (this.#credentials === undefined) this.#credentials = this.#join()
    return this.#credentials
  }

  #join(): SenderCredentials | null {
    const { sender } = this.facts
    if (sender === null) return null
    const pidfd = (): number => (this.#process instanceof ProcessHandle ? this.#process.fd : -1)
    return senderCredentials({ ...sender.told, pidfd }, sender.connector)
  }

  get process(): ProcessHandle | null {
    if (this.#process instanceof Error) throw this.#process
    return this.#process
  }

  takeProcess(): ProcessHandle | null {
    // Before it leaves: what is joined through it belongs to the message.
    this.credentials
    const handle = this.process
    this.#process = null
    return handle
  }

  get fds(): readonly OwnedFd[] {
    this.#assertWhole()
    if (this.#fds === undefined) {
      this.#fds = this.#share === undefined ? noFds : Object.freeze(this.#share.own())
      this.#share = undefined
    }
    return this.#fds
  }

  /** A new list, so that a list that the user has already read stays as it was. */
  takeFds(count: number | undefined): OwnedFd[] {
    if (count !== undefined) integer(count, 'count', 0, constants.scmFdsMax)
    this.#assertWhole()
    const came = this.#share?.length ?? this.#fds?.length ?? 0
    if (count !== undefined && came !== count) {
      this.close()
      throw ownError('ERR_FDS_COUNT', `Expected ${count} descriptors, received ${came}; all are closed`)
    }
    const fds = this.#share?.own() ?? [...(this.#fds ?? noFds)]
    this.#share = undefined
    this.#fds = noFds
    return fds
  }

  /** Moves everything but the facts of the message to the head of a divided one; what stays knows the sender only. */
  moveToHead(): Attached {
    const head = new Attached(this.facts, this.#share, this.#process)
    head.#fds = this.#fds
    this.#share = undefined
    this.#fds = noFds
    this.#process = null
    return head
  }

  close(): void {
    const numbers: number[] = []
    this.release(numbers)
    closeNumbers(numbers)
  }

  /** Closes what has an object; gives up the bare numbers, to be closed together with those of other messages. */
  release(into: number[]): void {
    if (this.#fds !== undefined) for (const fd of this.#fds) fd.close()
    if (this.#process instanceof ProcessHandle) this.#process.close()
    this.#share?.release(into)
    this.#share = undefined
    this.#fds = noFds
  }

  #assertWhole(): void {
    if (this.facts.fdsTruncated) {
      throw ownError(
        'ERR_FDS_TRUNCATED',
        'The process was out of descriptors: some of this message are lost, the others are closed',
      )
    }
    const { fdsRefused } = this.facts
    if (fdsRefused > 0) {
      throw ownError('ERR_FDS_REFUSED', `${fdsRefused} descriptors came, more than maxFds allows; all are closed`)
    }
  }
}

/** The one implementation of {@link Envelope}. */
export abstract class Enveloped implements Envelope {
  readonly offset: number
  readonly #attached: Attached | undefined

  constructor(offset: number, attached: Attached | undefined) {
    this.offset = offset
    this.#attached = attached
  }

  /** @internal What came with it; undefined: only data. */
  static attachedTo(message: Enveloped): Attached | undefined {
    return message.#attached
  }

  get fdsTruncated(): boolean {
    return this.#attached?.facts.fdsTruncated ?? false
  }

  get fdsRefused(): number {
    return this.#attached?.facts.fdsRefused ?? 0
  }

  get credentials(): SenderCredentials | null {
    return this.#attached?.credentials ?? null
  }

  get process(): ProcessHandle | null {
    return this.#attached?.process ?? null
  }

  takeProcess(): ProcessHandle | null {
    return this.#attached?.takeProcess() ?? null
  }

  get from(): Address | null {
    return this.#attached?.facts.from ?? null
  }

  get control(): readonly ControlMessage[] {
    return this.#attached?.facts.control ?? noControl
  }

  get fds(): readonly OwnedFd[] {
    return this.#attached?.fds ?? noFds
  }

  takeFds(): OwnedFd[]
  takeFds(count: 1): [OwnedFd]
  takeFds(count: 2): [OwnedFd, OwnedFd]
  takeFds(count: number): OwnedFd[]
  takeFds(count?: number): OwnedFd[] {
    return (this.#attached ?? new Attached(NOTHING, undefined, null)).takeFds(count)
  }

  close(): void {
    this.#attached?.close()
  }

  [Symbol.dispose](): void {
    this.close()
  }
}

/** Closes what came with several messages, the descriptors that nobody has touched in one call. */
export function closeAll(messages: Iterable<Enveloped>): void {
  const numbers: number[] = []
  for (const message of messages) Enveloped.attachedTo(message)?.release(numbers)
  closeNumbers(numbers)
}
