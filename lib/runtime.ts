/**
 * Which runtime this is, as far as that matters: how the poller may wake JavaScript, and what is not possible there.
 * Decides before anything is tried, because on some of them the attempt ends the process. Knows no sockets.
 */
import { invalidValue, ownError } from './errors.js'

/** The runtimes that are told apart. What calls itself Node and is not told apart counts as Node. */
export type Runtime = 'node' | 'bun' | 'deno'

/** Bun and Deno have `process.versions.node`, too. */
export const runtime: Runtime = findRuntime()

function findRuntime(): Runtime {
  const versions: NodeJS.ProcessVersions & { deno?: string } = process.versions
  if (versions.bun !== undefined) return 'bun'
  return versions.deno === undefined ? 'node' : 'deno'
}

/**
 * Whether a thread must wait for the poller, instead of libuv. Bun ends the process in uv_poll_init, and Deno's uv_poll tells of one
 * event and may crash at its end: there the environment variable has no say.
 */
export function wakesByThread(): boolean {
  if (runtime !== 'node') return true
  const wish = process.env.ANCILLARY_WAKER ?? ''
  if (wish !== '' && wish !== 'thread' && wish !== 'uv')
    throw invalidValue('ANCILLARY_WAKER', 'must be "thread" or "uv"', wish)
  return wish === 'thread'
}

const NAMES: Readonly<Record<Runtime, string>> = { node: 'Node.js', bun: 'Bun', deno: 'Deno' }

/** Throws ERR_UNSUPPORTED_PLATFORM where `what` does not work on one of `runtimes`, and this is it. */
export function refuseOn(runtimes: readonly Runtime[], what: string): void {
  if (!runtimes.includes(runtime)) return
  throw ownError('ERR_UNSUPPORTED_PLATFORM', `${what} does not work on ${NAMES[runtime]}`)
}
