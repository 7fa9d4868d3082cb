/**
 * What the programs of a trial are told, through the environment so that those in C and Python read the same. This file
 * says what there is; it knows nothing about what a program does with it.
 */

export type SocketType = 'stream' | 'seqpacket' | 'dgram'

export interface Settings {
  type: SocketType
  /** Bytes of one record. */
  size: number
  /** Descriptors that come with each record. */
  fds: number
  /** Connections at once. */
  connections: number
}

/** What the trial adds. Times are in milliseconds. */
export interface TrialSettings extends Settings {
  path: string
  /** Before the clock runs: until the code is compiled, and every byte is compared. */
  warm: number
  timed: number
  /** The main file of the package that is measured; empty where there is none. */
  peer: string
  /** The CPU of the other program, for one that starts its other half itself. */
  otherCpu: string
}

export function environmentOf(settings: TrialSettings): Record<string, string> {
  const entries = Object.entries(settings)
  return Object.fromEntries(entries.map(([name, value]) => [variableOf(name), String(value)]))
}

/** In a program. */
export function readSettings(): TrialSettings {
  const text = (name: keyof TrialSettings): string => process.env[variableOf(name)] ?? ''
  const number = (name: keyof TrialSettings): number => Number(text(name))
  return {
    type: text('type') as SocketType,
    size: number('size'),
    fds: number('fds'),
    connections: number('connections'),
    path: text('path'),
    warm: number('warm'),
    timed: number('timed'),
    peer: text('peer'),
    otherCpu: text('otherCpu'),
  }
}

function variableOf(name: string): string {
  return `BENCH_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}
