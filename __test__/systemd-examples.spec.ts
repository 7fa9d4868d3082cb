// The examples of ancillary/systemd do what they say: each is run, ends well, prints the facts that it is there to show, and
// leaves nothing; the first one also where systemd is not installed.
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { guard } from './helpers/leaks.js'
import { runProgram } from './helpers/program.js'

const folder = guard(test)

async function runExample(name: string, environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const program = join(__dirname, '..', 'examples', `${name}.js`)
  const env = { TMPDIR: folder, FORCE_COLOR: undefined, ...environment }
  const { stdout, stderr } = await runProgram([program], { env, timeout: 30_000 })
  return stdout + stderr
}

const activation = (launcher: string): RegExp =>
  new RegExp(
    `^${launcher}: listens; no service runs yet\n` +
      'service (\\d+): was passed web \\(unix-stream, listening\\)\n' +
      'client: hello from process \\1\n$',
  )

test.serial('socket-activation starts its server with the first client', async (t) => {
  t.regex(await runExample('socket-activation'), activation('(?:systemd-socket-activate|our launcher)'))
})

test.serial('socket-activation does the same where systemd is missing', async (t) => {
  const programs = join(folder, 'programs')
  mkdirSync(programs)
  symlinkSync('/bin/sh', join(programs, 'sh'))
  t.regex(await runExample('socket-activation', { PATH: programs }), activation('our launcher'))
  rmSync(programs, { recursive: true })
})

test.serial('fd-store loses no request and no count when the service is killed', async (t) => {
  t.regex(
    await runExample('fd-store'),
    new RegExp(
      '^service (\\d+): found nothing; 0 requests so far\n' +
        'manager: service \\1 was killed; kept: web, state\n' +
        'client: 5 requests on their way while no service runs\n' +
        'service (?!\\1)\\d+: found web and state; 5 requests so far\n' +
        'client: 10 of 10 requests were answered: 1 2 3 4 5 6 7 8 9 10\n$',
    ),
  )
})
