// The command line as a whole: help, wrong arguments, exit codes, and what it does in a terminal and elsewhere.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { type Command, helpOf, parse, UsageError } from '../cli/usage.js'
import { ancillary, inTerminal } from './helpers/cli.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const root = join(__dirname, '..')
const commands = ['demo', 'send', 'recv', 'peer', 'inspect', 'proxy']
const ESCAPE = '\x1b['

test.serial('without a command it says which there are, and that one was missing', async (t) => {
  const { code, stdout } = await ancillary([])
  t.is(code, 2)
  for (const name of commands) t.regex(stdout, new RegExp(`^  ${name} +\\w`, 'm'))
  t.deepEqual(await ancillary(['--help']), { code: 0, stdout, stderr: '' })
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  t.deepEqual(await ancillary(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

test.serial('send --help tells its arguments and its exit codes', async (t) => {
  const { code, stdout, stderr } = await ancillary(['send', '--help'])
  t.deepEqual({ code, stdout, stderr }, { code: 0, stdout: helpOf(await commandOf('send')), stderr: '' })
})

test.serial('the help of every command names each of its options, and its exit codes', async (t) => {
  for (const name of commands) {
    const command = await commandOf(name)
    const help = helpOf(command)
    t.regex(help, new RegExp(`^Usage: ancillary ${name}\\b`))
    t.regex(help, /^Exit codes: /m)
    t.regex(help, /^ {2}-h, --help /m)
    const hidden = name === 'demo' ? ['helper'] : []
    for (const option of Object.keys(command.options))
      t.is(help.includes(`--${option}`), !hidden.includes(option), option)
    t.true(help.split('\n').every((line) => line.length <= 120))
  }
})

async function commandOf(name: string): Promise<Command> {
  const module = (await import(`../cli/${name}.js`)) as { command: Command }
  return module.command
}

test.serial('what cannot be understood ends with 2 and a word about it', async (t) => {
  const path = join(folder, 's')
  const wrong: [string[], RegExp][] = [
    [['nothing'], /there is no command nothing\nTry: ancillary --help\n$/],
    [['send', path], /an argument is missing\nTry: ancillary send --help\n$/],
    [['send', path, '3'], /descriptor 3 belongs to Node\.js/],
  ]
  for (const [args, words] of wrong) {
    const { code, stdout, stderr } = await ancillary(args)
    t.deepEqual({ code, stdout }, { code: 2, stdout: '' }, args.join(' '))
    t.regex(stderr, words)
  }
})

test.serial('every wrong argument is a wrong use, before anything is done', async (t) => {
  const path = join(folder, 's')
  const wrong: [string[], RegExp][] = [
    [['send', path, 'three'], /FD must be a number .* not three/],
    [['send', path, '0', '--data', ''], /--data must not be empty/],
    [['send', '@', '0'], /must not be empty/],
    [['peer', 'a', 'b'], /one argument too many: b/],
    [['peer', 'a', '--loud'], /Unknown option '--loud'/],
    [['recv', path, '--'], /a command is missing behind --/],
    [['inspect', '--', 'x'], /nothing may stand behind --/],
    [['inspect', path, '--fd', '0'], /either --fd or an argument/],
    [['recv', path, '--mode', '9'], /--mode must be a number from 0 to 777/],
    [['recv', path, '--type', 'raw'], /--type must be one of stream, seqpacket, dgram, not raw/],
    [['recv', path, '--timeout', 'soon'], /--timeout must be seconds/],
    [['proxy', path, path, '--size', '-1'], /'--size' argument is ambiguous|--size must be/],
  ]
  for (const [[name = '', ...args], words] of wrong) {
    const error = await t.throwsAsync(async () => {
      const command = await commandOf(name)
      await command.run(parse(name, command, args))
    })
    t.true(error instanceof UsageError, name)
    t.regex(error?.message ?? '', words)
  }
  t.deepEqual(readdirSync(folder), [])
})

test.serial('errors of the system are told in their own words, with a hint, and end with 1', async (t) => {
  const path = join(folder, 'absent')
  const { code, stderr } = await ancillary(['send', path, '0'])
  t.is(code, 1)
  t.is(stderr, `ancillary: connect ENOENT ${path} (there is no such file)\n`)
})

test.serial('a deadline ends it with 124, and the socket is gone', async (t) => {
  const { code, stderr } = await ancillary(['recv', join(folder, 'late'), '--timeout', '0.05'])
  t.is(code, 124)
  t.regex(stderr, /nothing came at .*late \(the deadline has passed\)\n$/)
  t.deepEqual(readdirSync(folder), [])
})

test.serial('demo: two processes, and everything comes as it should', async (t) => {
  const { code, stdout, stderr } = await ancillary(['demo'])
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.regex(stdout, /^connected +process \d+, user .*: the kernel says so$/m)
  t.regex(stdout, /^waiting +14 bytes and 1 descriptor$/m)
  t.regex(stdout, /^descriptor +memfd, sealed against /m)
  t.regex(stdout, /^done +everything came as it should$/m)
  t.false(stdout.includes(ESCAPE))
})

test.serial('a terminal gets colours and a line about long work, which goes in the end', async (t) => {
  const { code, stdout } = await inTerminal(['demo'])
  t.is(code, 0)
  t.true(stdout.includes(`${ESCAPE}1msocket`))
  t.true(stdout.includes('starting a second process'))
  t.true(stdout.includes(`\r${ESCAPE}K${ESCAPE}1mconnected`), 'the line is taken away before the next one')
})

test.serial('NO_COLOR leaves the line and takes the colours; a dumb terminal gets neither', async (t) => {
  const plain = await inTerminal(['demo'], { NO_COLOR: '1' })
  t.is(plain.code, 0)
  t.true(plain.stdout.includes('starting a second process'))
  t.notRegex(plain.stdout, new RegExp(`${ESCAPE.replace('[', '\\[')}\\d*m`))
  const dumb = await inTerminal(['demo'], { TERM: 'dumb' })
  t.is(dumb.code, 0)
  t.false(dumb.stdout.includes(ESCAPE))
})

test.serial('an error in a terminal is red, and the exit code is the same', async (t) => {
  const { code, stdout } = await inTerminal(['peer', '--loud'])
  t.is(code, 2)
  t.true(stdout.includes(`${ESCAPE}31mancillary:${ESCAPE}0m Unknown option`))
})
