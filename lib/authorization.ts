/**
 * Who may connect: rules over what the kernel proved of a peer, the gate that applies them before anybody else sees the connection,
 * and that gate for servers of Node. Knows credentials, not listeners; whatever it cannot prove it refuses.
 */
import { type Server, Socket } from 'node:net'
import { inspect } from 'node:util'
import { isPromise } from 'node:util/types'
import { integer, optionsObject } from './arguments.js'
import { type Credentials, peerCredentials } from './credentials.js'
import { invalidType, invalidValue, ownError } from './errors.js'
import type { FdSource } from './source.js'

/**
 * What a peer must be. All that is named must hold; a list in its place means any of it. At least one thing must be named. Only what
 * was true when the connection was made counts.
 */
export interface PeerRule {
  /** Effective user id, or any of several. */
  uid?: number | readonly number[]
  /** Effective group id, or any of several. */
  gid?: number | readonly number[]
  /** A group that the peer is in, by its effective group id or its supplementary groups; or any of several. */
  group?: number | readonly number[]
  /** The peer's effective user id is ours. */
  sameUser?: true
  /** Security label, whole, or a pattern that it must match. */
  label?: string | RegExp
}

/** A rule, several of which one must hold, or a function. Nothing but `true` admits: `false`, a throw or a rejection refuses. */
export type Authorize<S> = PeerRule | readonly PeerRule[] | AuthorizeFunction<S>

/** A method's type, so that a function for stream sockets also fits where a socket may be of any type. */
type AuthorizeFunction<S> = {
  authorize(who: Credentials<'connect'>, socket: S): boolean | Promise<boolean>
}['authorize']

/** A connection that was refused. Its socket is closed. */
export interface Refusal {
  /** In words: `uid 1001 is not 0`. */
  readonly reason: string
  /** Who it was; null where the kernel could not tell. */
  readonly credentials: Credentials<'connect'> | null
  /** What the function threw, or why there is no identity. */
  readonly error?: unknown
}

/** Told of each refusal. */
export type OnRefused = (refusal: Refusal) => void

type Who = Credentials<'connect'>
/** The reason against this peer, or undefined. */
type Condition = (who: Who) => string | undefined
type Judge<S> = (who: Who, socket: S) => string | undefined | Promise<string | undefined>

const CONDITIONS: { readonly [K in keyof Required<PeerRule>]: (value: Required<PeerRule>[K]) => Condition } = {
  uid: (value) => among('uid', idsOf(value, 'uid'), ({ uid }) => [uid]),
  gid: (value) => among('gid', idsOf(value, 'gid'), ({ gid }) => [gid]),
  group: (value) => among('groups', idsOf(value, 'group'), ({ gid, groups }) => [gid, ...(groups ?? [])]),
  sameUser: (value) => {
    if (value !== true) throw invalidValue('authorize.sameUser', 'must be true', value)
    return (who) => among('uid', [process.geteuid?.() ?? -1], ({ uid }) => [uid])(who)
  },
  label: (value) => {
    if (typeof value !== 'string' && !(value instanceof RegExp))
      throw invalidType('authorize.label', 'a string or a regular expression', value)
    return ({ label }) => (matches(label, value) ? undefined : `label ${label} is not ${value}`)
  },
}

function idsOf(value: number | readonly number[], name: string): readonly number[] {
  const ids = Array.isArray(value) ? [...value] : [value]
  for (const id of ids) integer(id, `authorize.${name}`, 0, 0xfffffffe)
  return ids
}

function among(name: string, wanted: readonly number[], of: (who: Who) => readonly (number | null)[]): Condition {
  return (who) => {
    const found = of(who)
    if (found.some((id) => id !== null && wanted.includes(id))) return undefined
    return `${name} ${found.map((id) => id ?? 'unknown').join(', ')} is not ${wanted.join(' or ') || 'any: none is named'}`
  }
}

/** A new expression each time: one with the flag `g` or `y` remembers where it was. */
function matches(label: string | null, wanted: string | RegExp): boolean {
  if (label === null) return false
  return typeof wanted === 'string' ? label === wanted : new RegExp(wanted).test(label)
}

/** A rule that forgot its conditions would admit everybody: a wrong or missing one is an error, never ignored. */
function conditionOf(rule: PeerRule): Condition {
  if (typeof rule !== 'object' || rule === null || Array.isArray(rule))
    throw invalidType('authorize', 'a function, a rule or a list of rules', rule)
  const names = Object.keys(rule)
  if (names.length === 0) throw invalidValue('authorize', 'must name at least one condition', rule)
  const conditions = names.map((name): Condition => {
    if (!Object.hasOwn(CONDITIONS, name))
      throw invalidValue('authorize', `must not have an unknown condition "${name}"`, rule)
    const value = rule[name as keyof PeerRule]
    if (value === undefined) throw invalidType(`authorize.${name}`, 'a value', value)
    return (CONDITIONS[name as keyof PeerRule] as (value: unknown) => Condition)(value)
  })
  return (who) => conditions.map((condition) => condition(who)).find((reason) => reason !== undefined)
}

function anyOf(rules: PeerRule | readonly PeerRule[]): Condition {
  const conditions = (Array.isArray(rules) ? rules : [rules]).map(conditionOf)
  return (who) => {
    const reasons = conditions.map((condition) => condition(who))
    return reasons.includes(undefined) ? undefined : reasons.join('; ') || 'there is no rule that admits anybody'
  }
}

/** Lets connections through, or not. */
export class Gate<S> {
  readonly #judge: Judge<S>
  readonly #onRefused: OnRefused | undefined

  /** Checks the rules, once, before there is any connection. */
  constructor(authorize: Authorize<S>, onRefused: unknown) {
    this.#onRefused = checkOnRefused(onRefused)
    this.#judge = typeof authorize === 'function' ? asked(authorize) : anyOf(authorize)
  }

  /** Whether this connection is let through, now or later. It never throws and never rejects. */
  admits(source: FdSource, socket: S): boolean | Promise<boolean> {
    let who: Who | null = null
    const refused = (error: unknown): boolean => this.#refuse({ reason: messageOf(error), credentials: who, error })
    try {
      who = peerCredentials(source)
      const reason = this.#judge(who, socket)
      const conclude = (against: string | undefined): boolean =>
        against === undefined || this.#refuse({ reason: against, credentials: who })
      return isPromise(reason) ? reason.then(conclude, refused) : conclude(reason)
    } catch (error) {
      return refused(error)
    }
  }

  /** An observer that throws or rejects must not let anybody in, nor end the process. */
  #refuse(refusal: Refusal): false {
    try {
      const told: unknown = this.#onRefused?.(Object.freeze(refusal))
      if (isPromise(told)) told.catch(warn)
    } catch (error) {
      warn(error)
    }
    return false
  }
}

function warn(error: unknown): void {
  process.emitWarning(`onRefused has thrown: ${messageOf(error)}`, { code: 'ANCILLARY_ON_REFUSED' })
}

/** A function, or undefined where nothing was given. */
export function checkOnRefused(onRefused: unknown): OnRefused | undefined {
  if (onRefused !== undefined && typeof onRefused !== 'function')
    throw invalidType('onRefused', 'a function', onRefused)
  return onRefused as OnRefused | undefined
}

function asked<S>(authorize: AuthorizeFunction<S>): Judge<S> {
  const against = (answer: unknown): string | undefined => (answer === true ? undefined : 'authorize said no')
  return (who, socket) => {
    const answer = authorize(who, socket)
    return typeof answer === 'boolean' ? against(answer) : Promise.resolve(answer).then(against)
  }
}

function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message
  return typeof error === 'string' ? error : inspect(error)
}

/**
 * Makes sure of a peer: for a server that is about to serve, and for a client that is about to send.
 *
 * @param source The socket, or anything that has its descriptor.
 * @param rule A rule, or several of which one must hold.
 * @returns Who it is.
 * @throws ERR_PEER_REFUSED It is somebody else; the message says why. @throws ERR_NO_IDENTITY The kernel cannot tell.
 * @example
 * const socket = await connect('/run/app.sock')
 * assertPeer(socket, { uid: 0 })
 */
export function assertPeer(source: FdSource, rule: PeerRule | readonly PeerRule[]): Credentials<'connect'> {
  const condition = anyOf(rule)
  const who = peerCredentials(source)
  const reason = condition(who)
  if (reason !== undefined) throw ownError('ERR_PEER_REFUSED', `The peer is refused: ${reason}`)
  return who
}

/**
 * Admits only some peers to a server of Node that listens on a Unix socket: `net.Server`, `http.Server` and what is built on them.
 * A connection is judged before any listener of `'connection'` sees it; one that is refused is destroyed.
 *
 * @param authorize A rule, several of which one must hold, or a function.
 * @param options.onRefused Told of each connection that was refused.
 * @returns The server.
 * @example
 * requirePeer(http.createServer(app), { sameUser: true }).listen('/run/app.sock')
 */
export function requirePeer<S extends Server>(
  server: S,
  authorize: Authorize<Socket>,
  options?: { onRefused?: OnRefused },
): S {
  if (typeof server?.emit !== 'function') throw invalidType('server', 'a net.Server', server)
  const gate = new Gate<Socket>(authorize, optionsObject(options).onRefused)
  const emit = server.emit as (event: string | symbol, ...values: unknown[]) => boolean
  const admit = (socket: Socket): boolean => emit.call(server, 'connection', socket)
  const replaced = (event: string | symbol, ...values: unknown[]): boolean =>
    event === 'connection' ? judge(gate, values[0], admit) : emit.call(server, event, ...values)
  server.emit = replaced as S['emit']
  return server
}

function judge(gate: Gate<Socket>, socket: unknown, admit: (socket: Socket) => boolean): boolean {
  if (!(socket instanceof Socket)) throw invalidType('socket', 'a net.Socket', socket)
  const verdict = gate.admits(socket, socket)
  if (typeof verdict === 'boolean') return verdict && !socket.destroyed ? admit(socket) : refuse(socket)
  // Nobody listens yet: an error of a connection that waits must not end the process.
  const ignore = (): void => {}
  socket.on('error', ignore)
  void verdict.then((admitted) => {
    socket.off('error', ignore)
    if (!admitted) refuse(socket)
    else if (!socket.destroyed) admitLate(socket, admit)
  })
  return true
}

/** The end of a client that sent nothing was told while nobody listened; a server that is not told waits for more, for ever. */
function admitLate(socket: Socket, admit: (socket: Socket) => boolean): void {
  if (socket.readableEnded) process.nextTick(() => socket.emit('end'))
  admit(socket)
}

function refuse(socket: Socket): true {
  socket.on('error', () => {})
  socket.destroy()
  return true
}
