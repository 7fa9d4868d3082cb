// `ancillary proxy`: what goes in comes out at its place, and every message is printed as strace would.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { cString } from '../cli/trace.js'
import { bind, capabilities, connect, listen, type Message, memfd, type OwnedFd, type UnixSocket } from '../index.js'
import { appeared, type Started, start } from './helpers/cli.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const path = (name: string): string => join(folder, name)

/** Client, server, and the proxy between them. */
async function between(
  type: 'stream' | 'seqpacket',
): Promise<{ client: UnixSocket; server: UnixSocket; proxy: Started; end(): Promise<void> }> {
  const listener = listen(path('target'), { type, maxFds: 9, fdsAt: 'exact' })
  const proxy = start(['proxy', '--once', '--size', '12', path('in'), path('target')])
  await appeared(path('in'))
  const client = await connect(path('in'), { type, maxFds: 9 })
  const server = await listener.accept()
  const end = async (): Promise<void> => {
    await Promise.all([client.close(), server.close(), listener.close()])
  }
  return { client, server, proxy, end }
}

async function textOf(fd: OwnedFd | undefined): Promise<string> {
  return String(await fd?.read(100))
}

test.serial('bytes as strace shows them', (t) => {
  t.is(cString(Buffer.from('a"\\\n\t\x00\x01' + '2é'), 99), '"a\\"\\\\\\n\\t\\0\\0012\\303\\251"')
  t.is(cString(Buffer.from('long'), 2), '"lo"...')
})

test.serial('seqpacket: records, empty ones too, descriptors and the end, both ways', async (t) => {
  const { client, server, proxy, end } = await between('seqpacket')
  const file = memfd('passed', { data: 'in the file' })
  await client.sendMany([{ data: 'first' }, { data: '' }, { data: 'a longer record', fds: [file] }])
  const got: string[] = []
  for (let count = 0; count < 3; count++) {
    using message = (await server.recv()) as Message
    got.push(message.data.toString())
    if (message.fds.length > 0) t.is(await textOf(message.fds[0]), 'in the file')
  }
  t.deepEqual(got, ['first', '', 'a longer record'])
  await server.send('answer')
  t.is((await client.recv())?.data.toString(), 'answer')
  client.shutdown('write')
  t.is(await server.recv(), null)
  await server.close()
  t.is(await client.recv(), null)
  const { code, stdout, stderr } = await proxy.ended
  t.deepEqual({ code, stderr }, { code: 0, stderr: '' })
  const ids = `pid=${process.pid}, uid=${process.getuid?.()}, gid=${process.getgid?.()}`
  const claimed = `{SOL_SOCKET, SCM_CREDENTIALS, {${ids}}}`
  const lines = stdout.split('\n')
  t.regex(lines[0] ?? '', new RegExp(`^1 {3}connect from process ${process.pid} <.*>, \\{uid=`))
  t.is(lines[1], `1 > sendmsg({"first", [${claimed}]} = 5)`)
  t.is(lines[2], `1 > sendmsg({"", [${claimed}]} = 0)`)
  const third = `1 > sendmsg({"a longer rec"..., [{SOL_SOCKET, SCM_RIGHTS, [N<memfd>]}, ${claimed}]} = 15)`
  t.is(lines[3]?.replace(/\d+<memfd>/, 'N<memfd>'), third)
  t.is(lines[4], `1 < sendmsg({"answer", [${claimed}]} = 6)`)
  t.deepEqual(lines.slice(5, 7), ['1 > shutdown(SHUT_WR) = 0', '1 < shutdown(SHUT_WR) = 0'])
  t.is(lines[7], '1   closed: 4 messages, 21 bytes, 1 descriptors'.replace('21', String(5 + 0 + 15 + 6)))
  t.false(existsSync(path('in')))
  file.close()
  await end()
})

test.serial('stream: descriptors keep the byte that they were sent with', async (t) => {
  if (!capabilities().fdsAtExact.available) return void t.pass(capabilities().fdsAtExact.reason)
  const { client, server, proxy, end } = await between('stream')
  const file = memfd('second', { data: 'of the second' })
  await client.send('one ')
  await client.send('two ', { fds: [file] })
  await client.send('three')
  client.shutdown('write')
  let text = ''
  for await (const message of server) {
    if (message.fds.length > 0) {
      t.is(text, 'one ')
      t.is(await textOf(message.fds[0]), 'of the second')
    }
    text += message.data
    message.close()
  }
  t.is(text, 'one two three')
  await end()
  t.is((await proxy.ended).code, 0)
  file.close()
})

test.serial('credentials: those of the client where the proxy may claim them, else those of the proxy', async (t) => {
  const { client, server, proxy, end } = await between('stream')
  server.passCredentials = true
  await client.send('who')
  const message = await server.recv()
  t.is(message?.credentials?.pid, capabilities().claimCredentials.available ? process.pid : proxy.child.pid)
  await end()
  t.is((await proxy.ended).code, 0)
})

test.serial('datagrams: answers find back to who has a name', async (t) => {
  const target = bind(path('d'), { maxFds: 1 })
  const proxy = start(['proxy', path('in'), path('d')])
  await appeared(path('in'))
  const client = bind(path('c'), { peer: path('in') })
  const file = memfd('datagram', { data: 'in a datagram' })
  await client.send('question', { fds: [file] })
  const question = await target.recv()
  t.is(question.data.toString(), 'question')
  t.is(await textOf(question.fds[0]), 'in a datagram')
  await target.send('answer', { to: question.from as string })
  const answer = await client.recv()
  t.is(answer.data.toString(), 'answer')
  t.is(answer.from, path('in'))
  question.close()
  proxy.child.kill('SIGTERM')
  const { code, stdout } = await proxy.ended
  t.is(code, 143)
  t.true(stdout.startsWith(`1   datagrams from ${path('c')}\n1 > sendmsg({"question", [{SOL_SOCKET, SCM_RIGHTS, [`))
  t.regex(stdout, /^1 < sendmsg\(\{"answer"/m)
  t.false(existsSync(path('in')), 'the socket is gone')
  file.close()
  await Promise.all([target.close(), client.close()])
})

test.serial('a target that is not there: the client is told by the end, and the line says why', async (t) => {
  const proxy = start(['proxy', '--once', path('in'), path('absent')])
  await appeared(path('in'))
  const client = await connect(path('in'))
  t.is(await client.recv().catch(() => null), null)
  await client.close()
  const { code, stdout } = await proxy.ended
  t.is(code, 0)
  t.true(stdout.includes(`1   connect ENOENT ${path('absent')}\n`), stdout)
})
