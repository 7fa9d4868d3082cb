/**
 * Loads the native addon, or remembers why it cannot: importing the package never fails, the first call does.
 * The only file that knows the generated binding; it knows nothing of sockets.
 */
import type * as Binding from './native/binding.js'

/** The native functions: each returns a count, or a negative errno. */
export type Native = typeof Binding

/** The package with the native part: one for each system, or for each C library of it. A spec holds it to package.json. */
const packages: Record<string, readonly string[]> = {
  'linux-x64': ['ancillary-linux-x64-gnu', 'ancillary-linux-x64-musl'],
  'linux-arm64': ['ancillary-linux-arm64-gnu', 'ancillary-linux-arm64-musl'],
  'linux-arm': ['ancillary-linux-arm-gnueabihf', 'ancillary-linux-arm-musleabihf'],
  'darwin-x64': ['ancillary-darwin-x64'],
  'darwin-arm64': ['ancillary-darwin-arm64'],
  'freebsd-x64': ['ancillary-freebsd-x64'],
}

class UnsupportedPlatformError extends Error {
  readonly code = 'ERR_UNSUPPORTED_PLATFORM'
}

function explain(cause: unknown): UnsupportedPlatformError {
  const platform = `${process.platform}-${process.arch}`
  const names = packages[platform]
  const reason = names === undefined ? 'there is no native part for it' : (whyRefused(cause) ?? missing(names))
  return new UnsupportedPlatformError(`ancillary does not work on ${platform}: ${reason}`, { cause })
}

/** Why a native part that is there was not loaded: what the chain says beside files that are missing. */
function whyRefused(cause: unknown): string | undefined {
  // The loader keeps only the messages of its errors; the outermost one is its own.
  for (let error = (cause as Error).cause; error instanceof Error; error = error.cause) {
    const { message } = error
    if (/addons is disabled/.test(message)) return `addons are not permitted here: ${message} (--allow-addons)`
    if (!message.startsWith('Cannot find module')) return `its native part was found but does not load: ${message}`
  }
  return undefined
}

function missing(names: readonly string[]): string {
  return (
    `its native part was not found. Looked for the package ${names.join(' or ')}, which npm installs as an optional ` +
    'dependency. npm may leave it out when package-lock.json or node_modules was made on another platform (npm issue 4828), ' +
    'or with --omit=optional: delete both and run npm install again. In a clone: npm run build:native. ' +
    'In a bundle: leave ancillary out of it (external)'
  )
}

/** Each use is an error of its own, with the stack of who called. */
function failing<T extends object>(cause: unknown): T {
  return new Proxy({} as T, {
    get() {
      throw explain(cause)
    },
  })
}

function load(): { native: Native; constants: Binding.Constants } {
  try {
    // A copy: V8 keeps the exports of a module that grew one by one as a dictionary, and looks each function up at each call.
    const native = { ...(require('./native/binding.js') as Native) }
    return { native, constants: native.constants() }
  } catch (cause) {
    return { native: failing<Native>(cause), constants: failing<Binding.Constants>(cause) }
  }
}

const loaded = load()

export const native = loaded.native
/** Numbers of this operating system. */
export const constants = loaded.constants
