/**
 * What every bench can be told: how long to measure, and where to keep the numbers. The bench of all workloads can be told
 * which of them, too.
 */
import { parseArgs } from 'node:util'
import type { Plan } from './rounds.js'

export interface Options extends Plan {
  /** The file for the numbers; null: they are only printed. */
  json: string | null
}

export interface WorkloadOptions extends Options {
  /** Beginnings of names of workloads; empty: all. */
  only: readonly string[]
  /** Write the numbers and the plots into docs/. */
  writeDocs: boolean
}

interface Plans {
  normal: Plan
  quick: Plan
}

const LOOKUPS: Plans = { normal: { rounds: 11, milliseconds: 200 }, quick: { rounds: 3, milliseconds: 50 } }
const WORKLOADS: Plans = { normal: { rounds: 9, milliseconds: 400 }, quick: { rounds: 3, milliseconds: 60 } }

const COMMON = {
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  json: { type: 'string' },
} as const

export function parseOptions(): Options {
  const { values } = parseArgs({ options: COMMON })
  return optionsOf(values, LOOKUPS)
}

export function parseWorkloadOptions(): WorkloadOptions {
  const more = { only: { type: 'string', multiple: true }, 'write-docs': { type: 'boolean', default: false } } as const
  const { values } = parseArgs({ options: { ...COMMON, ...more } })
  if (values['write-docs'] && values.only) throw new Error('--write-docs needs all workloads: leave out --only')
  return { ...optionsOf(values, WORKLOADS), only: values.only ?? [], writeDocs: values['write-docs'] }
}

function optionsOf(values: { quick: boolean; rounds?: string; json?: string }, { normal, quick }: Plans): Options {
  const { rounds, milliseconds } = values.quick ? quick : normal
  const asked = values.rounds === undefined ? rounds : Number(values.rounds)
  if (!Number.isInteger(asked) || asked < 1)
    throw new Error(`--rounds ${values.rounds}: it must be a whole number from 1`)
  return { rounds: asked, milliseconds, json: values.json ?? null }
}
