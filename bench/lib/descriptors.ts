/**
 * Whether the descriptors that come with records are the right ones: the files that bench/c/sender.c sends have sizes of 1
 * to 16 bytes, in turn. It closes nothing.
 */
import { fstatSync, readdirSync } from 'node:fs'
import { fail } from './program.js'

const FILES = 16
/** Of so many records each descriptor is looked at: not of all, because that is slow, and what is timed must be warm by then. */
export const LOOKED_AT = 1000

/** `record` is how many records came before: the first descriptor of each is one file further. */
export function checkDescriptors(fds: readonly number[], record: number): void {
  for (const [at, fd] of fds.entries()) {
    const size = fstatSync(fd).size
    const due = ((record + at) % FILES) + 1
    if (size !== due) fail(`descriptor ${at} of record ${record} is file ${size}, not ${due}`)
  }
}

const PATIENCE_MS = 5000

/** Ends the program if, at the end, there are more descriptors than at the start. */
export class OpenDescriptors {
  readonly #before = countOpen()

  /** What came with the last record may be open still, and a thread may still be closing. */
  check(allowed: number): void {
    const patience = performance.now() + PATIENCE_MS
    while (countOpen() - this.#before > allowed && performance.now() < patience);
    const more = countOpen() - this.#before
    if (more > allowed) fail(`${more} descriptors were left open`)
  }
}

function countOpen(): number {
  return readdirSync('/proc/self/fd').length
}
