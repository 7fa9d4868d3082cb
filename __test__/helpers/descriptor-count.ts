// Counts the open descriptors of this process, for programs and rounds that must leave as many as they found.
import { readdirSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'

const patience = 20_000

/** All of them, with the one that lists them: quick, for rounds. `openCount` of marked.ts waits for closes and leaves out what Node opens. */
export function descriptorCount(): number {
  return readdirSync('/proc/self/fd').length
}

/** How many more there are than `before`, once the last closes are done: they may be on a thread. */
export async function leakedSince(before: number): Promise<number> {
  const deadline = Date.now() + patience
  while (descriptorCount() > before && Date.now() < deadline) await setImmediate()
  return Math.max(0, descriptorCount() - before)
}
