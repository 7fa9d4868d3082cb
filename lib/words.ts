/**
 * Words that files of every level use in their types. Nothing here runs.
 */

/**
 * The address of a Unix socket.
 *
 * A string is a path; with a leading `'\0'` it is an abstract name, as in Node, and `'\0'` alone lets the kernel choose one.
 * Bytes are used as they are. `answerable: false` marks a sender that was bound under a path too long for an address: nobody
 * else can send to the name that the kernel reports for it.
 *
 * Platforms: paths everywhere; abstract names on Linux. See unix(7).
 */
export type Address = string | { path: string | Buffer; answerable?: boolean } | { abstract: string | Buffer }
