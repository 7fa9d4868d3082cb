/**
 * The watchdog of the service manager: whether it watches us, and signs of life at the right time.
 * What life is, a function of the user says.
 */
import { optionalString, optionsObject } from './arguments.js'
import { invalidType, invalidValue } from './errors.js'
import { type ManagerOptions, notify } from './systemd-notify.js'
import { LONGEST_TIMER } from './wait.js'

/** Options of {@link watchdog}. */
export interface WatchdogOptions {
  /** As in {@link ManagerOptions}. */
  path?: string
  /**
   * Told why a sign of life of the timer was not sent: what `check` threw, or the error of {@link notify}. Default: nobody is told,
   * and the manager draws its conclusions.
   */
  onError?: (error: unknown) => void
}

/** Signs of life for the service manager. Made by {@link watchdog}. */
export interface Watchdog extends Disposable {
  /** Milliseconds without a sign of life after which the manager ends the service. Give one every half of it. */
  readonly interval: number
  /** Gives one sign of life (`WATCHDOG=1`). @throws As {@link notify}. */
  ping(options?: ManagerOptions): Promise<boolean>
  /**
   * Gives one now and then one every half interval, by a timer that does not keep the process alive. A second call starts anew.
   *
   * @param check Asked before each; a sign is given only if it returns or resolves with `true`. A check that does not settle gives
   * none, and is not asked again until it has.
   */
  start(check?: () => boolean | Promise<boolean>): void
  /** Stops the timer. The manager goes on waiting for signs. */
  stop(): void
  /** Lets the manager do at once what it would do had we given no sign (`WATCHDOG=trigger`, systemd 243). @throws As {@link notify}. */
  trigger(options?: ManagerOptions): Promise<boolean>
  /** The same as `stop()`. */
  [Symbol.dispose](): void
}

const MICROSECONDS = 1000

/**
 * The watchdog, where the service manager asks for one: `WatchdogSec=` of the unit.
 *
 * @returns null where `WATCHDOG_USEC` is not set, or `WATCHDOG_PID` names another process.
 * @throws ERR_INVALID_ARG_VALUE `WATCHDOG_USEC` is not a number of microseconds.
 *
 * Platforms: Linux. See sd_watchdog_enabled(3).
 * @example
 * watchdog()?.start(() => database.isConnected())
 */
export function watchdog(options?: WatchdogOptions): Watchdog | null {
  const { path, onError } = optionsObject(options) as WatchdogOptions
  optionalString(path, 'path')
  if (onError !== undefined && typeof onError !== 'function') throw invalidType('onError', 'a function', onError)
  const { WATCHDOG_USEC: microseconds, WATCHDOG_PID: pid } = process.env
  if (!microseconds || (pid !== undefined && pid !== String(process.pid))) return null
  if (!/^\d+$/.test(microseconds) || !(Number(microseconds) > 0))
    throw invalidValue('process.env.WATCHDOG_USEC', 'must be a number of microseconds', microseconds)
  const manager: ManagerOptions = path === undefined ? {} : { path }
  return new Timer(Number(microseconds) / MICROSECONDS, manager, onError)
}

class Timer implements Watchdog {
  readonly interval: number
  readonly #manager: ManagerOptions
  readonly #onError: ((error: unknown) => void) | undefined
  #timer: NodeJS.Timeout | undefined
  /** Which start a running check belongs to. */
  #run = 0
  #busy = false

  constructor(interval: number, manager: ManagerOptions, onError: ((error: unknown) => void) | undefined) {
    this.interval = interval
    this.#manager = manager
    this.#onError = onError
  }

  async ping(options?: ManagerOptions): Promise<boolean> {
    return await notify('WATCHDOG=1', { ...this.#manager, ...optionsObject(options) })
  }

  async trigger(options?: ManagerOptions): Promise<boolean> {
    return await notify('WATCHDOG=trigger', { ...this.#manager, ...optionsObject(options) })
  }

  start(check: () => boolean | Promise<boolean> = () => true): void {
    if (typeof check !== 'function') throw invalidType('check', 'a function', check)
    this.stop()
    const run = this.#run
    const half = Math.min(this.interval / 2, LONGEST_TIMER)
    this.#timer = setInterval(() => void this.#beat(check, run, half), half).unref()
    void this.#beat(check, run, half)
  }

  /** One that is late must not pile up: its time is over when the next one is due. */
  async #beat(check: () => boolean | Promise<boolean>, run: number, timeout: number): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    try {
      const alive = await check()
      if (alive === true && run === this.#run) await this.ping({ timeout })
    } catch (error) {
      if (run === this.#run) this.#onError?.(error)
    } finally {
      if (run === this.#run) this.#busy = false
    }
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#run++
    this.#busy = false
  }

  [Symbol.dispose](): void {
    this.stop()
  }
}
