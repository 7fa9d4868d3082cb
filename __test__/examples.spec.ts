// The small examples do what they say: each is run, ends well, prints the facts that it is there to show, and leaves nothing.
import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { capabilities } from '../index.js'
import { guard } from './helpers/leaks.js'
import { runProgram } from './helpers/program.js'
import { isRoot } from './helpers/script.js'

const folder = guard(test)

/** Its lines; rejects when it does not end well. The temporary folders that it makes are in ours, which must be empty after. */
async function runExample(name: string): Promise<string[]> {
  const program = join(__dirname, '..', 'examples', `${name}.js`)
  const env = { TMPDIR: folder, FORCE_COLOR: undefined }
  const { stdout, stderr } = await runProgram([program], { env, timeout: 30_000 })
  return [...stdout.trimEnd().split('\n'), ...stderr.split('\n').filter((line) => line !== '')]
}

test.serial('same-user-api answers its own user and refuses another one', async (t) => {
  chmodSync(folder, 0o755)
  const ours = process.geteuid?.()
  const lines = await runExample('same-user-api')
  t.deepEqual(lines.slice(0, 2), [
    `server: for uid ${ours} only, at a path that every user may open`,
    `client of uid ${ours}: you are uid ${ours}`,
  ])
  const other = ['client of uid 65534: no answer', 'server: refused: uid 65534 is not 0']
  t.deepEqual(lines.slice(2).sort(), isRoot ? other : ['Run it as root to see a client of another user.'])
})

const watching = capabilities().peerProcess.available ? test.serial : test.serial.skip

watching('watch-client frees what it lent when the client has ended, though its connection lives on', async (t) => {
  const lines = await runExample('watch-client')
  const client = about(lines, /^client: process (\d+) has port 4000 and ends; its child (\d+) keeps the socket$/)
  const lent = about(lines, /^daemon: lent port 4000 to process (\d+)$/)
  const freed = about(lines, /^daemon: process (\d+) has ended, port 4000 is free again; leases: (\d+)$/)
  const answer = about(lines, /^daemon: but its connection is open: process (\d+) answers 'anybody\?'$/)
  t.deepEqual([lent[0], freed[0], freed[1]], [client[0], client[0], '0'])
  t.is(answer[0], client[1])
  t.true(lines.includes('daemon: sent by the process that connected: false'))
  t.is(lines.length, 5)
})

test.serial(
  'pty-handover goes on with the same shell after the program that opened the terminal has ended',
  async (t) => {
    const lines = await runExample('pty-handover')
    const [before] = about(lines, /^opener: (shell \d+) knows 42$/)
    const [after] = about(lines, /^successor: (shell \d+) still knows 42$/)
    t.truthy(before)
    t.is(after, before)
    t.deepEqual(lines.slice(1, 3), ['opener: has handed the terminal over', 'the opener has ended'])
    t.is(lines.length, 4)
  },
)

test.serial(
  'privileged-opener gives a program without privileges a raw socket that works, and nothing else',
  async (t) => {
    chmodSync(folder, 0o755)
    const lines = await runExample('privileged-opener')
    t.true(lines.includes('client: asked for shell: no: there is no such socket'))
    const raw = capabilities().rawSockets.available
    t.is(lines.includes('client: asked for icmp: here it is'), raw)
    t.is(lines.includes('client: asked for icmp: no: socket EPERM'), !raw)
    t.is(
      lines.some((line) => /^client: IPv4 \d+ bytes, ttl \d+, 127\.0\.0\.1 → 127\.0\.0\.1: a reply$/.test(line)),
      raw,
    )
  },
)

/** What the groups of the one line that matches hold. */
function about(lines: string[], pattern: RegExp): string[] {
  const found = lines.flatMap((line) => pattern.exec(line) ?? [])
  return found.slice(1)
}
