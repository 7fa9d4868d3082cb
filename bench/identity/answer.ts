/**
 * What a right answer is. Every lookup goes into a sum that is compared at the end, so that none can be left out by a
 * clever compiler or be wrong without being noticed.
 */

export interface Answer {
  pid: number | null
  uid: number | null
  gid: number | null
}

/** What a lookup adds to the sum. A field that is null makes the sum wrong. */
export function digest(pid: number | null, uid: number | null, gid: number | null): number {
  return (pid ?? Number.NaN) + 3 * (uid ?? Number.NaN) + 5 * (gid ?? Number.NaN)
}

/** Sums are kept modulo 2^32: they stay exact however large ids and counts are. */
export function assertSum(sum: number, { pid, uid, gid }: Answer, count: number): void {
  const right = Number(BigInt.asIntN(32, BigInt(count) * BigInt(digest(pid, uid, gid))))
  if (sum !== right) throw new Error(`${count} lookups add up to ${sum}, not to ${right}: some answer is wrong`)
}

export function assertAnswer(answer: Answer, right: Answer): void {
  for (const field of ['pid', 'uid', 'gid'] as const) {
    if (answer[field] !== right[field]) throw new Error(`${field} is ${answer[field]}, not ${right[field]}`)
  }
}
