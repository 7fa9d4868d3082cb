/**
 * What a service tells its service manager: its state, a barrier, and descriptors to keep.
 * Knows the protocol of sd_notify(3) in both directions of time: what is sent, and when it has been dealt with.
 */
import { integer, optionalBoolean, optionalString, optionsObject } from './arguments.js'
import { pair } from './connect.js'
import { invalidType, invalidValue } from './errors.js'
import type { SendOptions } from './outgoing.js'
import type { FdSource } from './source.js'
import { managerAddress, sendOne } from './systemd-socket.js'
import { checkWait, type Wait } from './wait.js'

/** Where the service manager listens, and how long to wait while its queue is full. */
export interface ManagerOptions extends Wait {
  /** Its socket: a path, or an abstract name that begins with `@`. Default: `NOTIFY_SOCKET` of the environment. */
  path?: string
}

/** Options of {@link notify}. */
export interface NotifyOptions extends ManagerOptions {
  /** Descriptors that go with the message, at most 253; lent, never taken. */
  fds?: readonly FdSource[]
  /** Speak for this process, with our user and group ids. Default: for our own. For another one it takes CAP_SYS_ADMIN. */
  pid?: number
}

/** Options of {@link storeFds} and {@link removeStored}. */
export interface StoreOptions extends ManagerOptions {
  /** Resolve when the manager has dealt with it, by a {@link barrier} behind it. Default true; false: when it was sent. */
  barrier?: boolean
}

/**
 * What to tell: assignments, one a line, or an object of them. `true` is `1`, `false` is `0`.
 */
export type NotifyState = string | Readonly<Record<string, string | number | bigint | boolean>>

const VARIABLE = /^[A-Za-z0-9_]+$/
const PID_MAX = 0x7fffffff
/** FDNAME_MAX of systemd. */
const NAME_MAX = 255

/**
 * Tells the service manager about our state: `READY=1`, `STATUS=…`, `STOPPING=1`, `MAINPID=…` and the others of sd_notify(3).
 * Our process, user and group go with it, as the kernel proves them.
 *
 * @param state A string as it is, or an object of assignments.
 * @returns Whether there is a service manager: false where `NOTIFY_SOCKET` is not set. It says nothing about what became of the
 * message: {@link barrier} tells when all messages so far have been dealt with.
 * @throws ERR_INVALID_ARG_VALUE A NUL; in an object also a newline, or a name that is none. Nothing is sent.
 * @throws ENOENT, ECONNREFUSED The manager is gone. @throws EAFNOSUPPORT It listens on a vsock, which is not supported.
 * @throws EPERM `pid` is not ours and we have no privilege. @throws ERR_FDS_REFUSED The manager accepts no descriptors.
 * @throws ABORT_ERR, ETIMEDOUT The queue of the manager stayed full; nothing was sent.
 *
 * Platforms: Linux. See sd_notify(3).
 * @example
 * await notify({ READY: true, STATUS: 'Accepting connections' })
 */
export async function notify(state: NotifyState, options?: NotifyOptions): Promise<boolean> {
  const text = stateText(state)
  const { fds, pid, path, signal, timeout } = optionsObject(options) as NotifyOptions
  checkWait({ signal, timeout })
  const credentials = pid === undefined ? true : claimOf(integer(pid, 'pid', 1, PID_MAX))
  const name = managerName(path)
  if (name === undefined) return false
  const message: SendOptions<'dgram'> & Wait = { credentials, signal, timeout }
  await sendOne(managerAddress(name), text, fds === undefined ? message : { ...message, fds })
  return true
}

function claimOf(pid: number): { pid: number; uid: number; gid: number } {
  return { pid, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }
}

/** Undefined where there is no manager. An empty variable is what is left when somebody took it away. */
function managerName(path: string | undefined): string | undefined {
  return optionalString(path, 'path') ?? (process.env.NOTIFY_SOCKET || undefined)
}

function stateText(state: NotifyState): string {
  const text = typeof state === 'string' ? state : assignments(state)
  if (text === '' || text.includes('\0')) throw invalidValue('state', 'must have text without a NUL', state)
  return text
}

/** Nothing that is put into a value can become an assignment of its own. */
function assignments(state: Exclude<NotifyState, string>): string {
  if (typeof state !== 'object' || state === null) throw invalidType('state', 'a string or an object', state)
  return Object.entries(state)
    .map(([name, value]) => `${variable(name)}=${valueText(name, value)}`)
    .join('\n')
}

function variable(name: string): string {
  if (!VARIABLE.test(name)) throw invalidValue('state', 'must have names of letters, digits and underscores', name)
  return name
}

function valueText(name: string, value: unknown): string {
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) return String(value)
  if (typeof value !== 'string') throw invalidType(`state.${name}`, 'a string, a finite number or a boolean', value)
  if (/[\n\0]/.test(value)) throw invalidValue(`state.${name}`, 'must not have a newline or a NUL', value)
  return value
}

/**
 * Resolves when the service manager has dealt with all that we told it before. For a process that is about to end: what the
 * manager finds in its queue later, it may not be able to tell whose it is.
 *
 * @returns false where `NOTIFY_SOCKET` is not set; true also when the manager has gone in the meantime.
 * @throws ABORT_ERR, ETIMEDOUT The manager has not come to it. @throws EMFILE Two descriptors are needed for a while.
 *
 * Platforms: Linux; systemd 246 and newer, older ones answer as well. See sd_notify_barrier(3).
 * @example
 * await notify('STOPPING=1')
 * await barrier({ timeout: 5000 })
 */
export async function barrier(options?: ManagerOptions): Promise<boolean> {
  const { path, signal, timeout } = optionsObject(options) as ManagerOptions
  checkWait({ signal, timeout })
  if (managerName(path) === undefined) return false
  const end = timeout === undefined ? undefined : performance.now() + timeout
  // One end of a pair does what one end of a pipe does: ours sees when nobody has theirs any more.
  const [ours, theirs] = pair()
  try {
    await notify('BARRIER=1', { ...options, fds: [theirs] })
    await theirs.close()
    await ours.hangup({ signal, timeout: end === undefined ? undefined : Math.max(0, end - performance.now()) })
    return true
  } finally {
    await Promise.all([ours.close(), theirs.close()])
  }
}

/**
 * Gives descriptors to the service manager, which keeps them while the service is down. The next run gets them from
 * {@link listenFds}, by this name. Ours stay open. The unit needs `FileDescriptorStoreMax=`; systemd drops what is beyond it, and a
 * second descriptor of the same open file, without a word.
 *
 * @param name 1 to 255 printable ASCII characters without a colon. It is the name of each, and need not be new.
 * @param fds 1 to 253 of them; lent, never taken.
 * @param options.poll false: keep them even when they hang up or have an error (`FDPOLL=0`, systemd 246). Default true: then the
 * manager drops them. A file or a memfd never does either.
 * @returns false where `NOTIFY_SOCKET` is not set.
 * @throws ERR_TOO_MANY_FDS More than 253. @throws ERR_FDS_REFUSED The manager accepts none. Otherwise as {@link notify} and
 * {@link barrier}.
 *
 * Platforms: Linux. See sd_pid_notify_with_fds(3), FDSTORE=1.
 * @example
 * await storeFds('state', [memfd('state', { data: JSON.stringify(state) })])
 */
export async function storeFds(
  name: string,
  fds: readonly FdSource[],
  options?: StoreOptions & { poll?: boolean },
): Promise<boolean> {
  const text = `FDSTORE=1\nFDNAME=${checkName(name)}`
  if (!Array.isArray(fds)) throw invalidType('fds', 'an array', fds)
  if (fds.length === 0) throw invalidValue('fds', 'must have at least one descriptor', fds)
  const { poll, ...rest } = optionsObject(options) as StoreOptions & { poll?: boolean }
  const state = optionalBoolean(poll, 'poll', true) ? text : `${text}\nFDPOLL=0`
  return await settle(state, rest, fds)
}

/**
 * Lets the service manager drop all stored descriptors of this name. A name that is not stored is no error.
 *
 * @param name As for {@link storeFds}.
 * @returns false where `NOTIFY_SOCKET` is not set.
 * @throws As {@link notify} and {@link barrier}.
 *
 * Platforms: Linux; systemd 236 and newer. See sd_notify(3), FDSTOREREMOVE=1.
 */
export async function removeStored(name: string, options?: StoreOptions): Promise<boolean> {
  return await settle(`FDSTOREREMOVE=1\nFDNAME=${checkName(name)}`, optionsObject(options) as StoreOptions)
}

async function settle(state: string, options: StoreOptions, fds?: readonly FdSource[]): Promise<boolean> {
  const { barrier: waits, ...rest } = options
  const shouldWait = optionalBoolean(waits, 'barrier', true)
  const sent = await notify(state, fds === undefined ? rest : { ...rest, fds })
  return sent && shouldWait ? await barrier(rest) : sent
}

/** As fdname_is_valid of systemd, which takes an empty one as well: that would be no name. */
function checkName(name: string): string {
  if (typeof name !== 'string') throw invalidType('name', 'of type string', name)
  if (!/^[ -9;-~]+$/.test(name) || name.length > NAME_MAX)
    throw invalidValue('name', `must have 1 to ${NAME_MAX} printable ASCII characters without a colon`, name)
  return name
}
