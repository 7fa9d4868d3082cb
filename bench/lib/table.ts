/**
 * Prints results for people: columns of text, numbers with their quartiles. It does not compute anything.
 */
import { type Spread, spreadOf } from './statistics.js'

export type Cells = readonly string[]

/** The first column is words, the others are numbers and end at the same place. A line with fewer cells ends in words. */
export function printTable(heading: Cells, lines: readonly Cells[]): void {
  const all = [heading, ...lines]
  const isFull = (cells: Cells): boolean => cells.length === heading.length
  const widths = heading.map((_, column) => {
    const shown = column === 0 ? all : all.filter(isFull)
    return Math.max(...shown.map((cells) => cells[column]?.length ?? 0))
  })
  for (const cells of all) console.log(`  ${alignLine(cells, widths, isFull(cells))}`.trimEnd())
  console.log()
}

function alignLine(cells: Cells, widths: readonly number[], isFull: boolean): string {
  const align = (cell: string, column: number): string => {
    const width = widths[column] ?? 0
    return column === 0 ? cell.padEnd(width) : isFull ? cell.padStart(width) : cell
  }
  return cells.map(align).join('  ')
}

/** `0.85 (0.84 – 0.87)` */
export function spreadText({ median, q1, q3 }: Spread, number: (value: number) => string): string {
  return `${number(median)} (${number(q1)} – ${number(q3)})`
}

/** Operations per second. */
export function rateText(rate: number): string {
  return rate < 1e6 ? `${(rate / 1e3).toFixed(1)} k` : `${(rate / 1e6).toFixed(2)} M`
}

export function nanosecondsText(nanoseconds: readonly number[]): string {
  return spreadText(spreadOf(nanoseconds), (each) => each.toFixed(each < 100 ? 1 : 0))
}
