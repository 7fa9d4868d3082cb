// Clients that must be another user before they connect. The native part is loaded first, by making a pair of sockets,
// because the other user may not be able to read its file.
import { pair } from '../index.js'

/** Becomes this user, with the group of the same number and no other, for good. */
export function becomeUser(uid: number): void {
  for (const socket of pair()) socket[Symbol.dispose]()
  process.setgroups?.([])
  process.setgid?.(uid)
  process.setuid?.(uid)
}
