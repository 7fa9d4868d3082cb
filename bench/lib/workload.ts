/**
 * What a workload is: the same work done by several programs, and what is aimed at. It says how a program is named and
 * started, and knows none of the workloads.
 */
import { join } from 'node:path'
import { compileC } from './c.js'
import { isMissing } from './command.js'
import type { Placement } from './placement.js'
import type { Settings } from './settings.js'
import type { Told } from './trial.js'
import type { Unit } from './unit.js'

/** A program of bench/, by its source, and the way in which it is to do its work. */
export interface Program {
  source: string
  method?: string
}

/** `ancillary` is what is measured, `peer` and `C` are what it is compared with; `limit` is a program in C that is only shown. */
export type Side = 'ancillary' | 'peer' | 'C' | 'limit'

export interface Variant {
  name: string
  side: Side
  server: Program
  /** None where the server starts its other half itself. */
  clients: readonly Program[]
  /** The npm package that one of the programs needs. */
  peer?: string
  /** Where it differs from the workload: a peer that has no sockets of that type. */
  settings?: Partial<Settings>
}

export interface Target {
  /** The variant of ours. */
  of: string
  /** A variant; without it the best peer, or with `C` the best program in C. */
  to?: string
  /** How many times as fast it shall be; with `atMost`, how many times as much it may need. */
  times: number
  atMost?: true
  /** A cost that is good enough, whatever the ratio. */
  orBelow?: number
}

export interface Workload {
  /** For the command line. */
  name: string
  title: string
  unit: Unit
  placement: Placement
  settings: Settings
  variants: readonly Variant[]
  targets: readonly Target[]
  /** Messages that a datagram socket has room for. */
  queueLength?: number
  /** The server serves until it is told to end. */
  serverWaits?: true
  /** How many times as long as other workloads it takes. Default 1. */
  stretch?: number
  /** It is a point of a curve, at this place. */
  curve?: { name: string; at: number }
  /** Throws if what the programs told does not fit together. */
  verify?(told: readonly Told[]): void
}

export const C = 'C'

/** Starts a command, or tells why that is not possible. */
export function commandOf({ source, method }: Program): string[] | { notBuilt: string } {
  const path = join(__dirname, '..', source)
  const rest = method === undefined ? [] : [method]
  if (source.endsWith('.c')) return commandOfC(path, rest)
  if (source.endsWith('.py'))
    return isMissing('python3') ? { notBuilt: 'python3 is missing' } : ['python3', path, ...rest]
  return [process.execPath, '--expose-gc', path.replace(/ts$/, 'js'), ...rest]
}

const compiled = new Map<string, ReturnType<typeof compileC>>()

function commandOfC(path: string, rest: string[]): string[] | { notBuilt: string } {
  const made = compiled.get(path) ?? compileC(path)
  compiled.set(path, made)
  return 'path' in made ? [made.path, ...rest] : made
}
