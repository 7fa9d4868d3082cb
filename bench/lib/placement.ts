/**
 * Where the two programs of a trial run. What sleeps and is woken costs many times more across CPUs than on one, so
 * every program is held on one CPU. A short queue of datagrams governs what they cost; the longer one of systems with
 * systemd is set in a network namespace of the trial's own, never for the whole machine.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { isMissing } from './command.js'

export type Placement = 'same' | 'across'

/** The beginning of a command, or why it is not possible here. */
export type Prefix = readonly string[] | { notPossible: string }

const QUEUE_LENGTH = '/proc/sys/net/unix/max_dgram_qlen'
const STATUS = '/proc/self/status'

export interface Cpus {
  server: string
  client: string
}

/** The server has the last CPU: the first often serves the machine's interrupts. */
export function cpusOf(placement: Placement): Cpus | { notPossible: string } {
  if (isMissing('taskset')) return { notPossible: 'taskset is missing' }
  const allowed = allowedCpus()
  const server = allowed.at(-1)
  const client = placement === 'same' ? server : allowed.at(-2)
  return server && client ? { server, client } : { notPossible: 'only one CPU may be used' }
}

/** Runs a command where a datagram socket has room for `length` messages. */
export function withQueueLength(length: number): Prefix {
  if (Number(readFileSync(QUEUE_LENGTH, 'utf8')) === length) return []
  const prefix = ['unshare', '-n', 'sh', '-c', `echo ${length} > ${QUEUE_LENGTH} && exec "$@"`, 'sh']
  const [command = '', ...args] = [...prefix, 'true']
  const { status, error } = spawnSync(command, args)
  if (error || status !== 0) return { notPossible: `${QUEUE_LENGTH} is not ${length}, and unshare -n needs root` }
  return prefix
}

function allowedCpus(): string[] {
  const status = existsSync(STATUS) ? readFileSync(STATUS, 'utf8') : ''
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1] ?? ''
  return list.split(',').flatMap((range) => {
    const [first = '', last = first] = range.split('-')
    const count = first === '' ? 0 : Number(last) - Number(first) + 1
    return Array.from({ length: count }, (_, at) => String(Number(first) + at))
  })
}
