// A message on the screen as strace(1) shows it: bytes as a C string, descriptors with what they are, who sent it. Knows messages,
// not where they come from.
import type { Message } from '../index.js'
import { paint } from './terminal.js'

const SHORT: Readonly<Record<number, string>> = {
  7: '\\a',
  8: '\\b',
  9: '\\t',
  10: '\\n',
  11: '\\v',
  12: '\\f',
  13: '\\r',
}

/** As in C: printable ASCII as it is, the rest in octal digits; three dots where it was cut. */
export function cString(bytes: Uint8Array, limit: number): string {
  const shown = bytes.subarray(0, limit)
  const text = [...shown].map((byte, index) => escaped(byte, shown[index + 1])).join('')
  return `"${text}"${bytes.length > limit ? '...' : ''}`
}

/** Three digits where a digit follows, which would belong to the number. */
function escaped(byte: number, next: number | undefined): string {
  if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`
  if (byte >= 0x20 && byte < 0x7f) return String.fromCharCode(byte)
  const digits = byte.toString(8)
  const digitFollows = next !== undefined && next >= 0x30 && next <= 0x39
  return SHORT[byte] ?? `\\${digitFollows ? digits.padStart(3, '0') : digits}`
}

/** The control messages as strace names them. */
function control({ fds, credentials }: Message): string[] {
  const parts: string[] = []
  if (fds.length > 0) parts.push(`SCM_RIGHTS, [${fds.map(({ fd, kind }) => `${fd}<${kind}>`).join(', ')}]`)
  if (credentials !== null) {
    const { pid, uid, gid } = credentials
    parts.push(`SCM_CREDENTIALS, {pid=${pid ?? '?'}, uid=${uid ?? '?'}, gid=${gid ?? '?'}}`)
  }
  return parts.map((part) => `{SOL_SOCKET, ${part}}`)
}

/** `{"hello\n", [{SOL_SOCKET, SCM_RIGHTS, [22<file>]}]} = 6`. */
export function messageText(message: Message, limit: number): string {
  const bytes = cString(message.data, limit)
  const extra = control(message)
  const parts = extra.length === 0 ? bytes : `${bytes}, [${extra.join(', ')}]`
  return `{${parts}} = ${message.data.length}`
}

/** A line: which connection, which way, what. Standard output may be a file: then there are no colours. */
export function line(connection: number, way: '>' | '<' | ' ', what: string): string {
  const colour = way === '>' ? 'green' : way === '<' ? 'cyan' : 'dim'
  return `${paint(process.stdout, colour, `${connection} ${way}`)} ${what}\n`
}
