/**
 * What is compared in a workload: each variant of ours with the best peer and with the best program in C, and with every
 * peer that a target names. Which is the best is seen from the medians.
 */
import type { Comparison } from './report.js'
import { isMeasured, type Result } from './rounds.js'
import { spreadOf } from './statistics.js'
import { C, type Side, type Target, type Workload } from './workload.js'

/** A target is met when this part of it is: that is what one run can tell from another. */
const ENOUGH = 0.95

export function comparisonsOf({ variants, targets }: Workload, results: readonly Result[]): Comparison[] {
  const named = new Map(results.map((result) => [result.name, result]))
  const of = (side: Side): Result[] =>
    variants.filter((each) => each.side === side).flatMap(({ name }) => named.get(name) ?? [])
  const best = { peer: bestOf(of('peer')), c: bestOf(of('C')) }
  return of('ancillary').flatMap((first) => {
    const own = targets.filter((target) => target.of === first.name)
    const second = (target: Target): Result | undefined =>
      target.to === undefined ? best.peer : target.to === C ? best.c : named.get(target.to)
    const aimed = own.map((target) => comparisonOf(first, second(target), target))
    const seen = new Set(aimed.map((each) => each?.second))
    const shown = [best.peer, best.c].filter((each) => each !== undefined && !seen.has(each))
    return [...aimed, ...shown.map((each) => comparisonOf(first, each, null))].flatMap((each) => each ?? [])
  })
}

function comparisonOf(first: Result, second: Result | undefined, target: Target | null): Comparison | undefined {
  if (second === undefined) return undefined
  const name = `${first.name} ÷ ${second.name}`
  const { times = null, of: _, to: __, ...how } = target ?? {}
  return { name, first, second, target: times, enough: ENOUGH, ...how }
}

function bestOf(results: readonly Result[]): Result | undefined {
  const cost = ({ samples }: Result): number => spreadOf(samples).median
  return results.filter(isMeasured).sort((a, b) => cost(a) - cost(b))[0]
}
