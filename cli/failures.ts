// What to do about the errors that people meet first. Knows codes, no command.
const HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the socket is there, but nobody listens',
  ENOENT: 'there is no such file',
  EADDRINUSE: 'something is there already; --replace takes the place of a dead server',
  EACCES: 'the permissions do not allow it',
  EPROTOTYPE: 'it is a socket of another type; see --type',
  ETIMEDOUT: 'the deadline has passed',
  EBADF: 'no such descriptor is open; a shell opens 3 for reading with 3<FILE',
  ERR_FDS_REFUSED: 'the receiver accepts no descriptors',
}

/** In brackets, or nothing. */
export function hintOf(code: string | undefined): string {
  const hint = HINTS[code ?? '']
  return hint === undefined ? '' : ` (${hint})`
}
