/**
 * A chart of ratios: a bar for each, its quartiles, and a mark where it shall be. The scale is logarithmic and the bars begin at
 * 1: to the right is faster.
 */
import { logarithmic, type Scale, tickText } from './scale.js'
import { BAD, COLOURS, element, GOOD, INK, line, picture, round, text } from './svg.js'

export interface Bar {
  label: string
  median: number
  q1: number
  q3: number
  target: number | null
}

const WIDTH = 900
const LEFT = 470
const RIGHT = 840
const TOP = 66
const STEP = 20

export function barChart(title: string, bars: readonly Bar[]): string {
  const values = bars.flatMap(({ q1, q3, target }) => [q1, q3, target ?? 1])
  const scale = logarithmic([1, ...values], LEFT, RIGHT)
  const bottom = TOP + bars.length * STEP
  const drawn = bars.flatMap((bar, at) => drawBar(bar, TOP + at * STEP, scale))
  const legend = text(12, 42, 'bar: median; thin line: quartiles; mark: target, green if reached', { fill: '#666666' })
  return picture(WIDTH, bottom + 14, title, [legend, ...grid(scale, bottom), ...drawn])
}

function grid(scale: Scale, bottom: number): string[] {
  const one = line(scale.at(1), TOP - 6, scale.at(1), bottom, { stroke: INK })
  const ticks = scale.ticks.flatMap((tick) => [
    line(scale.at(tick), TOP - 6, scale.at(tick), bottom),
    text(scale.at(tick), TOP - 10, tickText(tick), { 'text-anchor': 'middle', 'font-size': 10 }),
  ])
  return [...ticks, one]
}

function drawBar({ label, median, q1, q3, target }: Bar, top: number, scale: Scale): string[] {
  const middle = top + STEP / 2
  const [from, to] = [scale.at(1), scale.at(median)].sort((a, b) => a - b) as [number, number]
  const size = { x: round(from), y: top + 4, width: round(to - from), height: STEP - 8 }
  const parts = [
    text(LEFT - 10, middle + 4, label, { 'text-anchor': 'end', 'font-size': 11 }),
    element('rect', { ...size, fill: COLOURS[0] ?? INK }),
    line(scale.at(q1), middle, scale.at(q3), middle, { stroke: INK }),
    text(RIGHT + 8, middle + 4, median.toFixed(2), { 'font-size': 11 }),
  ]
  if (target === null) return parts
  const colour = median >= target * 0.95 ? GOOD : BAD
  const place = scale.at(target)
  return [...parts, line(place, top + 1, place, top + STEP - 1, { stroke: colour, 'stroke-width': 3 })]
}
