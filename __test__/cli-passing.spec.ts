// `ancillary send` and `ancillary recv` with each other and with the library: descriptors arrive as they were sent, the command gets
// them from 3 on, and its end is theirs.
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, listen, memfd, type SocketType } from '../index.js'
import { ancillary, appeared, start } from './helpers/cli.js'
import { closeSync, openSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const path = (name: string): string => join(folder, name)
/** Says what it was given, reads the first, writes to the second. */
const COMMAND =
  'echo "$LISTEN_FDS $((LISTEN_PID - $$)) $ANCILLARY_DATA $ANCILLARY_UID"; cat <&3; echo written >&4; exit 7'

for (const type of ['stream', 'seqpacket', 'dgram'] as const satisfies readonly SocketType[]) {
  test.serial(`from one to the other over ${type}: the command has them from 3 on, and ends both`, async (t) => {
    const socket = path(type)
    const receiver = start(['recv', socket, '--type', type, '--count', '2', '--', 'sh', '-c', COMMAND])
    await appeared(socket)
    t.is(statSync(socket).mode & 0o777, 0o600)
    const output = openSync(path('output'), 'w+')
    const input = memfd('input', { data: 'what was sent\n' })
    const sent = await ancillary(['send', socket, '3', '4', '--data', 'two'], { fds: [input.fd, output] })
    t.deepEqual(sent, { code: 0, stdout: '', stderr: '' })
    const { code, stdout, stderr } = await receiver.ended
    t.deepEqual(
      { code, stdout, stderr },
      { code: 7, stdout: `2 0 two ${process.getuid?.()}\nwhat was sent\n`, stderr: '' },
    )
    t.is(readFileSync(path('output'), 'utf8'), 'written\n')
    t.deepEqual(readdirSync(folder), ['output'], 'the socket is gone')
    input.close()
    closeSync(output)
    rmSync(path('output'))
  })
}

test.serial('an abstract name; without a command it shows what came', async (t) => {
  const name = `ancillary-${process.pid}`
  const receiver = start(['recv', `@${name}`])
  await appeared(`\0${name}`)
  const socket = await connect(`\0${name}`)
  const file = memfd('shown')
  await socket.send('x', { fds: [file, socket] })
  const { code, stdout, stderr } = await receiver.ended
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  t.regex(stdout, /^FD +KIND +ACCESS +STATE\n3 +memfd +read-write *\n4 +unix-stream +read-write +connected\n$/)
  file.close()
  await socket.close()
})

test.serial('recv --connect: the server sends', async (t) => {
  const listener = listen(path('server'))
  const receiver = start(['recv', '--connect', path('server'), '--', 'cat', '/dev/fd/3'])
  const socket = await listener.accept()
  const file = memfd('given', { data: 'given\n' })
  await socket.send('x', { fds: [file] })
  t.deepEqual(await receiver.ended, { code: 0, stdout: 'given\n', stderr: '' })
  file.close()
  await Promise.all([socket.close(), listener.close()])
})

test.serial('what the command ends with: not there, not executable, a signal', async (t) => {
  writeFileSync(path('plain'), 'text', { mode: 0o600 })
  const cases: [string[], number][] = [
    [['/nowhere/command'], 127],
    [[path('plain')], 126],
    [['sh', '-c', 'kill -TERM $$'], 143],
  ]
  for (const [words, expected] of cases) {
    const receiver = start(['recv', path('r'), '--', ...words])
    await appeared(path('r'))
    t.is((await ancillary(['send', path('r'), '0'])).code, 0)
    t.is((await receiver.ended).code, expected, words.join(' '))
  }
  rmSync(path('plain'))
})

test.serial('a signal for us is one for the command', async (t) => {
  const script = 'trap "echo told; exit 5" TERM; echo ready; while :; do sleep 0.01; done'
  const receiver = start(['recv', path('s'), '--', 'sh', '-c', script])
  const ready = new Promise((resolve) => receiver.child.stdout?.once('data', resolve))
  await appeared(path('s'))
  await ancillary(['send', path('s'), '0'])
  await ready
  receiver.child.kill('SIGTERM')
  t.deepEqual(await receiver.ended, { code: 5, stdout: 'ready\ntold\n', stderr: '' })
})

test.serial('a message without descriptors, or with another number of them, is refused', async (t) => {
  for (const [fds, words] of [
    [[], /the message had no descriptors/],
    [[0], /1 descriptors came, not 2/],
  ] as const) {
    const receiver = start(['recv', path('n'), '--count', '2', '--', 'echo', 'never'])
    await appeared(path('n'))
    const socket = await connect(path('n'))
    await socket.send('x', { fds })
    const { code, stdout, stderr } = await receiver.ended
    t.deepEqual({ code, stdout }, { code: 1, stdout: '' })
    t.regex(stderr, words)
    await socket.close()
  }
})

test.serial('send tells who we are, and finds out by itself which type is there', async (t) => {
  const socket = bind(path('d'), { maxFds: 1, passCredentials: true })
  const sender = start(['send', path('d'), '0', '--credentials'])
  using message = await socket.recv()
  t.is(message.credentials?.pid, sender.child.pid)
  t.is(message.fds.length, 1)
  t.deepEqual([...message.data], [0])
  t.is((await sender.ended).code, 0)
  await socket.close()
})

test.serial('a receiver that accepts no descriptors: the sender is told, where the kernel tells it', async (t) => {
  const listener = listen(path('refuses'))
  const sender = start(['send', path('refuses'), '0'])
  const socket = await listener.accept()
  const message = await socket.recv()
  const { code, stderr } = await sender.ended
  if (message === null) t.regex(stderr, /ancillary: .*\(the receiver accepts no descriptors\)\n$/)
  else t.is(message.fdsRefused, 1)
  t.is(code, message === null ? 1 : 0)
  await Promise.all([socket.close(), listener.close()])
})
