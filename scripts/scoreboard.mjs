// Runs the rows of __test__/scoreboard from a fresh clone if need be: `npm run scoreboard -- [--long] [--row N] [--peers]
// [--write-docs]`. The short form takes minutes, the long one a night.
import { run, runOrExit } from './run.mjs'

runOrExit(process.execPath, ['scripts/setup.mjs'])
process.exitCode = run(process.execPath, [
  '--enable-source-maps',
  '__test__/scoreboard/main.js',
  ...process.argv.slice(2),
])
