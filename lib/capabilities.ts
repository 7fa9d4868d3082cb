/**
 * What this kernel, this process and its surroundings can do, found by trying on sockets of our own, with the reason for each no.
 * Changes nothing that anybody could see.
 */
import { existsSync } from 'node:fs'
import { connectedPair, openHandle } from './connect.js'
import { packControl } from './control.js'
import { askPeer, everyIdIsMapped } from './credentials.js'
import { openSocket } from './descriptor.js'
import { check, hasCode, type SocketError } from './errors.js'
import { constants, native } from './native.js'
import { whyNotExact } from './options.js'
import { INFO_SIZE } from './process.js'

/** Whether something can be done, and if not, why. */
export interface Capability {
  readonly available: boolean
  /** In words; absent where it is available. */
  readonly reason?: string
}

/** What {@link capabilities} found. */
export interface Capabilities {
  readonly [feature: string]: Capability
  /** Sockets of type `seqpacket`. */
  readonly seqpacket: Capability
  /** Abstract names. */
  readonly abstractNames: Capability
  /** Paths of any length. */
  readonly longPaths: Capability
  /** An empty record is told from the end. */
  readonly emptyRecords: Capability
  /** A sender is told that its descriptors are refused. */
  readonly passRights: Capability
  /** `fdsAt: 'exact'`. */
  readonly fdsAtExact: Capability
  /** `passCredentials`. */
  readonly passCredentials: Capability
  /** `passProcess`. */
  readonly passProcess: Capability
  /** `peerCredentials`: who it is, as far as the system tells. */
  readonly peerCredentials: Capability
  /** `peerCredentials`: groups. */
  readonly peerGroups: Capability
  /** `peerCredentials`: label. */
  readonly peerLabel: Capability
  /** `peerProcess`. */
  readonly peerProcess: Capability
  /** Real, effective and saved ids of a process. */
  readonly processIds: Capability
  /** Every user and group id has a number here: no user namespace hides any. */
  readonly allIdsMapped: Capability
  /** Claiming credentials that are not our own. */
  readonly claimCredentials: Capability
  /** Raw sockets. */
  readonly rawSockets: Capability
}

/** Runs with a pair of sockets of its own. Returns nothing when it can be done, else throws or returns the reason. */
type Trial = (fd: number) => string | undefined

const option =
  (name: () => number, value?: number): Trial =>
  (fd) => {
    if (value !== undefined) check(native.setNumber(fd, name(), value), 'setsockopt')
    else check(native.getOption(fd, constants.solSocket, name(), Buffer.alloc(4096)), 'getsockopt')
    return undefined
  }

const TRIALS: { readonly [K in keyof Capabilities as string extends K ? never : K]: Trial } = {
  seqpacket: () => void openSocket('unix', 'seqpacket').close(),
  abstractNames: () => {
    const handle = openHandle('dgram', 'socket')
    try {
      check(native.bindName(handle.open, Buffer.alloc(0), -1), 'bind')
      return undefined
    } finally {
      handle.close()
    }
  },
  longPaths: () => (existsSync('/proc/self/fd') ? undefined : '/proc is not mounted'),
  emptyRecords: option(() => constants.soTimestamp, 1),
  passRights: option(() => constants.soPassrights, 1),
  fdsAtExact: whyNotExact,
  passCredentials: option(() => constants.soPasscred, 1),
  passProcess: option(() => constants.soPasspidfd, 1),
  // By way of the one who asks: most systems have no SO_PEERCRED, and tell it all the same.
  peerCredentials: (fd) => void askPeer(fd),
  peerGroups: option(() => constants.soPeergroups),
  peerLabel: option(() => constants.soPeersec),
  peerProcess: (fd) => {
    native.close(check(native.peerProcess(fd), 'getsockopt'))
    return undefined
  },
  processIds,
  allIdsMapped: () => (everyIdIsMapped() ? undefined : 'this is a user namespace that knows only some ids'),
  claimCredentials,
  rawSockets: () => void openSocket('inet', 'raw', 'icmp').close(),
}

function processIds(fd: number): undefined {
  const pidfd = check(native.peerProcess(fd), 'getsockopt')
  try {
    check(native.processInfo(pidfd, new Int32Array(INFO_SIZE)), 'ioctl')
  } finally {
    native.close(pidfd)
  }
}

/** A process id that is not ours and surely exists: that of the first process. */
function claimCredentials(fd: number): undefined {
  const data = Buffer.from(Int32Array.of(1, 0, 0).buffer)
  const control = packControl([{ level: constants.solSocket, type: constants.scmCredentials, data }])
  check(native.send(fd, Buffer.from('x'), control, 0, null, 0, false), 'sendmsg')
}

/** What an error number means here, where its own name says too little. */
const MEANINGS: Readonly<Record<string, string>> = {
  ENOPROTOOPT: 'the kernel has no such option, or it is switched off',
  ENOTTY: 'the kernel has no such call',
  ENODATA: 'the kernel keeps nothing of the kind',
  EPERM: 'the process has no privilege for it',
  EACCES: 'the process has no privilege for it',
}

function reasonOf(error: SocketError): string {
  const meaning = MEANINGS[error.code ?? '']
  return meaning === undefined ? error.message : `${meaning} (${error.message})`
}

function attempt(trial: Trial): Capability {
  const [left, right] = connectedPair()
  try {
    const reason = trial(left.open)
    return reason === undefined ? { available: true } : { available: false, reason }
  } catch (error) {
    // Out of descriptors nobody can tell.
    if (hasCode(error, 'EMFILE') || hasCode(error, 'ENFILE')) throw error
    return { available: false, reason: reasonOf(error as SocketError) }
  } finally {
    left.close()
    right.close()
  }
}

/**
 * What this kernel and this process can do, each found by trying, with the reason for each no. Nothing is remembered: privileges
 * may change.
 *
 * @throws EMFILE, ENFILE There are no descriptors to try with.
 * @example
 * if (!capabilities().passProcess.available) console.log(capabilities().passProcess.reason)
 */
export function capabilities(): Capabilities {
  const found = Object.entries(TRIALS).map(([name, trial]) => [name, attempt(trial)] as const)
  return Object.fromEntries(found) as unknown as Capabilities
}
