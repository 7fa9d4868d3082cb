/**
 * A terminal that outlives the program which opened it. The first process opens a pseudo-terminal, starts a shell in it, talks with
 * that shell, and hands the terminal to a second process. Then it ends; the second goes on with the same shell.
 *
 * The examples import '../index.js' because they live in the repository; your program imports 'ancillary'.
 */
import { fork, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs'
import { endianness, tmpdir } from 'node:os'
import { join } from 'node:path'
import { receiveHandle, sendHandle } from '../entries/handoff.js'
import { connect, listen, OwnedFd } from '../index.js'

/** Linux: number of the slave, and its lock. See ioctl_tty(2). */
const TIOCGPTN = 0x80045430
const TIOCSPTLCK = 0x40045431
const TIMEOUT = 10_000

const [role, path = ''] = process.argv.slice(2)
if (role === 'opener') opener(path)
else if (role === 'successor') successor(path)
else main()

/** Starts both; the second waits for the first. */
async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ancillary-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  const second = fork(__filename, ['successor', join(folder, 'pty.sock')])
  const secondEnded = once(second, 'close')
  await once(second, 'message')
  await once(fork(__filename, ['opener', join(folder, 'pty.sock')]), 'close')
  console.log('the opener has ended')
  second.send('go')
  const [code] = await secondEnded
  process.exitCode = code
}

function openTerminal(): { master: OwnedFd; slave: number } {
  const master = OwnedFd.adopt(openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY))
  master.ioctl(TIOCSPTLCK, Buffer.alloc(4))
  const number = Buffer.alloc(4)
  master.ioctl(TIOCGPTN, number)
  const index = endianness() === 'LE' ? number.readUInt32LE() : number.readUInt32BE()
  return { master, slave: openSync(`/dev/pts/${index}`, constants.O_RDWR | constants.O_NOCTTY) }
}

async function opener(path: string): Promise<void> {
  const { master, slave } = openTerminal()
  const shell = spawn('/bin/sh', {
    stdio: [slave, slave, slave],
    detached: true,
    env: { PS1: '', PATH: process.env.PATH },
  })
  await once(shell, 'spawn')
  closeSync(slave)
  shell.unref()
  const word = await ask(master, 'secret=$((6 * 7)); echo "shell $$ knows $secret"', /shell \d+ knows \d+/)
  console.log(`opener: ${word}`)
  const socket = await connect(path, { timeout: TIMEOUT })
  await sendHandle(socket, master, { timeout: TIMEOUT })
  console.log('opener: has handed the terminal over')
  await socket.close()
  process.disconnect()
}

async function successor(path: string): Promise<void> {
  const listener = listen(path, { maxFds: 1, mode: 0o600, authorize: { sameUser: true } })
  process.send?.('listening')
  const socket = await listener.accept({ timeout: TIMEOUT })
  const handle = await receiveHandle(socket, { timeout: TIMEOUT })
  if (handle === null) throw new Error('Nobody sent a terminal')
  await once(process, 'message')
  console.log(`successor: ${await ask(handle.fd, 'echo "shell $$ still knows $secret"', /shell \d+ still knows \d+/)}`)
  await handle.fd.write('exit\n')
  handle.close()
  await Promise.all([socket.close(), listener.close()])
  process.disconnect()
}

/** Types a command and waits for its answer. What the terminal shows of the typing is not the answer: it has no numbers. */
async function ask(terminal: OwnedFd, command: string, answer: RegExp): Promise<string> {
  await terminal.write(`${command}\n`)
  for (let seen = ''; ; ) {
    const [found] = answer.exec(seen) ?? []
    if (found !== undefined) return found
    const bytes = await terminal.read(4096, { timeout: TIMEOUT })
    if (bytes === null) throw new Error(`The terminal has ended: ${seen}`)
    seen += bytes
  }
}
