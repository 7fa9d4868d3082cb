/**
 * The server of the npm package usocket, on a listener of this package: it accepts while it is not paused and emits each connection as
 * a USocket. It knows nothing of what a USocket does.
 */
import { EventEmitter } from 'node:events'
import { hasCode } from './errors.js'
import { listen, type UnixListener } from './listener.js'
import { USocket } from './usocket.js'

const BACKLOG = 16

/** Emits `'listening'`, `'connection'` with a USocket, and `'error'`. */
export class UServer extends EventEmitter {
  paused = false
  listening = false
  /** The descriptor's number, once it listens. */
  fd: number | undefined
  #listener: UnixListener<'stream'> | undefined
  #accepting: AbortController | undefined

  /**
   * Listens at a path. What a dead server left there is replaced; a living server is not, nor what is no socket.
   *
   * @param backlog Connections that may wait; default 16.
   */
  listen(path: string, backlog?: number, listening?: () => void): void
  listen(path: string, listening?: () => void): void
  listen(options: { path: string; backlog?: number }, listening?: () => void): void
  listen(
    target: string | { path: string; backlog?: number },
    second?: number | (() => void),
    third?: () => void,
  ): void {
    if (this.#listener !== undefined) throw new Error('listen on already listened UServer')
    const listening = [second, third].find((value) => typeof value === 'function') as (() => void) | undefined
    const named = typeof target === 'string' ? { path: target, backlog: second } : target
    const backlog = typeof named.backlog === 'number' && named.backlog > 0 ? named.backlog : BACKLOG
    if (typeof named?.path !== 'string') throw new Error('UServer expects valid path')
    if (listening !== undefined) this.once('listening', listening)
    try {
      this.#listener = listen(named.path, { backlog, maxFds: 253, replace: 'stale' })
    } catch (error) {
      process.nextTick(() => this.emit('error', error))
      return
    }
    this.fd = this.#listener.fd
    process.nextTick(() => this.#begin())
  }

  #begin(): void {
    if (this.#listener === undefined) return
    this.listening = true
    this.emit('listening')
    if (!this.paused) this.#accept()
  }

  /** Accepts no more; clients wait in the backlog. */
  pause(): void {
    this.paused = true
    this.#accepting?.abort()
    this.#accepting = undefined
  }

  /** Accepts again. */
  resume(): void {
    this.paused = false
    if (this.listening) this.#accept()
  }

  /** Stops listening. No event follows; connections live on. */
  close(): void {
    const listener = this.#listener
    this.#listener = undefined
    this.listening = false
    void listener?.close()
  }

  #accept(): void {
    const listener = this.#listener
    if (listener === undefined || this.#accepting !== undefined) return
    const accepting = new AbortController()
    this.#accepting = accepting
    void this.#acceptAll(listener, accepting.signal)
  }

  async #acceptAll(listener: UnixListener<'stream'>, signal: AbortSignal): Promise<void> {
    try {
      while (!signal.aborted) {
        const socket = await listener.accept({ signal })
        const fd = socket.detach().detach()
        // In a tick of its own: what a listener throws is an uncaught exception, and not the end of accepting.
        process.nextTick(() => this.emit('connection', new USocket({ fd })))
      }
    } catch (error) {
      if (hasCode(error, 'ABORT_ERR') || listener.closed) return
      this.close()
      process.nextTick(() => this.emit('error', error))
    }
  }
}
