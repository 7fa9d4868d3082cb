// What rows found, kept between runs in build/scoreboard.json: the long form takes a night, and may be run row by row. For each row
// and side the last finding of each form. Knows no Markdown.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeMachine } from '../../bench/lib/machine.js'
import type { Finding, Side } from './row.js'
import type { Form } from './started.js'

export interface Kept extends Finding {
  readonly row: number
  readonly side: Side
  readonly form: Form
  /** The day. */
  readonly day: string
  readonly node: string
  readonly system: string
}

const folder = join(__dirname, '..', '..', 'build')
const file = join(folder, 'scoreboard.json')

export function keptFindings(): Kept[] {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}

/** Takes the place of what was found before. */
export function keep(row: number, side: Side, form: Form, { held, figure }: Finding): void {
  const { node, system } = describeMachine('')
  const others = keptFindings().filter((one) => one.row !== row || one.side !== side || one.form !== form)
  const day = new Date().toISOString().slice(0, 10)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${JSON.stringify([...others, { row, side, form, held, figure, day, node, system }], null, 1)}\n`)
}
