// Runs one of the small examples by its name, from a fresh clone if need be: setup first, then the compiled program.
// Arguments after the name are handed on to it.
import { run, runOrExit } from './run.mjs'

const [name, ...args] = process.argv.slice(2)
runOrExit(process.execPath, ['scripts/setup.mjs'])
process.exitCode = run(process.execPath, [`examples/${name}.js`, ...args])
