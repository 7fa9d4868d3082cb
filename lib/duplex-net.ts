/**
 * What users of a `net.Socket` find on it beside the stream: the idle timeout, states, counters, and options of TCP that mean nothing
 * here. http and TLS call these. It knows no socket of ours, and neither reads nor writes.
 */
import { Duplex } from 'node:stream'
import { invalidType, outOfRange } from './errors.js'
import { LONGEST_TIMER } from './wait.js'

/** A Duplex with those members of `net.Socket` that make sense on a Unix socket. */
export abstract class NetLikeDuplex extends Duplex {
  /** Milliseconds of idleness after which `'timeout'` is emitted; undefined: never set. */
  timeout: number | undefined = undefined
  #idle: NodeJS.Timeout | undefined

  /** It is connected from its beginning. */
  get connecting(): boolean {
    return false
  }

  /** As in `net.Socket`: whether it is not connected, that is, after it was destroyed. */
  get pending(): boolean {
    return this.destroyed
  }

  get readyState(): 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.readable) return this.writable ? 'open' : 'readOnly'
    return this.writable ? 'writeOnly' : 'closed'
  }

  /** `'timeout'` is emitted when nothing was read or written for `ms` milliseconds; 0 switches it off. It destroys nothing. */
  setTimeout(ms: number, listener?: () => void): this {
    if (this.destroyed) return this
    const delay = checkDuration(ms)
    if (listener !== undefined && typeof listener !== 'function') throw invalidType('listener', 'a function', listener)
    this.timeout = ms
    clearTimeout(this.#idle)
    this.#idle = delay === 0 ? undefined : setTimeout(() => this.emit('timeout'), delay).unref()
    if (listener !== undefined) this[delay === 0 ? 'removeListener' : 'once']('timeout', listener)
    return this
  }

  /** Something was read or written. */
  protected active(): void {
    this.#idle?.refresh()
  }

  /** Nothing will be. */
  protected stopTimeout(): void {
    clearTimeout(this.#idle)
  }

  /** For TCP; does nothing here. */
  setNoDelay(_noDelay?: boolean): this {
    return this
  }

  /** For TCP; does nothing here. */
  setKeepAlive(_enable?: boolean, _initialDelay?: number): this {
    return this
  }

  /** As of a `net.Socket` on a path: empty. */
  address(): Record<string, never> {
    return {}
  }

  /** As of a `net.Socket` on a path: none. */
  get remoteAddress(): undefined {
    return undefined
  }

  get remoteFamily(): undefined {
    return undefined
  }

  get remotePort(): undefined {
    return undefined
  }

  /** Ends it, and destroys it when everything is written. */
  destroySoon(): void {
    if (this.writable) this.end()
    if (this.writableFinished) this.destroy()
    else this.once('finish', () => this.destroy())
  }
}

function checkDuration(ms: unknown): number {
  if (typeof ms !== 'number') throw invalidType('ms', 'of type number', ms)
  if (!(ms >= 0 && Number.isFinite(ms))) throw outOfRange('ms', 'a non-negative finite number', ms)
  return Math.min(ms, LONGEST_TIMER)
}
