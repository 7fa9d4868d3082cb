/**
 * How the processes of the demo report. They write steps to the terminal that they share, as they happen; what they
 * checked goes to the parent, which lists it at the end.
 */
import { styleText } from 'node:util'

export interface Check {
  claim: string
  holds: boolean
  detail?: string | undefined
}

/** What a process tells the parent: one of these. */
export interface Told {
  check?: Check
  listening?: true
  /** Whose word a message was, as A was told. */
  said?: { word: string; pid: number | null; uid: number | null; gid: number | null }
}

type Colour = 'bold' | 'cyan' | 'magenta' | 'dim' | 'green' | 'red'

function paint(colour: Colour, text: string): string {
  return process.stdout.isTTY && !process.env.NO_COLOR ? styleText(colour, text) : text
}

export function heading(text: string): void {
  console.log(`\n${paint('bold', text)}`)
}

export function checkLine({ claim, holds, detail }: Check): string {
  const mark = holds ? paint('green', '✓') : paint('red', '✗')
  return `  ${mark} ${claim}${detail === undefined ? '' : paint('dim', ` (${detail})`)}`
}

/** Speaks for one process. */
export class Reporter {
  readonly #name: 'A' | 'B'

  constructor(name: 'A' | 'B') {
    this.#name = name
  }

  /** One thing that this process does, and more about it. What the other process will notice is told beforehand. */
  step(text: string, ...details: string[]): void {
    const who = `${this.#name}  pid ${process.pid}  uid ${String(process.geteuid?.()).padEnd(5)}`
    const lines = [
      `${paint(this.#name === 'A' ? 'cyan' : 'magenta', who)}  ${text}`,
      ...details.map((line) => `     ${line}`),
    ]
    console.log(lines.map((line) => `  ${line}`).join('\n'))
  }

  check(claim: string, holds: boolean, detail?: string): void {
    this.tell({ check: { claim, holds, detail } })
  }

  tell(told: Told): void {
    process.send?.(told)
  }

  /** Runs the program of this process. When the parent is gone, so are we. */
  run(program: () => Promise<void>): void {
    process.once('disconnect', () => process.exit())
    program()
      .catch((error: Error) => {
        process.exitCode = 1
        this.step(`failed: ${error.message}`)
      })
      .finally(() => process.disconnect())
  }
}
