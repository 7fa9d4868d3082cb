// Rows for people: columns as wide as their longest cell, the last one as long as it likes. Knows no sockets.
import { stripVTControlCharacters } from 'node:util'
import { paint } from './terminal.js'

function width(text: string): number {
  return [...stripVTControlCharacters(text)].length
}

function padded(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) => cell + ' '.repeat((widths[column] as number) - width(cell)))
    .join('  ')
    .trimEnd()
}

/** A table with a line of headings. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, column) =>
    Math.max(width(heading), ...rows.map((row) => width(row[column] as string))),
  )
  const [first, ...others] = [headings, ...rows].map((cells) => padded(cells, widths))
  return `${[paint(process.stdout, 'bold', first as string), ...others].join('\n')}\n`
}

/** A word and what is to be said about it, on each line; those without are left out. */
export function facts(pairs: readonly (readonly [string, string | null])[]): string {
  const told = pairs.filter(([, value]) => value !== null && value !== '')
  const widest = Math.max(...told.map(([word]) => width(word)))
  return told.map(([word, value]) => `${paint(process.stdout, 'bold', word.padEnd(widest))}  ${value}\n`).join('')
}
