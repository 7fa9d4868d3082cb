// The packages as a user gets them: what is in them, what judges of packages say, and that they work from ES modules,
// CommonJS and TypeScript on a machine without Rust or a compiler.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import ts from 'typescript'
import {
  type Installed,
  installPackages,
  printed,
  runThere,
  sendsDescriptor,
  sendsDescriptorCommonJs,
  toolModule,
} from './helpers/installed.js'
import { guard } from './helpers/leaks.js'
import { assertRuns, snippetsOf } from './helpers/snippets.js'
import { makeFolder, removeFolder } from './helpers/tmp.js'

guard(test)
const folder = makeFolder()
const root = join(__dirname, '..')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
let installed: Installed

test.serial.before('install the packages', () => {
  installed = installPackages(folder)
})
test.serial.after.always('remove them', () => {
  removeFolder(folder)
})

/** Writes a program beside node_modules. */
function write(name: string, text: string): string {
  const path = join(installed.folder, name)
  writeFileSync(path, text)
  return path
}

function installedManifest(name: string): Record<string, unknown> {
  return JSON.parse(readFileSync(join(installed.folder, 'node_modules', name, 'package.json'), 'utf8'))
}

test.serial('a package for each platform, all of one version, and one of them is installed', (t) => {
  const { optionalDependencies, ...rest } = installedManifest('ancillary')
  const names = Object.keys(optionalDependencies as object)
  t.is(names.length, manifest.napi.targets.length)
  t.deepEqual([...new Set(Object.values(optionalDependencies as object))], [manifest.version])
  t.deepEqual(
    ['scripts', 'devDependencies', 'dependencies', 'napi'].filter((key) => key in rest),
    [],
  )
  const [native, ...others] = readdirSync(join(installed.folder, 'node_modules')).filter((name) => names.includes(name))
  t.deepEqual(others, [])
  const { os, cpu, version } = installedManifest(native as string)
  t.deepEqual({ os, cpu, version }, { os: [process.platform], cpu: [process.arch], version: manifest.version })
})

test.serial('lib/native.ts names the package of every platform', (t) => {
  const { optionalDependencies } = installedManifest('ancillary')
  const [table = ''] = /const packages[^}]*\}/.exec(readFileSync(join(root, 'lib', 'native.ts'), 'utf8')) ?? []
  const named = [...table.matchAll(/'(ancillary-[\w-]+)'/g)].map(([, name]) => name)
  t.deepEqual(named.sort(), Object.keys(optionalDependencies as object).sort())
})

test.serial('no file of the package names a TypeScript source', (t) => {
  const lib = join(installed.folder, 'node_modules', 'ancillary', 'lib')
  const names = readdirSync(lib, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.js'))
  t.true(names.length > 0)
  t.deepEqual(
    names.filter((name) => readFileSync(join(lib, name), 'utf8').includes('sourceMappingURL')),
    [],
  )
})

test.serial('an ES module and a CommonJS module send a descriptor', async (t) => {
  const esm = write('program.mjs', sendsDescriptor("import { pair } from 'ancillary'"))
  const commonjs = write('program.cjs', sendsDescriptorCommonJs("const { pair } = require('ancillary')"))
  for (const path of [esm, commonjs]) {
    t.deepEqual(await runThere(installed.folder, [path]), { code: 0, stdout: printed, stderr: '' }, path)
  }
})

test.serial('every entry is there for ES modules and CommonJS', async (t) => {
  const entries = Object.keys(manifest.exports).map((path) => path.replace('.', 'ancillary'))
  const modules = entries.filter((name) => !name.endsWith('.json'))
  const lines = modules.map((name) => `await import('${name}'); require('${name}')`)
  const head = "import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\n"
  const path = write('entries.mjs', head + lines.join('\n'))
  t.true(modules.length > 1)
  t.deepEqual(await runThere(installed.folder, [path]), { code: 0, stdout: '', stderr: '' })
})

const { ModuleKind, ModuleResolutionKind: Resolution } = ts
for (const [name, source, module, moduleResolution] of [
  ['node16', 'node16.mts', ModuleKind.Node16, Resolution.Node16],
  ['node16, CommonJS', 'node16.cts', ModuleKind.Node16, Resolution.Node16],
  ['nodenext', 'nodenext.mts', ModuleKind.NodeNext, Resolution.NodeNext],
  ['bundler', 'bundler.mts', ModuleKind.ESNext, Resolution.Bundler],
] as const) {
  test.serial(`TypeScript with moduleResolution ${name} compiles, and the program sends a descriptor`, async (t) => {
    const path = write(source, sendsDescriptor("import { pair } from 'ancillary'"))
    const program = ts.createProgram([path], {
      module,
      moduleResolution,
      target: ts.ScriptTarget.ES2022,
      strict: true,
      // The declarations are checked once; checking those of Node takes the time.
      skipLibCheck: name !== 'bundler',
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    })
    const problems = [...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics]
    t.deepEqual(
      problems.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n')),
      [],
    )
    const compiled = path.replace(/\.([cm])ts$/, '.$1js')
    t.deepEqual(await runThere(installed.folder, [compiled]), { code: 0, stdout: printed, stderr: '' })
  })
}

const pages = readdirSync(join(root, 'docs/guide'), { recursive: true, encoding: 'utf8' })
const chapters = ['README.md', ...pages.filter((name) => name.endsWith('.md')).map((name) => join('docs/guide', name))]

test.serial('the first example of the README and of each chapter runs beside the installed package', async (t) => {
  const first = chapters.flatMap((name) => snippetsOf(name).slice(0, 1))
  t.true(first.length > 10)
  for (const snippet of first) await assertRuns(t, snippet, installed.folder, 'installed')
})

type Publint = (options: { pkgDir: string; pack: false; strict: true }) => Promise<{ messages: unknown[] }>

test.serial('publint has nothing to say', async (t) => {
  const { publint } = await toolModule<{ publint: Publint }>('publint')
  for (const name of readdirSync(installed.packages)) {
    const pkgDir = join(installed.packages, name)
    t.deepEqual((await publint({ pkgDir, pack: false, strict: true })).messages, [], name)
  }
})

interface Attw {
  createPackageFromTarballData(data: Uint8Array): object
  checkPackage(found: object): Promise<{ types: unknown; problems?: unknown[] }>
}

test.serial('the types are right for every way to import', async (t) => {
  const { createPackageFromTarballData, checkPackage } = await toolModule<Attw>('@arethetypeswrong/core')
  const { types, problems } = await checkPackage(createPackageFromTarballData(readFileSync(installed.archive)))
  t.truthy(types)
  t.deepEqual(problems, [])
})
