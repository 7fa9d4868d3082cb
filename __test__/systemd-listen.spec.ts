// What a service finds open: children of ours get descriptors as a service manager passes them, from us and from the real
// systemd-socket-activate.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, rmSync } from 'node:fs'
import http from 'node:http'
import net from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import test from 'ava'
import { inetd, listenFds } from '../entries/systemd.js'
import { bind, type Connected, connect, listen, OwnedFd, pair, type UnixSocket } from '../index.js'
import { openSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { closeAll, inodesOf, openMarked } from './helpers/marked.js'

const folder = guard(test)
const root = join(__dirname, '..')
const timeout = 10_000

/** What a service of these tests has at hand. */
interface Kit {
  systemd: typeof import('../entries/systemd.js')
  ancillary: typeof import('../index.js')
  require: NodeJS.Require
}
type Body = (kit: Kit) => unknown
type Environment = Record<string, string>

/** The service as a program: `body` travels as its text and prints what it returns as JSON. */
function programOf(body: Body): string[] {
  const kit = `{ systemd: require('./entries/systemd.js'), ancillary: require('./index.js'), require }`
  const print = `(value) => value !== undefined && console.log(JSON.stringify(value))`
  return [
    process.execPath,
    '-e',
    `process.chdir(${JSON.stringify(root)})\nPromise.resolve((${body})(${kit})).then(${print})`,
  ]
}

/** As a manager: descriptors from 3 on, and their environment; LISTEN_PID is the process itself unless it is given. */
async function serve<R>(body: Body, fds: readonly number[], environment: Environment): Promise<R> {
  const shell = environment.LISTEN_PID === undefined ? 'export LISTEN_PID=$$; exec "$@"' : 'exec "$@"'
  const child = spawn('sh', ['-c', shell, 'sh', ...programOf(body)], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe', ...fds],
  })
  return JSON.parse(await outputOf(child)) as R
}

async function outputOf(child: ChildProcess): Promise<string> {
  let output = ''
  let errors = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  await once(child, 'close')
  if (child.exitCode !== 0) throw new Error(errors)
  return output
}

/** Code of the error, or what was passed; and what is left of the variables, and open, afterwards. */
const report: Body = ({ systemd, require }) => {
  const { readFileSync, readdirSync } = require('node:fs') as typeof import('node:fs')
  const { fstatSync } = require('./__test__/helpers/fs-numbers.js') as typeof import('./helpers/fs-numbers.js')
  const openCount = (): number => readdirSync('/proc/self/fd').length
  const before = openCount()
  const outcome = (): unknown => {
    try {
      const passed = systemd.listenFds()
      return passed.map(({ name, fd }) => [name, fd.fd, fd.kind, fd.state, fstatSync(fd.fd).ino])
    } catch (error) {
      return (error as NodeJS.ErrnoException).code
    }
  }
  const isOpen = (fd: number): boolean => {
    try {
      readFileSync(`/proc/self/fdinfo/${fd}`)
      return true
    } catch {
      return false
    }
  }
  return {
    first: outcome(),
    second: outcome(),
    left: Object.keys(process.env).filter((name) => name.startsWith('LISTEN_')),
    open: [3, 4].map(isOpen),
    opened: openCount() - before,
  }
}

interface Report {
  first: unknown
  second: unknown
  left: string[]
  open: boolean[]
}

test.serial('passed descriptors come in their order, with their names, once', async (t) => {
  const files = openMarked(folder, 2)
  const listener = listen(join(folder, 'a'))
  const fds = [files[1] as number, listener.fd, files[0] as number]
  const names = { LISTEN_FDS: '3', LISTEN_FDNAMES: 'state:http.socket:state' }
  const { first, second, left } = await serve<Report>(report, fds, names)
  const [one, socket, two] = inodesOf(fds)
  t.deepEqual(first, [
    ['state', 3, 'file', null, one],
    ['http.socket', 4, 'unix-stream', 'listening', socket],
    ['state', 5, 'file', null, two],
  ])
  t.deepEqual([second, left], [[], []])
  await listener.close()
  closeAll(files)
})

test.serial('without names each is unknown; an empty name is a name', async (t) => {
  const files = openMarked(folder, 2)
  for (const [names, expected] of [
    [{}, ['unknown', 'unknown']],
    [{ LISTEN_FDNAMES: ':stored' }, ['', 'stored']],
  ] as const) {
    const { first } = await serve<Report>(report, files, { LISTEN_FDS: '2', ...names })
    t.deepEqual(
      (first as unknown[][]).map(([name]) => name),
      [...expected],
    )
  }
  closeAll(files)
})

test.serial('what was passed to another process is not taken', async (t) => {
  const files = openMarked(folder, 2)
  for (const pid of [String(process.pid), '1', '', 'x', '-1']) {
    const { first, open } = await serve<Report>(report, files, { LISTEN_FDS: '2', LISTEN_PID: pid })
    t.deepEqual([first, open], [[], [true, true]], pid)
  }
  closeAll(files)
})

test.serial('the number of the process itself is compared where the manager tells it', async (t) => {
  const files = openMarked(folder, 1)
  const wrong = await serve<Report>(report, files, { LISTEN_FDS: '1', LISTEN_PIDFDID: '1' })
  t.deepEqual(wrong.first, [])
  t.deepEqual(wrong.left, [])
  closeAll(files)
  const program = programOf(report)
  const own = `
import json, os, sys
pidfd = os.pidfd_open(os.getpid())
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1', LISTEN_PIDFDID=str(os.fstat(pidfd).st_ino))
os.close(pidfd)
os.dup2(os.open('/dev/null', os.O_RDONLY), 3)
os.set_inheritable(3, True)
os.execv(sys.argv[1], sys.argv[1:])`
  const { stdout } = spawnSync('python3', ['-c', own, ...program], { cwd: root, encoding: 'utf8' })
  t.like(JSON.parse(stdout), { first: [['unknown', 3, 'char-device', null]], opened: 0 } as object)
})

test.serial('an environment that cannot be true takes nothing', async (t) => {
  const files = openMarked(folder, 2)
  const wrong: [Environment, unknown][] = [
    [{}, []],
    [{ LISTEN_FDS: 'x' }, 'ERR_INVALID_ARG_VALUE'],
    [{ LISTEN_FDS: '' }, 'ERR_INVALID_ARG_VALUE'],
    [{ LISTEN_FDS: '0' }, 'ERR_INVALID_ARG_VALUE'],
    [{ LISTEN_FDS: '-1' }, 'ERR_INVALID_ARG_VALUE'],
    [{ LISTEN_FDS: '2.5' }, 'ERR_INVALID_ARG_VALUE'],
    [{ LISTEN_FDS: '0x2' }, 'ERR_INVALID_ARG_VALUE'],
    [{ LISTEN_FDS: '2147483645' }, 'ERR_INVALID_ARG_VALUE'],
    [{ LISTEN_FDS: '99999999999999999999' }, 'ERR_INVALID_ARG_VALUE'],
    [{ LISTEN_FDS: '2', LISTEN_FDNAMES: 'one' }, 'ERR_INVALID_ARG_VALUE'],
    [{ LISTEN_FDS: '2', LISTEN_FDNAMES: 'one:two:three' }, 'ERR_INVALID_ARG_VALUE'],
    // Behind the two comes what Node has opened.
    [{ LISTEN_FDS: '3' }, 'ERR_FD_KIND'],
    [{ LISTEN_FDS: '2147483644' }, 'ERR_FD_KIND'],
  ]
  for (const [environment, expected] of wrong) {
    const { first, second, left, open } = await serve<Report>(report, files, environment)
    t.deepEqual([first, second, left, open], [expected, [], [], [true, true]], JSON.stringify(environment))
  }
  closeAll(files)
})

test.serial('closed and owned descriptors are errors, and then none is taken', async (t) => {
  const files = openMarked(folder, 2)
  const body: Body = ({ systemd, ancillary, require }) => {
    const { closeSync } = require('./__test__/helpers/fs-numbers.js') as typeof import('./helpers/fs-numbers.js')
    const codes: unknown[] = []
    const attempt = (): void => {
      try {
        systemd.listenFds({ unsetEnvironment: false })
      } catch (error) {
        codes.push((error as NodeJS.ErrnoException).code)
      }
    }
    const owner = ancillary.OwnedFd.adopt(4)
    attempt()
    owner.detach()
    closeSync(4)
    attempt()
    // 3 was let go each time.
    const taken = ancillary.OwnedFd.adopt(3)
    return [...codes, taken.kind]
  }
  t.deepEqual(await serve(body, files, { LISTEN_FDS: '2' }), ['EEXIST', 'EBADF', 'file'])
  closeAll(files)
})

test.serial('descriptors are close-on-exec, whoever has cleared that', async (t) => {
  const files = openMarked(folder, 1)
  const body: Body = ({ systemd, ancillary, require }) => {
    const { readFileSync } = require('node:fs') as typeof import('node:fs')
    const isCloseOnExec = (): boolean => {
      const [, flags = '0'] = /flags:\s+(\d+)/.exec(readFileSync('/proc/self/fdinfo/3', 'utf8')) ?? []
      return (Number.parseInt(flags, 8) & 0o2000000) !== 0
    }
    const before = ancillary.OwnedFd.adopt(3)
    const FIONCLEX = 0x5450
    before.ioctl(FIONCLEX)
    before.detach()
    return [isCloseOnExec(), systemd.listenFds().length, isCloseOnExec()]
  }
  t.deepEqual(await serve(body, files, { LISTEN_FDS: '1' }), [false, 1, true])
  closeAll(files)
})

test.serial('the variables stay where that is asked for, and nothing is taken twice', async (t) => {
  const files = openMarked(folder, 1)
  const body: Body = ({ systemd }) => {
    const lengths = [1, 2].map(() => systemd.listenFds({ unsetEnvironment: false }).length)
    return [...lengths, process.env.LISTEN_FDS, systemd.listenFds().length, process.env.LISTEN_FDS ?? null]
  }
  t.deepEqual(await serve(body, files, { LISTEN_FDS: '1' }), [1, 0, '1', 0, null])
  closeAll(files)
})

test.serial('wrong options are typed errors', (t) => {
  t.throws(() => listenFds({ unsetEnvironment: 1 } as object), { code: 'ERR_INVALID_ARG_TYPE' })
  t.throws(() => listenFds(null as never), { code: 'ERR_INVALID_ARG_TYPE' })
  t.deepEqual(listenFds(), [])
})

test.serial('a passed TCP listener becomes an http server', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const body: Body = ({ systemd, require }) => {
    const { createServer } = require('node:http') as typeof import('node:http')
    const [passed] = systemd.listenFds()
    const answering = createServer((_request, response) => {
      response.setHeader('connection', 'close').end(`from ${passed?.name}`)
      answering.close()
    })
    passed?.fd.toNetServer(answering)
    return { done: true }
  }
  const ours = OwnedFd.dup(server)
  const serving = serve(body, [ours.fd], { LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' })
  ours.close()
  server.close()
  const [response] = (await once(http.get({ port, host: '127.0.0.1' }), 'response')) as [http.IncomingMessage]
  t.is((await response.setEncoding('utf8').toArray()).join(''), 'from web')
  t.deepEqual(await serving, { done: true })
})

test.serial('inetd gives the socket at descriptor 0, and null for anything else', async (t) => {
  const body: Body = async ({ systemd }) => {
    const fd = systemd.inetd()
    if (fd === null) return null
    const socket = fd.toUnixSocket()
    await socket.send(`echo ${(await socket.recv())?.data}`)
    socket.shutdown('write')
    return [systemd.listenFds().length]
  }
  const [program = '', ...args] = programOf(body)
  const [ours, theirs] = pair()
  const child = spawn(program, args, { cwd: root, stdio: [theirs.fd, 'pipe', 'pipe'] })
  await theirs.close()
  await ours.send('hello')
  t.is(String((await ours.recv({ timeout }))?.data), 'echo hello')
  t.is(await ours.recv({ timeout }), null)
  t.deepEqual(JSON.parse(await outputOf(child)), [0])
  await ours.close()
  const file = openSync('/dev/null', 'r')
  const other = spawn(program, args, { cwd: root, stdio: [file, 'pipe', 'pipe'] })
  t.is(await outputOf(other), 'null\n')
  closeAll([file])
  const own = inetd()
  own?.close()
  t.true(own === null || own.closed)
})

const activate = existsSync('/usr/bin/systemd-socket-activate') ? test.serial : test.serial.skip

/** Answers one client on the socket called `two`, with all names. */
const activated: Body = async ({ systemd, ancillary }) => {
  const passed = systemd.listenFds()
  const names = passed.map(({ name, fd }) => `${name} ${fd.kind} ${fd.state}`).join(', ')
  const chosen = passed.reverse().find(({ name }) => name === 'two' || name === 'connection')
  if (chosen === undefined) return undefined
  const bound = chosen.fd.state === 'listening' ? chosen.fd.toUnixListener() : chosen.fd.toUnixSocket()
  const socket = bound instanceof ancillary.UnixListener ? await bound.accept() : bound
  const message = await socket.recv()
  const to = socket.is('dgram') && message?.from ? { to: message.from } : {}
  await socket.send(`${message?.data}: ${names}`, to)
  await Promise.all([socket.close(), bound.close()])
  return undefined
}

/** Starts the real program, talks to the service that it starts, and ends both. */
async function talk(options: string[], type: Connected | 'dgram', paths: string[], body = activated): Promise<string> {
  const addresses = paths.flatMap((path) => ['-l', path])
  const child = spawn('systemd-socket-activate', [...options, ...addresses, ...programOf(body)], {
    cwd: root,
    stdio: 'ignore',
  })
  const ended = once(child, 'close')
  const last = paths.at(-1) as string
  const socket = await client(type, last)
  await socket.send('hello', type === 'dgram' ? { to: last } : {})
  const answer = await socket.recv({ timeout })
  await socket.close()
  child.kill()
  await ended
  for (const path of paths) rmSync(path, { force: true })
  return String(answer?.data)
}

/** Once it listens. */
async function client(type: Connected | 'dgram', path: string): Promise<UnixSocket> {
  for (const end = Date.now() + timeout; !existsSync(path) && Date.now() < end; ) await delay(5)
  if (type === 'dgram') return bind(join(folder, 'client'))
  for (;;) {
    try {
      return await connect(path, { type })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ECONNREFUSED') throw error
      await delay(5)
    }
  }
}

activate('systemd-socket-activate passes two stream listeners by name', async (t) => {
  const answer = await talk(['--fdname=one:two'], 'stream', [join(folder, '1'), join(folder, '2')])
  t.is(answer, 'hello: one unix-stream listening, two unix-stream listening')
})

activate('systemd-socket-activate passes seqpacket listeners with repeated names', async (t) => {
  const answer = await talk(['--seqpacket', '--fdname=two:two'], 'seqpacket', [join(folder, '1'), join(folder, '2')])
  t.is(answer, 'hello: two unix-seqpacket listening, two unix-seqpacket listening')
})

activate('systemd-socket-activate passes a datagram socket', async (t) => {
  const answer = await talk(['-d', '--fdname=two'], 'dgram', [join(folder, '1')])
  t.is(answer, 'hello: two unix-dgram unconnected')
})

activate('systemd-socket-activate passes a connection, as with Accept=yes', async (t) => {
  const answer = await talk(['-a', '--fdname=connection'], 'stream', [join(folder, '1')])
  t.is(answer, 'hello: connection unix-stream connected')
})

activate('systemd-socket-activate plays inetd', async (t) => {
  const body: Body = async ({ systemd }) => {
    const socket = systemd.inetd()?.toUnixSocket()
    await socket?.send(`${(await socket.recv())?.data}: ${systemd.listenFds().length} passed`)
  }
  t.is(await talk(['-a', '--inetd'], 'stream', [join(folder, '1')], body), 'hello: 0 passed')
})
