// What every spec file is held to: when its tests are over, all descriptors they opened are closed, all children they
// started are gone, and the folder they were given is empty.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { TestFn } from 'ava'
import { pair } from '../../index.js'
import { runtime } from '../../lib/runtime.js'
import { makeFolder, removeFolder } from './tmp.js'

const patience = 5_000

/** Call it first in a spec file. Returns the folder for its sockets. */
export function guard(test: TestFn): string {
  const folder = makeFolder()
  let before = new Map<string, string>()
  test.serial.before('note the open descriptors', async () => {
    await startPoller()
    if (runtime !== 'node') await startRuntime()
    before = descriptors()
  })
  forgiveFailures(test, folder)
  test.serial.after.always('nothing is left behind', async (t) => {
    const left = {
      descriptors: await settled(() => openedSince(before)),
      children: await settled(children),
      files: removeFolder(folder),
    }
    t.deepEqual(left, { descriptors: [], children: [], files: [] })
  })
  return folder
}

/** What a test that failed has left in the folder must not make the next one fail. */
function forgiveFailures(test: TestFn, folder: string): void {
  const list = (): string[] => readdirSync(folder, { recursive: true, encoding: 'utf8' })
  let known: string[] | undefined
  test.serial.beforeEach(() => {
    known ??= list()
  })
  test.serial.afterEach.always((t) => {
    if (t.passed) return
    for (const name of list()) if (!known?.includes(name)) rmSync(join(folder, name), { recursive: true, force: true })
  })
}

/** The poller keeps its two descriptors from the first wait to the end of the process: let it begin before we count. */
export async function startPoller(): Promise<void> {
  const [left, right] = pair()
  await left.readable({ timeout: 0 }).catch(() => {})
  left.close()
  right.close()
}

/** Bun and Deno open descriptors of their own for the first child and the first signal that somebody listens to, and keep them. */
async function startRuntime(): Promise<void> {
  const listener = (): void => {}
  process.on('SIGUSR2', listener).off('SIGUSR2', listener)
  execFileSync('true')
  await once(spawn('true', { stdio: ['pipe', 'pipe', 'pipe'] }), 'close')
}

/** What is still left when the event loop had its turns. No collection is forced: that would hide what was forgotten. */
async function settled(left: () => string[]): Promise<string[]> {
  const deadline = Date.now() + patience
  while (left().length > 0 && Date.now() < deadline) {
    await setImmediate()
  }
  return left()
}

function openedSince(before: Map<string, string>): string[] {
  const opened = [...descriptors()].filter(([fd, target]) => before.get(fd) !== target)
  return opened.map(([fd, target]) => `${fd} → ${target}`)
}

/** Each open descriptor with what it refers to. */
function descriptors(): Map<string, string> {
  const found = new Map<string, string>()
  for (const fd of readdirSync('/proc/self/fd')) {
    const target = linkTarget(`/proc/self/fd/${fd}`)
    if (target !== null) found.set(fd, target)
  }
  return found
}

/** null: it is no longer there, as the descriptor that listed the directory. */
function linkTarget(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    return null
  }
}

/** The processes whose parent this one is, with their names. */
function children(): string[] {
  const stats = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statOf)
  return stats.filter((stat) => stat.parent === process.pid).map((stat) => stat.name)
}

function statOf(pid: string): { name: string; parent: number } {
  try {
    const [, name = '', parent] = /^\d+ (\(.*\)) . (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return { name: `${pid} ${name}`, parent: Number(parent) }
  } catch {
    return { name: pid, parent: 0 }
  }
}
