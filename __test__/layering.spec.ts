// The shape of the source: imports point from higher levels to lower ones only, one module loads the addon, every file
// says in its first line what it is for, and no function is longer than a page.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import ts from 'typescript'

/** The modules of index.ts, entries/ and lib/, highest level first. A module imports strictly lower levels. */
const levels = [
  ['index', 'entries/systemd', 'entries/handoff', 'entries/usocket', 'entries/unix-dgram'],
  ['systemd-listen', 'systemd-journal', 'systemd-watchdog', 'handoff', 'handoff-one', 'takeover'],
  ['handoff-words', 'duplex-server', 'usocket-server'],
  ['live-handles', 'frames', 'http-connections', 'usocket', 'unix-dgram'],
  ['conversions', 'detaching', 'systemd-notify', 'duplex'],
  ['listener', 'capabilities', 'inspection', 'systemd-socket', 'duplex-reading', 'duplex-writing', 'duplex-net'],
  ['connect'],
  ['socket'],
  ['message-loop'],
  ['receiving', 'sending', 'socket-facts', 'accept'],
  ['outgoing', 'batch'],
  ['message'],
  ['envelope', 'sent-fds'],
  ['memory-file', 'received-fds'],
  ['descriptor', 'process', 'message-credentials', 'authorization'],
  ['handle', 'file-handle'],
  ['closing'],
  ['readiness', 'credentials', 'headroom'],
  ['queue', 'poller', 'source', 'options', 'slabs', 'spin', 'socket-diagnosis', 'tracked-fds', 'fs-numbers'],
  ['address', 'wait', 'arguments', 'control', 'runtime', 'read-ahead'],
  ['errors'],
  ['native', 'words'],
]

const longestFunction = 60
const root = join(__dirname, '..')
const modules = ['index.ts', ...filesIn('entries', '.ts'), ...filesIn('lib', '.ts')].filter(isSource)

test('every module has a level', (t) => {
  const known = levels.flat()
  const unknown = modules.map(moduleName).filter((name) => !known.includes(name))
  t.deepEqual(unknown, [], 'give it a level, at the top of this file')
})

test('imports point downwards only', (t) => {
  const level = (name: string) => levels.findIndex((names) => names.includes(name))
  const arrows = modules.flatMap((path) => localImports(path).map((to) => ({ from: moduleName(path), to })))
  const wrong = arrows.filter(({ from, to }) => level(to) <= level(from))
  t.deepEqual(wrong, [])
})

test('the command uses nothing but the public surface, and nothing uses the command', (t) => {
  const files = filesIn('cli', '.ts')
  const local = files.flatMap((path) => imports(path).filter((specifier) => specifier.startsWith('.')))
  t.true(files.length > 0)
  t.deepEqual(
    local.filter((specifier) => specifier !== '../index.js' && !specifier.startsWith('./')),
    [],
  )
  t.deepEqual(
    modules.filter((path) => imports(path).some((specifier) => specifier.includes('/cli/'))),
    [],
  )
})

test('only lib/native.ts loads the addon', (t) => {
  const loaders = modules.filter((path) => imports(path).some((specifier) => specifier.includes('native/binding')))
  t.deepEqual(
    loaders.filter((path) => path !== 'lib/native.ts'),
    [],
  )
})

test('the crate of system calls knows nothing of Node', (t) => {
  const files = [...filesIn('crates/unix-socket', '.rs'), ...filesIn('crates/unix-socket', 'Cargo.toml')]
  t.true(files.length > 0)
  t.deepEqual(
    files.filter((path) => /\b(napi|libuv|uv_)/.test(withoutComments(read(path)))),
    [],
  )
})

test('every source file opens with a comment', (t) => {
  t.deepEqual(
    sources().filter((path) => !/^(#!.*\n)?\s*\/[/*]/.test(read(path))),
    [],
  )
})

test('no function is longer than a page', (t) => {
  const functions = sources().flatMap((path) => (path.endsWith('.rs') ? rustFunctions(path) : tsFunctions(path)))
  t.true(functions.length > 0)
  t.deepEqual(
    functions.filter(({ lines }) => lines > longestFunction),
    [],
  )
})

type Extent = { place: string; lines: number }

function sources(): string[] {
  const scripts = filesIn('scripts', '.mjs')
  const typescript = ['entries', 'lib', 'cli', '__test__', 'examples', 'bench'].flatMap((folder) =>
    filesIn(folder, '.ts'),
  )
  return ['index.ts', ...typescript.filter(isSource), ...scripts, ...filesIn('crates', '.rs')]
}

function isSource(path: string): boolean {
  return !path.endsWith('.d.ts')
}

function filesIn(folder: string, ending: string): string[] {
  if (!existsSync(join(root, folder))) return []
  const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
  return names.filter((name) => name.endsWith(ending)).map((name) => `${folder}/${name}`)
}

function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** `lib/socket.ts` is `socket`. */
function moduleName(path: string): string {
  return path.replace(/^lib\//, '').replace(/\.ts$/, '')
}

/** Every module that a file imports or exports from, types included. */
function imports(path: string): string[] {
  return ts.preProcessFile(read(path), true, true).importedFiles.map(({ fileName }) => fileName)
}

function localImports(path: string): string[] {
  const local = imports(path).filter((specifier) => /^\.\.?\//.test(specifier) && !specifier.includes('native/binding'))
  return local.map((specifier) => specifier.replace(/^(\.\.?\/)+(lib\/)?/, '').replace(/\.js$/, ''))
}

function tsFunctions(path: string): Extent[] {
  const file = ts.createSourceFile(path, read(path), ts.ScriptTarget.Latest, true)
  const lineOf = (position: number) => file.getLineAndCharacterOfPosition(position).line + 1
  const found: Extent[] = []
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node)) {
      const first = lineOf(node.getStart())
      found.push({ place: `${path}:${first}`, lines: lineOf(node.end) - first + 1 })
    }
    ts.forEachChild(node, visit)
  }
  visit(file)
  return found
}

/** From each `fn` to the brace that closes its body. */
function rustFunctions(path: string): Extent[] {
  const lines = withoutComments(read(path)).split('\n')
  const starts = [...lines.keys()].filter((index) => /^[\w\s()"]*\bfn \w/.test(lines[index] ?? ''))
  return starts.map((start) => ({ place: `${path}:${start + 1}`, lines: bodyEnd(lines, start) - start + 1 }))
}

function bodyEnd(lines: string[], start: number): number {
  let depth = 0
  for (let index = start; index < lines.length; index++) {
    const code = (lines[index] ?? '').replace(/'[{}]'|"([^"\\]|\\.)*"/g, '')
    depth += code.split('{').length - code.split('}').length
    if (depth === 0 && /[};]\s*$/.test(code)) return index
  }
  return lines.length
}

/** Rust and TOML text without its comments to the end of a line. */
function withoutComments(text: string): string {
  return text.replace(/\/\/.*$/gm, '').replace(/^\s*#[^[!].*$/gm, '')
}
