// The examples of the documentation as programs: finds the ```js and ```sh run blocks of a page, runs each in a fresh folder
// where `ancillary` is installed, and compares what it prints with what its `// → …` or `# → …` comments promise.
import { execFile } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import type { ExecutionContext } from 'ava'
import { thisRuntime } from './this-runtime.js'

const root = join(__dirname, '..', '..')
const deadline = 30_000

/** One block; `shell`: for bash, not for Node. `needsRoot`: the info string says `root=CODE`, the error that others get. */
export interface Snippet {
  readonly line: number
  readonly code: string
  readonly shell: boolean
  readonly needsRoot: string | undefined
}

/** A page of the checkout, by its path in it. */
export function readPage(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** The ```js and ```sh run blocks of a page, in order. */
export function snippetsOf(path: string): Snippet[] {
  const text = readPage(path)
  const blocks = [...text.matchAll(/^```(js|sh run)(?: root=(\w+))?\n(.*?)^```$/gms)]
  return blocks.map(({ index, 1: language, 2: needsRoot, 3: code = '' }) => {
    return { line: text.slice(0, index).split('\n').length, code, shell: language !== 'js', needsRoot }
  })
}

/**
 * Runs a block: it must end well, say nothing but what it promises, and leave nothing behind. `ancillary` is this checkout, or what is
 * installed in the folder.
 */
export async function assertRuns(
  t: ExecutionContext,
  snippet: Snippet,
  folder: string,
  which: 'checkout' | 'installed' = 'checkout',
): Promise<void> {
  const { failed, stdout, stderr, left } = await run(snippet, folder, which)
  t.deepEqual(left, [], 'files are left')
  if (snippet.needsRoot !== undefined && process.getuid?.() !== 0) {
    t.true(failed && stderr.includes(snippet.needsRoot), `without root it must fail with ${snippet.needsRoot}`)
    return
  }
  t.is(stderr, '')
  t.false(failed, 'it must end by itself, without an error')
  t.deepEqual(...compared(linesOf(stdout), promises(snippet.code)))
}

interface Outcome {
  readonly failed: boolean
  readonly stdout: string
  readonly stderr: string
  readonly left: string[]
}

async function run({ code, shell }: Snippet, parent: string, which: 'checkout' | 'installed'): Promise<Outcome> {
  const folder = mkdtempSync(join(parent, 'run-'))
  try {
    const program = shell ? 'example.sh' : /^import /m.test(code) ? 'example.mjs' : 'example.cjs'
    writeFileSync(join(folder, program), code)
    if (which === 'checkout') linkCheckout(join(folder, 'node_modules'))
    const result = await execute(shell ? ['bash', '-eu'] : [...thisRuntime], program, folder)
    const left = readdirSync(folder).filter((name) => name !== 'node_modules' && name !== program)
    return { ...result, left }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** As npm does, but the command runs on the Node.js that runs the tests. */
function linkCheckout(modules: string): void {
  const bin = join(modules, '.bin')
  mkdirSync(bin, { recursive: true })
  symlinkSync(root, join(modules, 'ancillary'))
  const program = [...thisRuntime, join(root, 'cli/main.js')].map((word) => `'${word}'`).join(' ')
  const script = `#!/bin/sh\nexec ${program} "$@"\n`
  writeFileSync(join(bin, 'ancillary'), script)
  chmodSync(join(bin, 'ancillary'), 0o755)
}

function execute([interpreter = '', ...args]: string[], program: string, cwd: string): Promise<Omit<Outcome, 'left'>> {
  const { FORCE_COLOR, ...inherited } = process.env
  const env = {
    ...inherited,
    PATH: ['node_modules/.bin', '../node_modules/.bin']
      .map((bin) => join(cwd, bin))
      .join(':')
      .concat(`:${inherited.PATH}`),
  }
  const options = { cwd, env, timeout: deadline, killSignal: 'SIGKILL' as const }
  return new Promise((resolve) => {
    const child = execFile(interpreter, [...args, program], options, (error, stdout, stderr) => {
      resolve({ failed: error !== null, stdout, stderr })
    })
    child.stdin?.end()
  })
}

function linesOf(text: string): string[] {
  return text === '' ? [] : text.replace(/\n$/, '').split('\n')
}

/** What stands behind `// → ` or `# → `, in order. */
function promises(code: string): string[] {
  return [...code.matchAll(/(?:\/\/|#) → (.*)$/gm)].map(([, text = '']) => text)
}

/** `…` in a promise stands for anything; the two lists are then compared as they are. */
function compared(actual: string[], expected: string[]): [string[], string[]] {
  const masked = actual.map((line, index) => {
    const promise = expected[index]
    return promise !== undefined && pattern(promise).test(line) ? promise : line
  })
  return [masked, expected]
}

function pattern(promise: string): RegExp {
  const parts = promise.split('…').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`)
}
