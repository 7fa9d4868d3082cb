// Puts error numbers in the place of system calls, with strace: a first run of the program (injected.ts) without any tells which
// calls each of its threads makes between its marks, and so how to count to the one that is to be hit. Knows strace and its log,
// not what the calls mean.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runScenario } from './child.js'
import type { Account } from './injected.js'

export const types = ['stream', 'seqpacket', 'dgram'] as const
type Type = (typeof types)[number]

/** Which of the program's calls are hit. */
export const places = ['first', 'second', 'every third'] as const
export type Place = (typeof places)[number]

/** One error in place of one call, or of several. */
export interface Injection {
  readonly call: string
  readonly errno: string
  readonly place: Place
}

/** What became of one type in a run. */
export interface Outcome {
  readonly type: Type
  /** In words when it did not come to its end. */
  readonly account: Account | string
  /** How many calls were hit, by name. */
  readonly hits: Readonly<Record<string, number>>
}

/** The numbers that strace counts by, for one type: of each call, those between the marks. */
type Positions = Record<string, number[]>

interface Line {
  readonly thread: string
  readonly call: string
  readonly text: string
}

const MARK = /^f?access(at2?)?$/

/** Runs the program, dry and with injections. */
export class Laboratory {
  readonly #folder: string
  readonly #calls: readonly string[]
  #runs = 0
  #positions: Record<Type, Positions> | undefined

  constructor(folder: string, calls: readonly string[]) {
    this.#folder = folder
    this.#calls = calls
  }

  /** Runs it without an injection; must come first. Returns what it told. */
  async learn(): Promise<Outcome[]> {
    const { outcomes, lines } = await this.#run('all', [])
    const found = types.map((type) => [type, positionsOf(lines, threadOf(lines, type) ?? '')] as const)
    this.#positions = Object.fromEntries(found) as Record<Type, Positions>
    return outcomes
  }

  /** How often the program makes a call for sockets of a type. */
  count(type: Type, call: string): number {
    return this.#known[type][call]?.length ?? 0
  }

  /** One run for all types where they count alike, else one for each. Types that make too few such calls are not told of. */
  async inject(injections: readonly Injection[]): Promise<Outcome[]> {
    const rules = types.map((type) => injections.flatMap((injection) => this.#ruleOf(injection, type)))
    const all = [...new Set(rules.flat())]
    const alike = injections.every(({ call }) => all.filter((rule) => rule.startsWith(`inject=${call}:`)).length <= 1)
    if (alike) return this.#inject('all', all)
    const runs: Outcome[] = []
    for (const [at, type] of types.entries()) runs.push(...(await this.#inject(type, rules[at] as string[])))
    return runs
  }

  /** The rule of strace that hits a place; none where there is no such call. */
  #ruleOf({ call, errno, place }: Injection, type: Type): string[] {
    const at = this.#known[type][call]?.[places.indexOf(place)]
    if (at === undefined) return []
    return [`inject=${call}:error=${errno}:when=${at}${place === 'every third' ? '+3' : ''}`]
  }

  async #inject(name: string, rules: string[]): Promise<Outcome[]> {
    if (rules.length === 0) return []
    const { outcomes, lines } = await this.#run(name, rules)
    const ours = new Set(types.map((type) => threadOf(lines, type)))
    const stray = lines.filter(({ thread, text }) => isHit(text) && !ours.has(thread))
    if (stray.length > 0) throw new Error(`Node.js itself was hit: ${stray.map(({ text }) => text).join('\n')}`)
    return outcomes
  }

  get #known(): Record<Type, Positions> {
    if (this.#positions === undefined) throw new Error('learn() comes first')
    return this.#positions
  }

  async #run(name: string, rules: string[]): Promise<{ outcomes: Outcome[]; lines: Line[] }> {
    const log = join(this.#folder, `log${this.#runs++}`)
    const trace = `'trace=/${MARK.source}|^(${this.#calls.join('|')})$'`
    const wrapper = ['strace -f --seccomp-bpf -qq -o', log, '-e', trace, ...rules.map((rule) => `-e ${rule}`)].join(' ')
    const { answer, code, stderr } = await runScenario('injected', name, {
      wrapper,
      env: { ANCILLARY_TEST_FOLDER: this.#folder },
    })
    if (answer === undefined) throw new Error(`${rules.join(' ')}: it ended with ${code}: ${stderr}`)
    const lines = linesOf(readFileSync(log, 'utf8'))
    rmSync(log)
    const accounts = Object.entries(answer as Record<Type, Account | string>) as [Type, Account | string][]
    const outcomes = accounts.map(([type, account]) => ({ type, account, hits: hitsOf(lines, threadOf(lines, type)) }))
    return { outcomes, lines }
  }
}

function linesOf(log: string): Line[] {
  return log.split('\n').flatMap((text) => {
    const [, thread, call] = /^(\d+) +(?:<\.\.\. )?(\w+)/.exec(text) ?? []
    return thread === undefined || call === undefined ? [] : [{ thread, call, text }]
  })
}

const isHit = (text: string): boolean => text.endsWith('(INJECTED)')
const isStart = ({ text }: Line): boolean => !text.includes('<... ')
const marks = ({ call, text }: Line, name: string): boolean => MARK.test(call) && text.includes(`/injection/${name}"`)

function threadOf(lines: Line[], type: Type): string | undefined {
  return lines.find((line) => marks(line, type))?.thread
}

function hitsOf(lines: Line[], thread: string | undefined): Record<string, number> {
  const hits: Record<string, number> = {}
  for (const line of lines) {
    if (line.thread === thread && isHit(line.text)) hits[line.call] = (hits[line.call] ?? 0) + 1
  }
  return hits
}

/** strace counts from the beginning of the thread. */
function positionsOf(lines: Line[], thread: string): Positions {
  const counts: Record<string, number> = {}
  const positions: Positions = {}
  const foreign = foreignPollers(lines, thread)
  let within = false
  for (const line of lines.filter((one) => one.thread === thread && isStart(one))) {
    if (MARK.test(line.call))
      within = !line.text.includes('/injection/end"') && (within || line.text.includes('/injection/'))
    const count = (counts[line.call] ?? 0) + 1
    counts[line.call] = count
    if (within && !foreign.has(pollerOf(line))) positions[line.call] = [...(positions[line.call] ?? []), count]
  }
  return positions
}

const pollerOf = ({ text }: Line): string => /epoll_ctl\((\d+)/.exec(text)?.[1] ?? ''

/** The epolls of libuv: what it watches it marks with the number of the descriptor, we with more than 32 bits. */
function foreignPollers(lines: Line[], thread: string): Set<string> {
  const all = lines.filter((line) => line.thread === thread && line.call === 'epoll_ctl')
  const ours = new Set(all.filter(({ text }) => Number(/u64=(\d+)/.exec(text)?.[1]) > 0xffffffff).map(pollerOf))
  return new Set(all.map(pollerOf).filter((poller) => !ours.has(poller)))
}
