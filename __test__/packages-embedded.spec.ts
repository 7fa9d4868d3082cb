// Where the installed package must run besides a plain Node: under the permission model, in a single executable, and behind the
// bundlers. Each of them really runs, and what it made sends a descriptor.
import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import test from 'ava'
import {
  type Installed,
  installPackages,
  printed,
  runThere,
  sendsDescriptor,
  sendsDescriptorCommonJs,
  tool,
  toolPath,
} from './helpers/installed.js'
import { guard } from './helpers/leaks.js'
import { makeFolder, removeFolder } from './helpers/tmp.js'

guard(test)
const folder = makeFolder()
const works = { code: 0, stdout: printed, stderr: '' }
const commonjs = sendsDescriptorCommonJs("const { pair } = require('ancillary')")
const esm = sendsDescriptor("import { pair } from 'ancillary'")
let installed: Installed

test.serial.before('install the packages', () => {
  installed = installPackages(folder)
  write('program.cjs', commonjs)
  write('program.mjs', esm)
  write('worker.cjs', "new (require('node:worker_threads').Worker)(require.resolve('./program.cjs'))")
})
test.serial.after.always('remove them', () => {
  removeFolder(folder)
})

/** Writes a file beside node_modules. */
function write(name: string, text: string): string {
  const path = join(installed.folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
  return path
}

const old = Number(process.versions.node.split('.')[0]) < 22
const permission = [old ? '--experimental-permission' : '--permission', '--allow-fs-read=*', '--no-warnings']

test.serial(
  'under the permission model with --allow-addons the main thread and workers send a descriptor',
  async (t) => {
    const main = await runThere(installed.folder, [...permission, '--allow-addons', 'program.cjs'])
    t.deepEqual(main, works)
    const worker = await runThere(installed.folder, [...permission, '--allow-addons', '--allow-worker', 'worker.cjs'])
    t.deepEqual(worker, works)
  },
)

test.serial('under the permission model without --allow-addons the first call says what to allow', async (t) => {
  const catches =
    "import('ancillary').then(({ pair }) => { try { pair() } catch (e) { console.log(e.code, e.message) } })"
  const { stdout } = await runThere(installed.folder, [...permission, write('refused.cjs', catches)])
  t.regex(stdout, /^ERR_UNSUPPORTED_PLATFORM ancillary does not work on .* \(--allow-addons\)/)
})

/** One file with the whole package in it, and the native part beside that. */
async function bundle(outdir: string, banner = ''): Promise<string> {
  const options = ['--bundle', '--platform=node', '--loader:.node=copy', '--log-level=warning', `--banner:js=${banner}`]
  const args = [toolPath('esbuild/bin/esbuild'), 'program.cjs', ...options, `--outdir=${outdir}`]
  const { code, stderr } = await runThere(installed.folder, args)
  if (code !== 0 || stderr !== '') throw new Error(stderr)
  return join(outdir, 'program.js')
}

test.serial('esbuild bundles it, with the native part beside the bundle', async (t) => {
  const path = await bundle(join(folder, 'esbuild'))
  t.is(readdirSync(dirname(path)).filter((name) => name.endsWith('.node')).length, 1)
  t.deepEqual(await runThere(dirname(path), [path]), works)
})

interface Stats {
  hasErrors(): boolean
  toString(): string
}
type Webpack = (options: object, done: (error: Error | null, stats?: Stats) => void) => void

test.serial('webpack bundles it, with the package of the platform outside', async (t) => {
  const path = join(installed.folder, 'webpack')
  const stats = await promisify(tool<Webpack>('webpack'))({
    mode: 'production',
    // Making it small takes longer than all the rest, and is not what is tested.
    optimization: { minimize: false },
    target: 'node',
    context: installed.folder,
    entry: './program.cjs',
    externals: [/^ancillary-/],
    externalsType: 'commonjs',
    output: { path, filename: 'main.cjs' },
  })
  t.false(stats?.hasErrors(), stats?.toString())
  t.deepEqual(await runThere(path, ['main.cjs']), works)
})

test.serial('Vite builds a server that uses it', async (t) => {
  const settings = { ssr: 'program.mjs', outDir: 'vite', rollupOptions: { output: { entryFileNames: 'main.mjs' } } }
  write('vite.config.mjs', `export default { logLevel: 'warn', build: ${JSON.stringify(settings)} }`)
  const vite = join(dirname(toolPath('vite/package.json')), 'bin', 'vite.js')
  const { code, stderr } = await runThere(installed.folder, [vite, 'build'])
  t.is(code, 0, stderr)
  t.deepEqual(await runThere(join(installed.folder, 'vite'), ['main.mjs']), works)
})

type Inject = (file: string, name: string, blob: Buffer, options: object) => Promise<void>
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2'

test.serial('a single executable with its native part beside it sends a descriptor', async (t) => {
  const path = join(folder, 'executable')
  // In an executable `require` knows the modules of Node only.
  const main = await bundle(path, "require = require('node:module').createRequire(process.execPath)")
  const config = join(path, 'sea.json')
  const output = join(path, 'blob')
  writeFileSync(config, JSON.stringify({ main, output, disableExperimentalSEAWarning: true }))
  execFileSync(process.execPath, ['--experimental-sea-config', config], { stdio: 'pipe' })
  const program = join(path, 'program')
  copyFileSync(process.execPath, program)
  chmodSync(program, 0o755)
  const { inject } = tool<{ inject: Inject }>('postject')
  await inject(program, 'NODE_SEA_BLOB', readFileSync(output), { sentinelFuse: fuse })
  t.deepEqual(await runThere(path, [], program), works)
})
