// `ancillary peer` and `ancillary inspect` say what is so: who is there, what waits, for people and for programs.
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { bind, connect, inspect, listen, pair } from '../index.js'
import { ancillary, inTerminal } from './helpers/cli.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const path = (name: string): string => join(folder, name)
const uid = process.getuid?.() as number

test.serial('peer PATH: the process that listens, as text and as JSON', async (t) => {
  const listener = listen(path('l'), { type: 'seqpacket' })
  const text = await ancillary(['peer', path('l')])
  t.deepEqual({ code: text.code, stderr: text.stderr }, { code: 0, stderr: '' })
  t.true(text.stdout.includes(`socket      ${path('l')}, seqpacket\n`), text.stdout)
  t.regex(text.stdout, new RegExp(`^process +${process.pid}$`, 'm'))
  t.regex(text.stdout, new RegExp(`^user +${uid}( |$)`, 'm'))
  const { code, stdout } = await ancillary(['peer', '--json', path('l')])
  t.is(code, 0)
  t.like(JSON.parse(stdout), {
    type: 'seqpacket',
    pid: process.pid,
    uid,
    when: 'connect',
    executable: process.execPath,
  })
  await listener.close()
})

test.serial('peer PATH of datagrams: who has it open', async (t) => {
  const socket = bind(path('d'))
  const { code, stdout } = await ancillary(['peer', '--json', path('d')])
  t.is(code, 0)
  t.like(JSON.parse(stdout), { type: 'dgram', holders: [{ pid: process.pid, fd: socket.fd, uid }] })
  await socket.close()
})

test.serial('peer ends with 3 where nobody is: no file, a dead socket, no process', async (t) => {
  const listener = listen(path('dead'))
  listener.detach().close()
  for (const word of [path('absent'), path('dead'), '4194305']) {
    const { code, stdout, stderr } = await ancillary(['peer', word])
    t.deepEqual({ code, stdout }, { code: 3, stdout: '' }, word)
    t.is(stderr, `ancillary: nobody is there: ${word}\n`)
  }
  rmSync(path('dead'), { force: true })
})

test.serial('peer PID: its sockets and who is at their other ends', async (t) => {
  const listener = listen(path('p'))
  const client = await connect(path('p'))
  const server = await listener.accept()
  const { code, stdout } = await ancillary(['peer', '--json', String(process.pid)])
  t.is(code, 0)
  const found = JSON.parse(stdout)
  t.like(found, { pid: process.pid, uid, executable: process.execPath })
  const ofFd = (fd: number): unknown => found.sockets.find((socket: { fd: number }) => socket.fd === fd)
  t.like(ofFd(listener.fd), { type: 'stream', state: 'listening', name: path('p'), peer: [] })
  t.like(ofFd(client.fd), { state: 'connected', name: path('p'), peer: [{ pid: process.pid }] })
  await Promise.all([client.close(), server.close(), listener.close()])
})

test.serial('inspect PATH: a table for people, JSON for programs, both with what waits', async (t) => {
  const listener = listen(path('i'), { backlog: 5, maxFds: 2 })
  const client = await connect(path('i'))
  const server = await listener.accept()
  await client.send('hello', { fds: [client, server] })
  const json = await ancillary(['inspect', '--json', path('i')])
  t.is(json.code, 0)
  const found = JSON.parse(json.stdout)
  const { fd, options, peer, ...same } = inspect(server)
  const one = found.find(({ inode }: { inode: number }) => inode === same.inode)
  t.like(one, { ...same, incomingBytes: 5, incomingFds: 2, processes: [{ pid: process.pid, fd }] })
  t.is(found.length, 3)
  const { code, stdout } = await ancillary(['inspect', path('i')])
  t.is(code, 0)
  t.regex(stdout, /^TYPE +STATE +IN +OUT +FDS +INODE +PEER +NAME +PROCESSES\n/)
  t.regex(
    stdout,
    new RegExp(`^stream +listening +0 +5 +0 +\\d+ +- +${path('i')} +.*\\(${process.pid}:${listener.fd}\\)$`, 'm'),
  )
  t.regex(stdout, new RegExp(`^stream +connected +5 +\\d+ +2 +${same.inode} +${same.peerInode} +${path('i')} `, 'm'))
  t.regex(stdout, new RegExp(`^stream +connected +0 +\\d+ +0 +${same.peerInode} +${same.inode} +→ ${path('i')} `, 'm'))
  await Promise.all([client.close(), server.close(), listener.close()])
})

test.serial('inspect --fd: an inherited socket with its options', async (t) => {
  const [left, right] = pair('seqpacket', { passCredentials: true })
  await left.send('abc')
  const { code, stdout } = await ancillary(['inspect', '--fd', '3'], { fds: [right.fd] })
  t.is(code, 0)
  t.regex(stdout, /^descriptor +3$/m)
  t.regex(stdout, new RegExp(`^peer +process ${process.pid}, user ${uid}`, 'm'))
  t.regex(stdout, /^incoming +3 bytes, 0 descriptors$/m)
  t.regex(stdout, /^passCredentials +true$/m)
  await Promise.all([left.close(), right.close()])
})

test.serial('a name that would drive the terminal is shown harmless', async (t) => {
  const socket = bind('\0anc-\x1b[31m\n')
  const { code, stdout } = await inTerminal(['inspect', '@anc-\x1b[31m\n'])
  t.is(code, 0)
  t.true(stdout.includes('@anc-\\x1b[31m\\x0a'))
  t.false(stdout.includes('\x1b[31m'))
  await socket.close()
})

test.serial('inspect ends with 3 where there is nothing', async (t) => {
  const { code, stdout, stderr } = await ancillary(['inspect', path('absent')])
  t.deepEqual({ code, stdout, stderr }, { code: 3, stdout: '', stderr: 'ancillary: there are no such sockets\n' })
})
