#!/usr/bin/env node
// The command `ancillary`: finds the command that is asked for, runs it, and turns what it throws into a message and an exit code.
// Like every file of this folder it uses the public surface of the package only.
import { command as demo } from './demo.js'
import { hintOf } from './failures.js'
import { command as inspect } from './inspect.js'
import { printable } from './names.js'
import { command as peer } from './peer.js'
import { command as proxy } from './proxy.js'
import { command as recv } from './recv.js'
import { command as send } from './send.js'
import { paint } from './terminal.js'
import { type Command, EXIT, helpOf, type Parsed, parse, UsageError } from './usage.js'

const commands: Readonly<Record<string, Command>> = { demo, send, recv, peer, inspect, proxy }

const OVERVIEW = `Usage: ancillary COMMAND [ARGUMENT...]

Unix sockets with everything they carry: bytes, file descriptors and credentials.

Commands:
${Object.entries(commands)
  .map(([name, { summary }]) => `  ${name.padEnd(9)}${summary}`)
  .join('\n')}

  --help     after a command: what it takes and how it ends
  --version  the version of the package

Exit codes: 0 done, 1 failed, 2 wrong arguments, 3 nobody or nothing is there, 124 too late, 128 + N ended by signal N.
`

main(process.argv.slice(2)).then(
  (code) => {
    process.exitCode = code
  },
  (error) => {
    process.exitCode = report(error)
  },
)

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') return overview(name, args[0])
  if (name === '--version') return print(`${require('../package.json').version}\n`)
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (command === undefined) throw new UsageError(`there is no command ${name}`)
  const parsed: Parsed = parse(name, command, args)
  if (parsed.values.help) return print(helpOf(command))
  try {
    return await command.run(parsed)
  } catch (error) {
    if (error instanceof UsageError) error.command ??= name
    throw error
  }
}

function overview(asked: string | undefined, about: string | undefined): number {
  const command = asked === 'help' && about !== undefined ? commands[about] : undefined
  print(command === undefined ? OVERVIEW : helpOf(command))
  return asked === undefined ? EXIT.usage : EXIT.done
}

function print(text: string): number {
  process.stdout.write(text)
  return EXIT.done
}

function report(error: unknown): number {
  const { message = String(error), code } = error as NodeJS.ErrnoException
  const usage = error instanceof UsageError
  process.stderr.write(`${paint(process.stderr, 'red', 'ancillary:')} ${printable(message)}${hintOf(code)}\n`)
  if (usage) process.stderr.write(`Try: ancillary ${error.command ?? ''}${error.command ? ' ' : ''}--help\n`)
  if (usage) return EXIT.usage
  return code === 'ETIMEDOUT' ? EXIT.late : EXIT.failed
}
