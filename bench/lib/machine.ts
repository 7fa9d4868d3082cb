/**
 * What the numbers were measured on. Whether the process is pinned is read from the kernel, not assumed.
 */
import { existsSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, type } from 'node:os'

const STATUS = '/proc/self/status'

export interface Machine {
  node: string
  system: string
  cpu: string
  cpus: number
  pinning: string
}

/** @param pinning Where the programs run, if that is not where this process does. */
export function describeMachine(pinning = describePinning()): Machine {
  return {
    node: process.version,
    system: `${type()} ${release()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown CPU',
    cpus: cpus().length,
    pinning,
  }
}

export function printMachine({ node, system, cpu, cpus, pinning }: Machine): void {
  console.log(`  Node.js ${node}, ${system}, ${cpus} × ${cpu}`)
  console.log(`  ${pinning}`)
}

function describePinning(): string {
  const allowed = existsSync(STATUS) && /^Cpus_allowed_list:\s*(\S+)$/m.exec(readFileSync(STATUS, 'utf8'))?.[1]
  if (allowed && /^\d+$/.test(allowed)) return `all processes pinned to CPU ${allowed}`
  return `not pinned: any of ${availableParallelism()} CPUs; taskset is missing or was not used`
}
