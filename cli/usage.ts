// How every command takes its arguments: options by node:util, numbers and words checked, help, exit codes. Knows no command.

import { constants } from 'node:os'
import { type ParseArgsConfig, parseArgs } from 'node:util'

/** What the command ends with. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  nothing: 3,
  late: 124,
  notExecutable: 126,
  notFound: 127,
  signal: 128,
}

/** What was typed cannot be understood. */
export class UsageError extends Error {
  command: string | undefined
}

/** Options and arguments; `rest`: what stood behind `--`, null where there was none. */
export interface Parsed {
  readonly values: Readonly<Record<string, string | boolean | string[] | undefined>>
  readonly positionals: readonly string[]
  readonly rest: readonly string[] | null
}

type Options = NonNullable<ParseArgsConfig['options']>

export interface Command {
  /** One line. */
  readonly summary: string
  readonly help: string
  readonly options: Options
  /** How many arguments it takes. */
  readonly takes: readonly [least: number, most: number]
  /** Whether it takes a command behind `--`. */
  readonly takesCommand?: boolean
  run(parsed: Parsed): Promise<number>
}

const HELP = `  -h, --help             this text\n`

export function helpOf({ help }: Command): string {
  return `${help.trim()}\n`.replace(/^Options:\n/m, (line) => `${line}${HELP}`)
}

export function parse(name: string, command: Command, args: readonly string[]): Parsed {
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  const rest = end < 0 ? null : args.slice(end + 1)
  try {
    const { values, positionals } = parseArgs({
      args: [...own],
      options: { ...command.options, help: { type: 'boolean', short: 'h' } },
      allowPositionals: true,
    })
    const parsed = { values: values as Parsed['values'], positionals, rest }
    if (!parsed.values.help) checkCounts(command, parsed)
    return parsed
  } catch (error) {
    throw named(error as Error, name)
  }
}

function checkCounts({ takes: [least, most], takesCommand = false }: Command, { positionals, rest }: Parsed): void {
  if (positionals.length < least) throw new UsageError('an argument is missing')
  if (positionals.length > most) throw new UsageError(`one argument too many: ${positionals[most]}`)
  if (rest !== null && !takesCommand) throw new UsageError('nothing may stand behind --')
  if (rest?.length === 0) throw new UsageError('a command is missing behind --')
}

function named(error: Error, command: string): UsageError {
  const [first = ''] = error.message.split('\n')
  return Object.assign(new UsageError(first.replace(/\. To specify.*$/, '')), { command })
}

/** A whole number of an option or argument. */
export function wholeNumber(text: unknown, name: string, min: number, max: number, base = 10): number {
  const digits = base === 8 ? /^[0-7]+$/ : /^\d+$/
  const number = typeof text === 'string' && digits.test(text) ? Number.parseInt(text, base) : Number.NaN
  if (number >= min && number <= max) return number
  throw new UsageError(`${name} must be a number from ${min.toString(base)} to ${max.toString(base)}, not ${text}`)
}

/** `--timeout`: seconds on the command line, milliseconds for us; nothing where it was not given. */
export function waitOf(values: Parsed['values']): { timeout?: number } {
  if (values.timeout === undefined) return {}
  const seconds = Number(values.timeout)
  if (!(seconds > 0 && seconds < 1e6)) throw new UsageError(`--timeout must be seconds, not ${values.timeout}`)
  return { timeout: Math.ceil(seconds * 1000) }
}

/** The exit code of a program that a signal has ended, as a shell tells it. */
export function signalCode(signal: NodeJS.Signals): number {
  return EXIT.signal + (constants.signals[signal] ?? 0)
}
