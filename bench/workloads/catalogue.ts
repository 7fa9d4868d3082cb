/**
 * All workloads, in the order in which they run.
 */
import type { Workload } from '../lib/workload.js'
import { connections } from './connect/index.js'
import { descriptors } from './descriptors/index.js'
import { fairness } from './fairness/index.js'
import { idle } from './idle/index.js'
import { messages } from './messages/index.js'
import { pingPong } from './ping-pong/index.js'
import { sending } from './sending/index.js'
import { stream } from './stream/index.js'

export const catalogue: readonly Workload[] = [
  ...stream,
  ...messages,
  ...pingPong,
  ...descriptors,
  ...connections,
  ...idle,
  ...sending,
  ...fairness,
]

/** The one of that name, or those whose names begin so; all of them without a word. */
export function workloadsNamed(words: readonly string[]): Workload[] {
  if (words.length === 0) return [...catalogue]
  const chosen = new Set(
    words.flatMap((word) => {
      const exact = catalogue.filter(({ name }) => name === word)
      return exact.length > 0 ? exact : catalogue.filter(({ name }) => name.startsWith(word))
    }),
  )
  if (chosen.size > 0) return [...chosen]
  throw new Error(`There is no workload ${words.join(', ')}; there are ${catalogue.map(({ name }) => name).join(', ')}`)
}
