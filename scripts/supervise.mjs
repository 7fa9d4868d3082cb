// Runs a command whose output is read line by line, and does not wait for it for ever: one that is silent for too long is
// interrupted, which lets a test runner name what it waits for, and then killed with every process it started. Linux tells which
// those are by /proc; elsewhere only its process group is killed. Knows nothing of what the lines say.
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** From the interrupt to the kill. */
const GRACE_MS = 10_000

/**
 * Resolves with null when the command has succeeded, and otherwise with what its end was, in words.
 * @param silence Milliseconds without a line after which it counts as hanging.
 */
export async function supervise([program, ...args], { env, silence, onLine }) {
  const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const ended = new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(code === 0 ? null : (signal ?? `exit code ${code}`)))
  })
  const lines = createInterface({ input: child.stdout })
  const noLongerPassed = passSignals(child)
  let hung = null
  const watch = setTimeout(() => {
    hung = `no output for ${silence / 1000} s`
    stop(child, hung, () => lines.close())
  }, silence)
  for await (const line of lines) {
    if (hung === null) watch.refresh()
    onLine(line)
  }
  clearTimeout(watch)
  if (hung !== null) child.stdout.destroy()
  const end = await ended
  noLongerPassed()
  return hung ?? end
}

/** A process group of its own does not get the terminal's signals. */
function passSignals(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const pass = (signal) => {
    kill(-child.pid, signal)
    process.exit(1)
  }
  for (const signal of signals) process.on(signal, pass)
  return () => {
    for (const signal of signals) process.off(signal, pass)
  }
}

function stop(child, why, stopped) {
  const tree = descendants(child.pid)
  console.log(`${why}; these processes were running:`)
  for (const { pid, state, command } of tree) console.log(`  ${pid} ${state} ${command}`)
  kill(child.pid, 'SIGINT')
  setTimeout(() => {
    for (const { pid } of [...tree, ...descendants(child.pid)]) kill(pid, 'SIGKILL')
    kill(-child.pid, 'SIGKILL')
    stopped()
  }, GRACE_MS)
}

function kill(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch {
    // It has ended.
  }
}

/** A process and all that it and its children started, as far as their parents live. */
function descendants(root) {
  const all = processes()
  const found = all.filter(({ pid }) => pid === root)
  for (const { pid } of found) found.push(...all.filter(({ parent }) => parent === pid))
  return found
}

function processes() {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(describe)
      .filter(Boolean)
  } catch {
    return []
  }
}

function describe(pid) {
  try {
    const [, state, parent] = /^\d+ \(.*\) (.) (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return { pid: Number(pid), parent: Number(parent), state, command }
  } catch {
    return null
  }
}
