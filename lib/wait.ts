/**
 * Waiting with an AbortSignal and a deadline: what every operation that may wait accepts.
 * Knows no sockets; it only calls back, once.
 */
import { abortError, invalidType, outOfRange, timeoutError } from './errors.js'

/** How long to wait. */
export interface Wait {
  /** Aborting rejects with an AbortError: code ABORT_ERR, cause `signal.reason`. */
  signal?: AbortSignal | undefined
  /** Milliseconds until the operation rejects with code ETIMEDOUT. Default: no limit. An operation that need not wait succeeds even with 0. */
  timeout?: number | undefined
}

/** Milliseconds; setTimeout and setInterval fire at once for anything longer. */
export const LONGEST_TIMER = 2 ** 31 - 1

/** Throws for a wrong `signal` or `timeout`, and when the signal is already aborted. */
export function checkWait(wait: Wait | undefined): void {
  if (wait === undefined) return
  if (typeof wait !== 'object' || wait === null) throw invalidType('options', 'of type object', wait)
  const { signal, timeout } = wait
  if (timeout !== undefined && typeof timeout !== 'number')
    throw invalidType('options.timeout', 'of type number', timeout)
  if (timeout !== undefined && !(timeout >= 0)) throw outOfRange('options.timeout', 'at least 0 milliseconds', timeout)
  if (signal === undefined) return
  if (!(signal instanceof AbortSignal)) throw invalidType('options.signal', 'an AbortSignal', signal)
  if (signal.aborted) throw abortError(signal)
}

export const NOTHING_TO_STOP = (): void => {}

/**
 * Calls `end` with the error when the signal is aborted or the deadline passes. Returns a function that stops waiting.
 * The timer does not keep the process alive: the operation does.
 */
export function startWait(wait: Wait | undefined, syscall: string, end: (error: Error) => void): () => void {
  const { signal, timeout } = wait ?? {}
  if (signal === undefined && timeout === undefined) return NOTHING_TO_STOP
  const onAbort = (): void => end(abortError(signal as AbortSignal))
  signal?.addEventListener('abort', onAbort, { once: true })
  const timer =
    timeout === undefined || timeout > LONGEST_TIMER ? undefined : setTimeout(() => end(timeoutError(syscall)), timeout)
  timer?.unref()
  return () => {
    signal?.removeEventListener('abort', onAbort)
    clearTimeout(timer)
  }
}
