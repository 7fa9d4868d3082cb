/**
 * Loads the native addon, or remembers why it cannot: importing the package never fails, the first call does.
 * The only file that knows the generated binding; it knows nothing of sockets.
 */
import type * as Binding from './native/binding.js'

/** The native functions: each returns a count, or a negative errno. */
export type Native = typeof Binding

class UnsupportedPlatformError extends Error {
  readonly code = 'ERR_UNSUPPORTED_PLATFORM'
}

function explain(cause: unknown): UnsupportedPlatformError {
  const platform = `${process.platform}-${process.arch}`
  const supported = ['linux'].includes(process.platform)
  const reason = supported
    ? `its native part was not found. Looked for the package ancillary-${platform}-gnu and for a local build (npm run build:native). ` +
      'If node_modules was made on another platform or with --omit=optional, delete it together with the lockfile and install again (npm issue 4828)'
    : 'there is no native part for it'
  return new UnsupportedPlatformError(`ancillary does not work on ${platform}: ${reason}`, { cause })
}

function failing<T extends object>(error: Error): T {
  return new Proxy({} as T, {
    get() {
      throw error
    },
  })
}

function load(): { native: Native; constants: Binding.Constants } {
  try {
    const native = require('./native/binding.js') as Native
    return { native, constants: native.constants() }
  } catch (cause) {
    const error = explain(cause)
    return { native: failing<Native>(error), constants: failing<Binding.Constants>(error) }
  }
}

const loaded = load()

export const native = loaded.native
/** Numbers of this operating system. */
export const constants = loaded.constants
