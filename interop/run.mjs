// Runs programs of other languages and projects against our clients: each case starts the program, starts our client
// and compares what both saw. Prints one line per peer, PASS, FAIL or `not run` with the package that is missing.
//   node interop/run.mjs [WORD …]   only the peers whose name has one of the words, as `perl`
// Packages from npm are peers too: they are installed in a fresh folder, beside what `npm pack` makes of this package.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, runOrExit } from '../scripts/run.mjs'

const casesFolder = 'interop/cases'
/** Where the cases were copied from, where that is at hand. */
const origin = '../shared/interop'
const languages = ['perl', 'ruby', 'php', 'pymp', 'erlang', 'go', 'node']
const projects = ['dbus-fd', 'postgres-peer', 'qemu-qmp-fd', 'sd-notify', 'sd-socket-activate']
/** Of our own choosing; the ones above are those that other implementations are held to. */
const programs = [
  'apache-fdpass',
  'haproxy-listeners',
  'rsyslog-credentials',
  'ssh-mux',
  'swtpm-data',
  'tmux-control',
  'vhost-user-blk',
  'xvfb',
]
const packages = ['dbus-next', 'dbus-native']
const peers = [
  ...languages.map((language) => ({ of: 'xlang', args: [language] })),
  ...[...projects, ...programs].map((project) => ({ of: project, args: [] })),
  ...packages.map((name) => ({ of: 'npm-dbus', args: [name] })),
  { of: 'npm-hot-shots', args: [] },
]
/** A case asks for programs; what a program must find besides is asked for here. */
const modules = { perl: { command: ['perl', '-MIO::FDPass', '-e1'], package: 'libio-fdpass-perl' } }
/** Debian keeps the programs of a PostgreSQL server in a folder for each version, which is not searched. */
const postgresVersions = '/usr/lib/postgresql'
const patience = 180_000
const results = { passed: 0, failed: 0, 'not run': 0 }

assertCopiesAreTrue()
runOrExit(process.execPath, ['scripts/setup.mjs'])
const folder = mkdtempSync(join(tmpdir(), 'anc-'))
// Clients that become another user must get in.
chmodSync(folder, 0o755)
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
process.once('SIGINT', () => process.exit(130))
for (const peer of peers.filter(isAskedFor)) results[await runPeer(peer)]++
console.log(
  Object.entries(results)
    .map(([result, count]) => `${count} ${result}`)
    .join(', '),
)
process.exitCode = results.failed > 0 ? 1 : 0

/** The copies must not drift from the cases that other implementations are held to. */
function assertCopiesAreTrue() {
  if (!existsSync(origin)) return
  // What they share is there once; in each case `h.py` is a link to it.
  const cases = readdirSync(origin).filter((name) => existsSync(join(origin, name, 'run')))
  const copies = cases.flatMap((name) => ['run', 'h.py', 'client.py'].map((file) => `${name}/${file}`))
  const drifted = copies.filter(
    (copy) => !readFileSync(join(casesFolder, copy)).equals(readFileSync(join(origin, copy))),
  )
  if (drifted.length === 0) return
  console.log(`FAIL ${casesFolder} differs from ${origin}: ${drifted.join(', ')}`)
  process.exit(1)
}

function nameOf({ of, args }) {
  return [of, ...args].join(' ')
}

function isAskedFor(peer) {
  const words = process.argv.slice(2)
  return words.length === 0 || words.some((word) => nameOf(peer).includes(word))
}

async function runPeer(peer) {
  const missing = missingFor(peer)
  if (missing) return report('not run', nameOf(peer), `(${missing})`)
  const { code, output } = await runCase(peer).catch(({ message }) => ({ code: 1, output: message }))
  const lines = output.trimEnd().split('\n')
  // xlang says `skip`, and then fails for having checked nothing.
  const skipped = lines.find((line) => /^skip /i.test(line))
  if (skipped) return report('not run', nameOf(peer), `(${skipped.match(/(\S+)$/)[1]})`)
  const summary = lines.at(-1).replace(/^(PASS|FAIL) \S+ */, '')
  if (code === 0 && lines.at(-1).startsWith('PASS ')) return report('passed', nameOf(peer), summary)
  const details = lines.map((line) => `\n    ${line}`).join('')
  return report('failed', nameOf(peer), `${summary}${details}`)
}

function missingFor({ args: [language] }) {
  // The cases compare uids with 0 and let clients become other users.
  if (process.getuid() !== 0) return 'root'
  if (spawnSync('python3', ['--version']).error) return 'python3'
  const module = modules[language]
  if (!module) return null
  const { error, status } = spawnSync(module.command[0], module.command.slice(1))
  return error || status !== 0 ? module.package : null
}

function report(result, name, rest) {
  const words = { passed: 'PASS', failed: 'FAIL', 'not run': 'not run:' }
  console.log(`${words[result]} ${name} ${rest}`)
  return result
}

/** On SIGINT the harness ends what it started, which SIGTERM would leave behind. */
async function runCase({ of, args }) {
  const client = `exec '${process.execPath}' '${join(root, 'interop', `${of}.js`)}'`
  const cache = process.env.GOCACHE ?? join(root, 'build', 'go-cache')
  const ours = {
    CLIENT: client,
    NODE: process.execPath,
    CASE_TMP: folder,
    GOCACHE: cache,
    PYTHONDONTWRITEBYTECODE: '1',
  }
  const project = of.startsWith('npm-') ? { PROJECT: installedPackages() } : {}
  const env = { ...process.env, ...ours, ...project, PATH: searchPath(of) }
  const child = spawn(join(root, casesFolder, of, 'run'), args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const timer = setTimeout(() => child.kill('SIGINT'), patience)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (output += text))
  const code = await new Promise((resolve) => child.once('error', resolve).once('close', resolve))
  clearTimeout(timer)
  return { code, output }
}

/** A folder as a user of those packages has it, made once. What was built here is no part of the archive, and comes along. */
function installedPackages() {
  const project = join(folder, 'npm')
  if (existsSync(project)) return project
  cpSync('interop/npm', project, { recursive: true })
  execute('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'], project)
  const [{ filename }] = JSON.parse(execute('npm', ['pack', '--json', '--pack-destination', project], root))
  const target = join(project, 'node_modules', 'ancillary')
  mkdirSync(target)
  execute('tar', ['-xzf', join(project, filename), '--strip-components=1', '-C', target], root)
  cpSync('lib/native', join(target, 'lib/native'), { recursive: true })
  return project
}

function execute(command, args, cwd) {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] })
}

/** Where the programs of a case are looked for. */
function searchPath(name) {
  const versions = name === 'postgres-peer' && existsSync(postgresVersions) ? readdirSync(postgresVersions) : []
  const newestFirst = versions.sort((one, other) => other - one)
  return [process.env.PATH, ...newestFirst.map((version) => join(postgresVersions, version, 'bin'))].join(':')
}
