// How another program is started on the runtime that runs the specs: Node.js and Bun take a file at once, Deno a command and its
// permissions before it. Knows no spec.
import { runtime } from '../../lib/runtime.js'

const isDeno = runtime === 'deno'

/** The words before the name of a file. */
export const thisRuntime: readonly string[] = [process.execPath, ...(isDeno ? ['run', '-A'] : [])]

/** The same with `gc()` at hand. */
export const withGc: readonly string[] = [...thisRuntime, isDeno ? '--v8-flags=--expose-gc' : '--expose-gc']
