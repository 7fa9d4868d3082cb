/**
 * Logarithmic scales: from values to places, and the round values to write beside them.
 */

export interface Scale {
  at(value: number): number
  ticks: readonly number[]
}

/** A scale that holds all values, from `start` to `end` of the picture. */
export function logarithmic(values: readonly number[], start: number, end: number): Scale {
  const low = Math.log10(Math.min(...values))
  const high = Math.log10(Math.max(...values))
  const margin = Math.max(0.05, (high - low) * 0.04)
  const [from, to] = [low - margin, high + margin]
  const at = (value: number): number => start + ((Math.log10(value) - from) / (to - from)) * (end - start)
  return { at, ticks: ticksBetween(10 ** from, 10 ** to) }
}

/** 1, 2, 5, 10 … where there is room, else powers of ten alone. */
function ticksBetween(from: number, to: number): number[] {
  const steps = Math.log10(to / from) > 3.5 ? [1] : [1, 2, 5]
  const ticks = []
  for (let power = Math.floor(Math.log10(from)); power <= Math.ceil(Math.log10(to)); power++) {
    for (const step of steps) ticks.push(step * 10 ** power)
  }
  return ticks.filter((tick) => tick >= from && tick <= to)
}

/** `0.05`, `200`, `50 k`, `3 M` */
export function tickText(value: number): string {
  if (value >= 1e6) return `${trimmed(value / 1e6)} M`
  if (value >= 1e4) return `${trimmed(value / 1e3)} k`
  return trimmed(value)
}

function trimmed(value: number): string {
  return String(Number(value.toPrecision(3)))
}
