// For scenarios in a process with a low limit (child.ts): leaves it without descriptors.
import type { SocketError } from '../../index.js'
import { closeSync, openSync } from './fs-numbers.js'

/** Takes all free descriptors but `spare`; returns what gives them back. */
export function exhaust(spare = 0): () => void {
  const taken: number[] = []
  try {
    for (;;) taken.push(openSync('/dev/null', 'r'))
  } catch (error) {
    if ((error as SocketError).code !== 'EMFILE') throw error
  }
  for (const fd of taken.splice(0, spare)) closeSync(fd)
  return () => {
    for (const fd of taken) closeSync(fd)
  }
}
