/**
 * What every bench can be told: how long to measure, and where to keep the numbers. The bench of all workloads can be told
 * which of them, too.
 */
import { parseArgs } from 'node:util'
import type { Plan, TrialPlan } from './rounds.js'

export interface Options extends Plan {
  /** The file for the numbers; null: they are only printed. */
  json: string | null
}

export interface WorkloadOptions extends Options, TrialPlan {
  /** Rounds of workloads that have no target. */
  otherRounds: number
  /** Beginnings of names of workloads; empty: all. */
  only: readonly string[]
  /** Write the numbers and the plots into docs/. */
  writeDocs: boolean
}

interface Plans<P extends Plan> {
  normal: P
  quick: P
}

const LOOKUPS: Plans<Plan> = { normal: { rounds: 11, milliseconds: 200 }, quick: { rounds: 3, milliseconds: 50 } }
const WORKLOADS: Plans<TrialPlan & { otherRounds: number }> = {
  normal: { rounds: 9, otherRounds: 3, warm: 1200, milliseconds: 400 },
  quick: { rounds: 2, otherRounds: 1, warm: 80, milliseconds: 60 },
}

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
  const options = optionsOf(values, WORKLOADS)
  const otherRounds = values.rounds === undefined ? options.otherRounds : options.rounds
  return { ...options, otherRounds, only: values.only ?? [], writeDocs: values['write-docs'] }
}

function optionsOf<P extends Plan>(
  values: { quick: boolean; rounds?: string; json?: string },
  { normal, quick }: Plans<P>,
): P & { json: string | null } {
  const plan = values.quick ? quick : normal
  const rounds = values.rounds === undefined ? plan.rounds : Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`--rounds ${values.rounds}: it must be a whole number from 1`)
  return { ...plan, rounds, json: values.json ?? null }
}
