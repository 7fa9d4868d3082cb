// Runs the Rust tests under valgrind: `npm run valgrind [-- TEST...]`. A test program that ends with more descriptors open than it
// began with, or that valgrind finds an error in, has failed.
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { run } from './run.mjs'

const wanted = process.argv.slice(2)
if (spawnSync('valgrind', ['--version']).status !== 0) {
  console.error('There is no valgrind: apt-get install valgrind, or the like')
  process.exit(1)
}
/** Not run, with the reason. */
const excluded = {
  reaper: 'valgrind runs one thread at a time: a close that blocks holds up all of them',
  truncation: 'valgrind keeps the limit of descriptors to itself: the kernel truncates nothing',
}
const suppressions = resolve('scripts/valgrind.supp')
for (const [name, reason] of Object.entries(excluded)) console.log(`not run: ${name}: ${reason}`)
const folder = resolve('build/valgrind')
mkdirSync(folder, { recursive: true })
const programs = build().filter(
  ({ name }) => excluded[name] === undefined && (wanted.length === 0 || wanted.includes(name)),
)
const bad = programs.filter((program) => !holds(program))
console.log(`valgrind: ${programs.length} programs, ${bad.length} with findings`)
process.exitCode = bad.length === 0 && programs.length > 0 ? 0 : 1

function build() {
  const args = ['test', '-p', 'unix-socket', '--no-run', '--message-format=json']
  const { status, stdout } = spawnSync('cargo', args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  if (status !== 0) process.exit(1)
  const built = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
  return built
    .filter(({ executable, profile }) => executable && profile?.test)
    .map(({ executable, target }) => ({ executable, name: target.name }))
}

function holds({ executable, name }) {
  console.log(`valgrind: ${name}`)
  const log = `${folder}/${basename(executable)}.log`
  const options = [
    '--track-fds=yes',
    '--leak-check=full',
    '--errors-for-leak-kinds=definite',
    '--error-exitcode=99',
    `--suppressions=${suppressions}`,
  ]
  const status = run('valgrind', [...options, `--log-file=${log}`, executable, '--test-threads=1'])
  const text = readFileSync(log, 'utf8')
  const [, open, standard] = /FILE DESCRIPTORS: (\d+) open \((\d+) (?:std|inherited)\) at exit/.exec(text) ?? []
  // Those that the program was started with are told as inherited. The log is one more that valgrind keeps to itself.
  const left = (text.match(/Open (?:AF_\w+ socket|file descriptor) \d+.*\n(?!.*<inherited from parent>)/g) ?? []).length
  if (status !== 0 || open === undefined || left > Number(standard)) console.log(text)
  return status === 0 && open !== undefined && left <= Number(standard)
}
