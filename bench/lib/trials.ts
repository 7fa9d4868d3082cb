/**
 * Runs the variants of a workload in interleaved rounds, each time as new processes. A variant that fails is told as such
 * and not run again: its numbers do not count.
 */
import { join } from 'node:path'
import { peer } from './peers.js'
import { type Cpus, cpusOf, withQueueLength } from './placement.js'
import { interleave, type Result, type Run, type TrialPlan } from './rounds.js'
import type { TrialSettings } from './settings.js'
import { runTrial, type Told, type Trial } from './trial.js'
import { commandOf, type Variant, type Workload } from './workload.js'

type Prepared = Trial | { notBuilt: string } | { notPossible: string }

export async function measureWorkload(workload: Workload, plan: TrialPlan, folder: string): Promise<Result[]> {
  const runs = workload.variants.map((variant) => runOf(workload, variant, prepare(workload, variant, plan, folder)))
  return await interleave(runs, plan.rounds)
}

function runOf(workload: Workload, { name }: Variant, trial: Prepared): Run {
  const result: Result = { name, samples: [] }
  if ('notBuilt' in trial || 'notPossible' in trial) return { result: { ...result, ...trial }, once: async () => {} }
  const once = async (): Promise<void> => {
    if (result.failed !== undefined) return
    try {
      const told = await runTrial(trial)
      workload.verify?.(told)
      result.samples.push(costOf(told))
    } catch (error) {
      result.failed = (error as Error).message
    }
  }
  return { result, once }
}

function prepare(workload: Workload, variant: Variant, plan: TrialPlan, folder: string): Prepared {
  const cpus = cpusOf(workload.placement)
  const prefix = workload.queueLength === undefined ? [] : withQueueLength(workload.queueLength)
  const made = variant.peer === undefined ? { path: '' } : peer(variant.peer)
  for (const each of [cpus, prefix]) if ('notPossible' in each) return each
  if ('notBuilt' in made) return made
  const settings = settingsOf(
    workload,
    { ...plan, warm: warmOf(variant, plan) },
    join(folder, 'socket'),
    made.path,
    (cpus as Cpus).client,
  )
  const own = { ...settings, ...variant.settings }
  return trialOf(variant, cpus as Cpus, prefix as readonly string[], own, workload.serverWaits ?? false)
}

/** C has nothing to compile; JavaScript on one CPU is compiled beside what it does, and that takes more than a second. */
function warmOf({ side }: Variant, { warm }: TrialPlan): number {
  return side === 'C' || side === 'limit' ? Math.ceil(warm / 4) : warm
}

function settingsOf(
  { settings, stretch = 1 }: Workload,
  { warm, milliseconds }: TrialPlan,
  path: string,
  peer: string,
  otherCpu: string,
): TrialSettings {
  return { ...settings, path, warm, timed: milliseconds * stretch, peer, otherCpu }
}

function trialOf(
  { server, clients }: Variant,
  cpus: Cpus,
  prefix: readonly string[],
  settings: TrialSettings,
  serverWaits: boolean,
): Prepared {
  const commands = [server, ...clients].map(commandOf)
  const missing = commands.find((each) => 'notBuilt' in each)
  if (missing !== undefined) return missing as { notBuilt: string }
  const [first = [], ...rest] = commands as string[][]
  const held = (cpu: string, command: string[]): string[] => ['taskset', '-c', cpu, ...prefix, ...command]
  const heldClients = rest.map((command) => held(cpus.client, command))
  return { server: held(cpus.server, first), clients: heldClients, serverWaits, settings }
}

/** What one operation took, or the number that the rows of the workload are about. */
function costOf(told: readonly Told[]): number {
  for (const { nanoseconds, operations, value } of told) {
    if (value !== undefined) return value
    if (nanoseconds !== undefined && operations !== undefined) return nanoseconds / operations
  }
  throw new Error('no program told what it found')
}
