/**
 * Entries for the journal, in its native protocol: fields with names, text or bytes of any length.
 * Knows how an entry is written and sent, not what it says.
 */
import { optionalString, optionsObject } from './arguments.js'
import { hasCode, invalidType, invalidValue } from './errors.js'
import { memfd } from './memory-file.js'
import { sendOne } from './systemd-socket.js'
import { checkWait, type Wait } from './wait.js'

/** The value of a field: text, as UTF-8, or bytes. */
export type JournalValue = string | number | bigint | Uint8Array

/** The fields of an entry. An array gives a field several values; `undefined` leaves it out. */
export type JournalFields = Readonly<Record<string, JournalValue | readonly JournalValue[] | undefined>>

/** Options of {@link journalSend}. */
export interface JournalOptions extends Wait {
  /** Where the journal listens. Default `/run/systemd/journal/socket`. */
  path?: string
}

const SOCKET = '/run/systemd/journal/socket'
/** As journal_field_valid of systemd; what begins with an underscore is the journal's own word. */
const NAME = /^[A-Z][A-Z0-9_]{0,63}$/
const NEWLINE = Buffer.from('\n')

/**
 * Writes one entry to the journal and resolves when the journal has it in its queue. Our process, user and unit are noted by the
 * journal itself. An entry that is too long for a datagram goes as a sealed memory file.
 *
 * @param fields At least one. Names have 1 to 64 characters of `A` to `Z`, `0` to `9` and `_`, the first of them a letter. `MESSAGE` is
 * the text for people, `PRIORITY` 0 (emergency) to 7 (debug), `SYSLOG_IDENTIFIER` the program's name: without it `node` is shown.
 * @throws ERR_INVALID_ARG_VALUE A name or a priority that is none. @throws ENOENT, ECONNREFUSED There is no journal.
 * @throws ABORT_ERR, ETIMEDOUT Its queue stayed full; nothing was written.
 *
 * Platforms: Linux. See sd_journal_send(3), systemd.journal-fields(7).
 * @example
 * await journalSend({ MESSAGE: 'Request failed', PRIORITY: 3, REQUEST_ID: id, BODY: bytes })
 */
export async function journalSend(fields: JournalFields, options?: JournalOptions): Promise<void> {
  const entry = Buffer.concat(entryParts(fields))
  const { path: given, signal, timeout } = optionsObject(options) as JournalOptions
  const path = optionalString(given, 'path') ?? SOCKET
  checkWait({ signal, timeout })
  try {
    await sendOne(path, entry, { signal, timeout })
  } catch (error) {
    if (!hasCode(error, 'EMSGSIZE') && !hasCode(error, 'ENOBUFS')) throw error
    await sendFile(path, entry, { signal, timeout })
  }
}

/** The journal reads only what nobody can change any more, and only where the datagram itself is empty. */
async function sendFile(path: string, entry: Buffer, wait: Wait): Promise<void> {
  const file = memfd('journal-entry', { data: entry, seals: ['shrink', 'grow', 'write', 'seal'] })
  try {
    await sendOne(path, '', { ...wait, fds: [file] })
  } finally {
    file.close()
  }
}

function entryParts(fields: JournalFields): Buffer[] {
  if (typeof fields !== 'object' || fields === null) throw invalidType('fields', 'an object', fields)
  const parts = Object.entries(fields).flatMap(([name, value]) => {
    const values = Array.isArray(value) ? value : value === undefined ? [] : [value]
    return values.flatMap((one: JournalValue) => fieldParts(checkName(name), one))
  })
  if (parts.length === 0) throw invalidValue('fields', 'must have at least one value', fields)
  return parts
}

function checkName(name: string): string {
  if (!NAME.test(name))
    throw invalidValue('fields', 'must have names of 1 to 64 characters of A-Z, 0-9 and _, a letter first', name)
  return name
}

/** A line, or, where the value could have several, a line with the name, the length and the bytes. */
function fieldParts(name: string, value: JournalValue): Buffer[] {
  const bytes = valueBytes(name, value)
  if (typeof value !== 'object' && !bytes.includes('\n')) return [Buffer.from(`${name}=`), bytes, NEWLINE]
  const length = Buffer.alloc(8)
  length.writeBigUInt64LE(BigInt(bytes.length))
  return [Buffer.from(`${name}\n`), length, bytes, NEWLINE]
}

function valueBytes(name: string, value: JournalValue): Buffer {
  if (name === 'PRIORITY') checkPriority(value)
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  if (typeof value === 'string' || typeof value === 'bigint') return Buffer.from(String(value))
  if (typeof value === 'number' && Number.isFinite(value)) return Buffer.from(String(value))
  throw invalidType(`fields.${name}`, 'a string, a finite number, a bigint or a Uint8Array', value)
}

function checkPriority(value: JournalValue): void {
  if (!/^[0-7]$/.test(String(value))) throw invalidValue('fields.PRIORITY', 'must be an integer from 0 to 7', value)
}
