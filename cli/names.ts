// Names on the command line and on the screen: `@name` for an abstract socket, a path for any other; users and groups by name.
// Names come from others: what a terminal would take as a command is escaped.
import { readFileSync } from 'node:fs'
import { type Address, inspectAll, type SocketType } from '../index.js'
import { UsageError } from './usage.js'

const TYPES = ['stream', 'seqpacket', 'dgram'] as const

/** What was typed, as an address. A file whose name begins with @ is `./@name`. */
export function addressFrom(text: string): string {
  if (text === '' || text === '@') throw new UsageError('a path, or @ and an abstract name, must not be empty')
  return text.startsWith('@') ? `\0${text.slice(1)}` : text
}

/** As it is typed. */
export function addressText(address: Address | null): string {
  if (address === null) return ''
  if (typeof address === 'string') return printable(address.replace(/^\0/, '@'))
  if ('path' in address) return printable(String(address.path))
  return `@${printable(String(address.abstract))}`
}

/** Control characters as `\x1b`: names and command lines of others must not drive the terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (character) => {
    const code = character.codePointAt(0) as number
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`
  })
}

/** `--type`, or the type of the socket that has this name now; stream where nobody knows. */
export function typeFor(address: string, wanted: unknown): SocketType {
  if (wanted !== undefined) return typeFrom(wanted)
  return bound(address)?.type ?? 'stream'
}

export function typeFrom(wanted: unknown): SocketType {
  if (TYPES.includes(wanted as SocketType)) return wanted as SocketType
  throw new UsageError(`--type must be one of ${TYPES.join(', ')}, not ${wanted}`)
}

/** Connections have the name of their listener, too. */
function bound(address: string): { type: SocketType } | undefined {
  try {
    const named = inspectAll().filter(({ localAddress }) => localAddress === address)
    return named.find(({ state, type }) => state === 'listening' || type === 'dgram')
  } catch {
    return undefined
  }
}

const tables = new Map<string, ReadonlyMap<number, string>>()

function table(path: string): ReadonlyMap<number, string> {
  const known = tables.get(path)
  if (known !== undefined) return known
  let lines: string[] = []
  try {
    lines = readFileSync(path, 'utf8').split('\n')
  } catch {}
  const found = new Map(lines.map((line) => line.split(':')).map(([name = '', , id]) => [Number(id), name]))
  tables.set(path, found)
  return found
}

function idText(path: string, id: number | null): string {
  if (id === null) return 'unknown'
  const name = table(path).get(id)
  return name === undefined ? String(id) : `${id} (${printable(name)})`
}

export function userText(uid: number | null): string {
  return idText('/etc/passwd', uid)
}

export function groupText(gid: number | null): string {
  return idText('/etc/group', gid)
}
