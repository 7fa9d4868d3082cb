// What a row of the scoreboard is: a hazard, what is wanted, what a published comparison found for others, and the cases that show
// it here, one per side. Knows no row.

export const peers = ['usocket', 'node-unix-socket', 'unix-dgram', 'node:net'] as const
export type Peer = (typeof peers)[number]
export type Side = 'ancillary' | Peer
export const sides: readonly Side[] = ['ancillary', ...peers]

/** What a case found. */
export interface Finding {
  readonly held: boolean
  /** In few words, with numbers. */
  readonly figure: string
}

/** What a case is given. */
export interface Kit {
  /** For the night. */
  readonly long: boolean
  /** Its sockets; nobody else's. */
  readonly folder: string
  /** How often, in the short and in the long form. */
  pick(short: number, long: number): number
  /** The package of the side. */
  load<T>(): T
}

export type Case = (kit: Kit) => Finding | Promise<Finding>
export type Cases = { readonly ancillary: Case } & Readonly<Partial<Record<Peer, Case>>>

export interface Row {
  readonly number: number
  readonly title: string
  readonly target: string
  /** Figures of peers from the comparison that is named in docs/scoreboard.md; ✓ held, ✗ failed. None: it does not apply. */
  readonly reference: Readonly<Partial<Record<Peer, string>>>
  readonly cases: Cases
}

/** How many times worse than we the control must be that is known to fail. */
export const FACTOR = 10

export const held = (figure: string): Finding => ({ held: true, figure })

/** Held where nothing is wrong. */
export function judged(wrong: readonly string[], figure: string): Finding {
  return wrong.length === 0 ? held(figure) : { held: false, figure: wrong.join('; ') }
}

export const count = (number: number): string => number.toLocaleString('en-US')
