/**
 * Pieces of SVG: elements, texts, and the colours of the plots. It knows nothing about charts.
 */

export type Attributes = Record<string, string | number>

/** Dark enough for thin lines on white, and apart from each other for most eyes. */
export const COLOURS = ['#0b62a4', '#d1495b', '#3d7a37', '#8d5a97', '#b8860b', '#2a9d8f', '#6b4c35']
export const INK = '#222222'
export const PALE = '#d9d9d9'
export const GOOD = '#3d7a37'
export const BAD = '#d1495b'

export function element(name: string, attributes: Attributes, content = ''): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${escaped(String(value))}"`)
  return `<${name}${written.join('')}${content === '' ? '/>' : `>${content}</${name}>`}`
}

export function text(x: number, y: number, words: string, more: Attributes = {}): string {
  return element('text', { x: round(x), y: round(y), fill: INK, ...more }, escaped(words))
}

export function line(x1: number, y1: number, x2: number, y2: number, more: Attributes = {}): string {
  return element('line', { x1: round(x1), y1: round(y1), x2: round(x2), y2: round(y2), stroke: PALE, ...more })
}

/** A whole picture, on white: it is read on dark pages, too. */
export function picture(width: number, height: number, title: string, parts: readonly string[]): string {
  const frame = { xmlns: 'http://www.w3.org/2000/svg', width, height, viewBox: `0 0 ${width} ${height}` }
  const fonts = { 'font-family': 'sans-serif', 'font-size': 12 }
  const white = element('rect', { width, height, fill: 'white' })
  const heading = text(12, 22, title, { 'font-size': 15, 'font-weight': 'bold' })
  const content = [element('title', {}, escaped(title)), white, heading, ...parts].join('\n')
  return `${element('svg', { ...frame, ...fonts, role: 'img' }, `\n${content}\n`)}\n`
}

/** A tenth of a pixel is enough, and keeps the file small. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}

function escaped(words: string): string {
  return words.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/"/g, '&quot;')
}
