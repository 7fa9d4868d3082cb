// Runs the example that shows the main job of the package, from a fresh clone if need be: setup first, then the
// compiled program. Arguments are handed on to it.
import { run, runOrExit } from './run.mjs'

runOrExit(process.execPath, ['scripts/setup.mjs'])
process.exitCode = run(process.execPath, ['examples/main-job.js', ...process.argv.slice(2)])
