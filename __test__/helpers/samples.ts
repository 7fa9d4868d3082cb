// A fresh descriptor of each kind and state, with what is at its other end.
import type { OwnedFd } from '../../index.js'

/** One descriptor to be tried, and what a test needs to see that it works. */
export interface Sample {
  readonly fd: OwnedFd
  /** Writes what `fd` reads and reads what it writes: the other end, or the same file opened again. */
  readonly far?: OwnedFd
  /** Of a listening socket: a connection to it. */
  readonly dial?: () => Promise<OwnedFd>
}

export type Open = () => Sample | Promise<Sample>

/** Closes what a conversion has not taken. */
export function closeSample({ fd, far }: Sample): void {
  fd.close()
  far?.close()
}

/** What a system may lack, or allow to nobody but root, as its error says. */
const LACKING = [
  'EPERM',
  'EACCES',
  'EAFNOSUPPORT',
  'EPROTONOSUPPORT',
  'ESOCKTNOSUPPORT',
  'EADDRNOTAVAIL',
  'ENOENT',
  'ENODEV',
]

/** Opens one that not every system has: null where it lacks. */
export async function openWhereThereIs(open: Open): Promise<Sample | null> {
  try {
    return await open()
  } catch (error) {
    if (!LACKING.includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    return null
  }
}
