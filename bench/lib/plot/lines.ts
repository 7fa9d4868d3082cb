/**
 * A chart of curves: a cost against a size or a number, both on logarithmic scales, each point with its quartiles.
 */
import { logarithmic, type Scale, tickText } from './scale.js'
import { COLOURS, element, INK, line, picture, round, text } from './svg.js'

export interface Point {
  x: number
  median: number
  q1: number
  q3: number
}

export interface Curve {
  name: string
  points: readonly Point[]
}

export interface Axes {
  title: string
  x: string
  y: string
  /** The places are powers of two. */
  isBinary?: true
}

const WIDTH = 900
const HEIGHT = 440
const LEFT = 80
const RIGHT = 640
const TOP = 50
const BOTTOM = 390

export function lineChart({ title, x, y, isBinary }: Axes, curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points)
  const places = [...new Set(points.map((point) => point.x))]
  const across = { ...logarithmic(places, LEFT, RIGHT), ticks: places }
  const up = logarithmic(
    points.flatMap(({ q1, q3 }) => [q1, q3]),
    BOTTOM,
    TOP,
  )
  const drawn = curves.flatMap((curve, at) => drawCurve(curve, at, across, up))
  const words = [
    text((LEFT + RIGHT) / 2, HEIGHT - 14, x, { 'text-anchor': 'middle' }),
    text(12, TOP - 8, y, { 'font-size': 11 }),
  ]
  return picture(WIDTH, HEIGHT, title, [...grid(across, up, isBinary ? binaryText : tickText), ...words, ...drawn])
}

function grid(across: Scale, up: Scale, written: (value: number) => string): string[] {
  const upright = across.ticks.flatMap((tick) => [
    line(across.at(tick), TOP, across.at(tick), BOTTOM),
    text(across.at(tick), BOTTOM + 16, written(tick), { 'text-anchor': 'middle', 'font-size': 11 }),
  ])
  const level = up.ticks.flatMap((tick) => [
    line(LEFT, up.at(tick), RIGHT, up.at(tick)),
    text(LEFT - 6, up.at(tick) + 4, tickText(tick), { 'text-anchor': 'end', 'font-size': 11 }),
  ])
  return [...upright, ...level]
}

/** `64`, `4 Ki` */
function binaryText(value: number): string {
  return value < 1024 ? String(value) : `${value / 1024} Ki`
}

function drawCurve({ name, points }: Curve, at: number, across: Scale, up: Scale): string[] {
  const stroke = COLOURS[at % COLOURS.length] ?? INK
  const sorted = [...points].sort((a, b) => a.x - b.x)
  const places = sorted.map(({ x, median }) => [round(across.at(x)), round(up.at(median))] as const)
  const legend = TOP + 10 + at * 22
  return [
    element('polyline', {
      points: places.map((place) => place.join(',')).join(' '),
      fill: 'none',
      stroke,
      'stroke-width': 2,
    }),
    ...places.map(([cx, cy]) => element('circle', { cx, cy, r: 3, fill: stroke })),
    ...sorted.map(({ x, q1, q3 }) => line(across.at(x), up.at(q1), across.at(x), up.at(q3), { stroke })),
    line(RIGHT + 20, legend, RIGHT + 44, legend, { stroke, 'stroke-width': 2 }),
    text(RIGHT + 50, legend + 4, name),
  ]
}
