// What only a terminal gets: colours, unless NO_COLOR says otherwise, and a line about work that takes long, which goes when the
// work is done. Pipes and files get neither. Knows no command.
import type { WriteStream } from 'node:tty'

const CODES = { red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36, bold: 1, dim: 2 } as const
const CLEAR = '\r\x1b[K'
const PERIOD = 100
const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

export type Colour = keyof typeof CODES
type Stream = Pick<WriteStream, 'write'> & { isTTY?: boolean }

/** See no-color.org: any text but an empty one. */
function hasColours(stream: Stream): boolean {
  return stream.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb'
}

export function paint(stream: Stream, colour: Colour, text: string): string {
  return hasColours(stream) ? `\x1b[${CODES[colour]}m${text}\x1b[0m` : text
}

/** A line about the work at hand, on the terminal behind standard error if there is one. */
export class Progress {
  #timer: NodeJS.Timeout | undefined
  #text: () => string
  readonly #since = Date.now()
  #frame = 0
  #drawn = 0

  constructor(text: string | (() => string)) {
    this.#text = typeof text === 'string' ? () => text : text
    if (!process.stderr.isTTY || process.env.TERM === 'dumb') return
    this.#draw()
    this.#timer = setInterval(() => this.#draw(), PERIOD)
    this.#timer.unref()
  }

  #draw(): void {
    this.#drawn = Date.now()
    const seconds = Math.floor((Date.now() - this.#since) / 1000)
    const frame = paint(process.stderr, 'cyan', FRAMES[this.#frame++ % FRAMES.length] as string)
    process.stderr.write(`${CLEAR}${frame} ${this.#text()}${seconds > 0 ? ` ${seconds} s` : ''}`)
  }

  /** For work that leaves the event loop no turn: shows it if the last time is long enough ago. */
  show(text: string): void {
    this.#text = () => text
    if (this.#timer !== undefined && Date.now() - this.#drawn >= PERIOD) this.#draw()
  }

  /** Takes the line away. */
  end(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    this.#timer = undefined
    process.stderr.write(CLEAR)
  }
}

/** Runs `work` with a line about it. */
export async function during<T>(text: string, work: () => Promise<T>): Promise<T> {
  const progress = new Progress(text)
  try {
    return await work()
  } finally {
    progress.end()
  }
}

/** A remark for people: on standard error, and only where somebody looks at it. */
export function remark(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${text}\n`)
}
