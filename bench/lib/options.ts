/**
 * What every bench can be told: how long to measure, and where to keep the numbers.
 */
import { parseArgs } from 'node:util'
import type { Plan } from './rounds.js'

export interface Options extends Plan {
  /** The file for the numbers; null: they are only printed. */
  json: string | null
}

const NORMAL: Plan = { rounds: 11, milliseconds: 200 }
const QUICK: Plan = { rounds: 3, milliseconds: 50 }

export function parseOptions(): Options {
  const { values } = parseArgs({
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  })
  return { ...(values.quick ? QUICK : NORMAL), json: values.json ?? null }
}
