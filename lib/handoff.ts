/**
 * Handing live handles to another process: one at a time (`sendHandle`, `receiveHandle`), or all that a program serves with, to its
 * successor (`serve`, `takeOver`). Until the other end has said that it has everything, nothing is given up here.
 */
import { EventEmitter } from 'node:events'
import * as http from 'node:http'
import * as net from 'node:net'
import { bytesOf, type Data, optionsObject } from './arguments.js'
import type { Authorize } from './authorization.js'
import { connect } from './connect.js'
import { assertServes } from './conversions.js'
import type { OwnedFd } from './descriptor.js'
import type { Leaving } from './detaching.js'
import { hasCode, invalidValue, ownError } from './errors.js'
import { type Frame, FrameSocket } from './frames.js'
import { arrivals, ended, KeptConnections } from './http-connections.js'
import { type Connected, type ListenOptions, listen, type UnixListener } from './listener.js'
import {
  type Departure,
  decodeBody,
  departure,
  encodeBody,
  type HandedOver,
  type Handing,
  handedOver,
} from './live-handles.js'
import { peerProcess } from './process.js'
import type { UnixSocket } from './socket.js'
import { checkWait, type Wait } from './wait.js'
import type { Address } from './words.js'

/** Types of frames: a handle and its receipt; then the conversation of a take-over in its order. */
const HANDLE = 1
const RECEIPT = 2
const TAKE = 3
const ITEM = 4
const STATE = 5
const READY = 6
const GO = 7
const CONFIRM = 8
const DONE = 9
/** After a take-over: a connection of a server, between two requests. */
const CONNECTION = 11
/** It stays where it is: after all, the other end need not think that we have died. */
const NO = 10
/** How long an answer may take, in milliseconds. */
const PATIENCE = 10_000
/** How long a word that only helps may wait, in milliseconds. */
const COURTESY = 1000

/** What two ends have said so far, one handle after the other. */
interface Talk {
  readonly frames: FrameSocket
  /** Handles that were sent; the number of the last one. */
  sent: number
  /** A handle that has come, and for which the sender has not given its last word. */
  pending: ReceivedHandle | undefined
}

const talks = new WeakMap<UnixSocket<Connected>, Talk>()

function talkOn(socket: UnixSocket<Connected>): Talk {
  const talk = talks.get(socket) ?? { frames: new FrameSocket(socket), sent: 0, pending: undefined }
  talks.set(socket, talk)
  return talk
}

function unexpected(frame: Frame | null, wanted: string): Error {
  for (const fd of frame?.fds ?? []) fd.close()
  const what = frame === null ? 'it has ended' : `it sent ${frame.type}`
  return ownError('ERR_HANDOFF', `The other end did not send ${wanted}: ${what}`)
}

/** The next frame where none can have descriptors; null at the end. */
async function nextWord(frames: FrameSocket, wait?: Wait): Promise<Frame | null> {
  const frame = await frames.receive(wait)
  if (frame !== null && frame.fds.length > 0) throw unexpected(frame, 'a word')
  return frame
}

async function expect(frames: FrameSocket, type: number, wanted: string, wait?: Wait): Promise<Frame> {
  const frame = await nextWord(frames, wait)
  if (frame === null || frame.type !== type) throw unexpected(frame, wanted)
  return frame
}

function bodyOf(words: object, leaving: Departure): Buffer {
  return encodeBody({ ...words, type: leaving.type }, leaving.unread)
}

/** Options of {@link sendHandle}. */
export interface SendHandleOptions extends Wait {
  /** Anything that JSON can tell, for the receiver. */
  data?: unknown
}

/**
 * Gives a live handle to the process at the other end and resolves when that has it. Then it is gone from here: a `net.Socket` takes
 * along the bytes that Node had read, a server stops accepting, and nobody who is connected notices.
 *
 * If it fails, the handle is as it was. The other end calls {@link receiveHandle}; its socket must accept a descriptor (`maxFds`).
 * Nothing else may be sent or received on this socket meanwhile.
 *
 * @throws ERR_MESSAGES_HELD Something would be lost: queued writes, TLS, an http request that is being parsed, a server's path.
 * @throws ERR_FDS_REFUSED The other end accepts no descriptors. @throws ERR_HANDOFF It does not speak this protocol, or has ended.
 */
export async function sendHandle(
  socket: UnixSocket<Connected>,
  handle: Handing,
  options?: SendHandleOptions,
): Promise<void> {
  const { data, ...wait } = optionsObject(options) as SendHandleOptions
  const talk = talkOn(socket)
  const leaving = departure(handle)
  try {
    const id = ++talk.sent
    await talk.frames.send(HANDLE, bodyOf({ id, data: data ?? null }, leaving), [leaving.fd], wait)
    await receipt(talk.frames, id, wait)
  } catch (error) {
    leaving.stay()
    await decline(talk.frames)
    throw error
  }
  leaving.go()
  leaving.fd.close()
  // If it has died since, the handle has died there.
  await talk.frames.send(GO).catch(() => {})
}

/** Receipts of handles that we gave up are passed over. */
async function receipt(frames: FrameSocket, id: number, wait: Wait): Promise<void> {
  for (;;) {
    const frame = await expect(frames, RECEIPT, 'a receipt', wait)
    if (frame.body.toString() === String(id)) return
  }
}

/** Tells the other end that we go on, if it can still be told. */
async function decline(frames: FrameSocket): Promise<void> {
  await frames.send(NO, undefined, undefined, { timeout: COURTESY }).catch(() => {})
}

/** A handle as {@link receiveHandle} gives it. */
export interface ReceivedHandle extends HandedOver {
  /** What the sender said beside it. */
  readonly data: unknown
}

/**
 * Receives one handle from {@link sendHandle}, and tells the sender that it has come; `null` at the end. `live()` makes it what it
 * was: a `net.Socket` with its unread bytes first, a listening server, a terminal. Or convert its `fd` in another way.
 *
 * @throws ERR_HANDOFF The other end does not speak this protocol.
 */
export async function receiveHandle(socket: UnixSocket<Connected>, options?: Wait): Promise<ReceivedHandle | null> {
  const talk = talkOn(socket)
  for (;;) {
    talk.pending ??= await nextHandle(talk.frames, options)
    const handle = talk.pending
    if (handle === undefined) return null
    const isOurs = await lastWord(talk, options)
    talk.pending = undefined
    if (isOurs) return handle
    handle.close()
  }
}

/** Undefined at the end. What a sender gave up before we came to it is passed over. */
async function nextHandle(frames: FrameSocket, wait?: Wait): Promise<ReceivedHandle | undefined> {
  for (;;) {
    const frame = await frames.receive(wait)
    if (frame === null) return undefined
    if (frame.type === NO && frame.fds.length === 0) continue
    const { handle, words } = handleIn(frame, HANDLE)
    try {
      await frames.send(RECEIPT, Buffer.from(String(words.id)))
      return { ...handle, data: words.data }
    } catch (error) {
      handle.close()
      throw error
    }
  }
}

/** Whether the handle that has come is ours: the sender says so, or has ended and does not need it. */
async function lastWord(talk: Talk, wait?: Wait): Promise<boolean> {
  try {
    const frame = await nextWord(talk.frames, wait)
    if (frame !== null && frame.type !== GO && frame.type !== NO) throw unexpected(frame, 'go')
    return frame?.type !== NO
  } catch (error) {
    if (hasCode(error, 'ECONNRESET')) return true
    if (hasCode(error, 'ERR_HANDOFF')) {
      talk.pending?.close()
      talk.pending = undefined
    }
    throw error
  }
}

/** The one handle of a frame; its descriptor is closed if there is something else in it. */
function handleIn(frame: Frame | null, type: number): { handle: HandedOver; words: Record<string, unknown> } {
  const fd = frame?.fds[0]
  if (frame === null || frame.type !== type || fd === undefined || frame.fds.length > 1) {
    throw unexpected(frame, 'a handle')
  }
  try {
    const { words, bytes } = decodeBody(frame.body)
    return { handle: handedOver(words.type, fd, bytes), words }
  } catch (error) {
    fd.close()
    throw error
  }
}

/** Handles by name; a list where there are several. */
export type Handings = { readonly [name: string]: Handing | readonly Handing[] }

/** Options of {@link serve}. */
export interface ServeOptions {
  /** Who may take over. Default: a process of our own user. */
  authorize?: Authorize<UnixSocket<Connected>>
  /** Permission bits of the socket file. Default 0o600. */
  mode?: number
  /** Bytes for the successor, asked for as late as possible; at most 64 MiB. */
  state?: () => Data | Promise<Data>
  /**
   * Milliseconds that a successor may take for each of its answers, so that a silent one does not hold up others. How long it prepares
   * itself before `ready()` is its own business. Default 10000.
   */
  timeout?: number
  /** Told of a successor that failed half-way: this process goes on as if nothing had happened. */
  onFailed?: (error: unknown) => void
}

/**
 * Offers what this process serves with to a successor that calls {@link takeOver} at the same address. See {@link serve}.
 */
export class Handoff implements AsyncDisposable {
  /** Resolves when a successor has taken over: this process has stopped accepting and only ends what it has begun. Rejects if closed before. */
  readonly taken: Promise<void>
  readonly #listener: UnixListener
  readonly #events = new EventEmitter()
  #servers: net.Server[] = []

  private constructor(listener: UnixListener, offer: Offer) {
    this.#listener = listener
    this.taken = new Promise((resolve, reject) => this.#events.once('taken', resolve).once('closed', reject))
    // Whoever does not ask need not hear of it.
    this.taken.catch(() => {})
    for (const server of offer.servers) KeptConnections.of(server)
    void this.#run(offer)
  }

  /** @internal */
  static start(listener: UnixListener, offer: Offer): Handoff {
    return new Handoff(listener, offer)
  }

  /** One successor after the other; the first that comes to the end is the last. */
  async #run(offer: Offer): Promise<void> {
    for await (const socket of this.#listener) {
      const frames = new FrameSocket(socket)
      try {
        await this.#hand(frames, offer)
        return
      } catch (error) {
        await decline(frames)
        offer.onFailed?.(error)
      } finally {
        frames.close()
      }
    }
    this.#events.emit('closed', ownError('ERR_SOCKET_CLOSED', 'The handoff was closed before anybody had taken over'))
  }

  async #hand(frames: FrameSocket, offer: Offer): Promise<void> {
    const wait = { timeout: offer.timeout }
    await expect(frames, TAKE, 'a request', wait)
    const leaving = departures(await offer.handles())
    let wanted: readonly string[]
    try {
      for (const { name, departure } of leaving) {
        await frames.send(ITEM, bodyOf({ name }, departure), [departure.fd], wait)
        await expect(frames, RECEIPT, 'a receipt', wait)
      }
      await frames.send(STATE, await offer.state())
      await expect(frames, READY, 'ready')
      assertAlive(frames.socket)
      await frames.send(GO)
      wanted = namesIn(await expect(frames, CONFIRM, 'a confirmation', wait))
      assertAlive(frames.socket)
    } catch (error) {
      for (const { departure } of leaving) departure.stay()
      throw error
    }
    this.#leave(leaving)
    await this.#listener.close()
    this.#events.emit('taken')
    // It may have gone on without waiting for this word.
    await frames.send(DONE).catch(() => {})
    await Promise.all(leaving.map((named) => this.#passConnections(frames, named, wanted)))
  }

  /** Until the last connection of an http server has gone: to the successor if it wants them, else by its own end. */
  async #passConnections(
    frames: FrameSocket,
    { name, handle }: NamedDeparture,
    wanted: readonly string[],
  ): Promise<void> {
    if (!(handle instanceof http.Server)) return
    const kept = KeptConnections.of(handle)
    if (!wanted.includes(name)) {
      kept.end()
      return
    }
    let turn: Promise<void> = Promise.resolve()
    kept.giveTo((leaving) => {
      turn = turn.then(() => passConnection(frames, name, leaving)).catch(() => kept.end())
    })
    await kept.ended()
  }

  #leave(leaving: readonly NamedDeparture[]): void {
    this.#servers = leaving.flatMap(({ handle }) => (handle instanceof net.Server ? [handle] : []))
    for (const { departure } of leaving) {
      departure.go()
      departure.fd.close()
    }
  }

  /** Resolves when a successor has taken over and the last connection of the servers that were handed over has ended. */
  async drained(): Promise<void> {
    await this.taken
    await Promise.all(this.#servers.map(ended))
  }

  /** Stops offering. What is served is not touched. */
  async close(): Promise<void> {
    await this.#listener.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}

interface Offer {
  /** Servers whose connections are looked after from the beginning. */
  readonly servers: readonly http.Server[]
  readonly handles: () => Handings | Promise<Handings>
  readonly state: () => Promise<Uint8Array>
  readonly timeout: number
  readonly onFailed: ((error: unknown) => void) | undefined
}

interface NamedDeparture {
  readonly name: string
  readonly handle: Handing
  readonly departure: Departure
}

/** All or none: if one cannot leave, those before it stay. */
function departures(handings: Handings): NamedDeparture[] {
  const named = Object.entries(handings).flatMap(([name, value]) =>
    (Array.isArray(value) ? (value as Handing[]) : [value as Handing]).map((handle) => ({ name, handle })),
  )
  const leaving: NamedDeparture[] = []
  try {
    for (const { name, handle } of named) leaving.push({ name, handle, departure: departure(handle) })
    return leaving
  } catch (error) {
    for (const { departure } of leaving) departure.stay()
    throw error
  }
}

/** A word that came from a process that has ended since must not stop this one. */
function assertAlive(socket: UnixSocket<Connected>): void {
  if (!isAlive(socket)) throw ownError('ERR_HANDOFF', 'The successor has ended')
}

/** Some kernels give a handle of a process that has ended, others none. Where there are no handles, hope. */
function isAlive(socket: UnixSocket<Connected>): boolean {
  try {
    const handle = peerProcess(socket)
    const alive = handle?.alive ?? true
    handle?.close()
    return alive
  } catch (error) {
    if (hasCode(error, 'ESRCH')) return false
    throw error
  }
}

/** One after the other: a send that cannot be taken at once waits with its descriptor. */
async function passConnection(frames: FrameSocket, name: string, leaving: Leaving): Promise<void> {
  try {
    await frames.send(CONNECTION, encodeBody({ name, type: 'net.Socket' }, leaving.unread), [leaving.fd])
  } catch (error) {
    leaving.stay()
    throw error
  }
  leaving.go()
  leaving.fd.close()
}

/** The names of servers whose connections the successor wants. */
function namesIn({ body }: Frame): readonly string[] {
  if (body.length === 0) return []
  const { servers } = decodeBody(body).words
  return Array.isArray(servers) ? servers.map(String) : []
}

/**
 * Offers handles to a successor, and goes on serving meanwhile. When one has taken over, `taken` resolves: servers have stopped
 * accepting, and `drained()` tells when all that was begun has ended. The connections of an http server go to the successor one by
 * one, between two requests, if it wants them (`ready({ servers })`); else what is still asked is answered with `Connection: close`.
 *
 * A successor that dies half-way changes nothing. Live connections that are handed over are not read from while it lasts.
 *
 * @param address Where successors ask; a path is replaced if it is stale.
 * @param handles What there is, by name; a function is asked for each successor. Servers on a path must come from
 * `listen(path).toNetServer(server)`: Node would remove the path.
 * @throws EADDRINUSE Another process offers there.
 * @example
 * const handoff = serve('/run/app.handoff', { http: server })
 * await handoff.drained()
 * process.exit()
 */
export function serve(
  address: Address,
  handles: Handings | (() => Handings | Promise<Handings>),
  options?: ServeOptions,
): Handoff {
  const {
    authorize = { sameUser: true },
    mode = 0o600,
    state,
    onFailed,
    timeout = PATIENCE,
  } = optionsObject(options) as ServeOptions
  checkWait({ timeout })
  if (typeof handles !== 'function') for (const { departure } of departures(handles)) departure.stay()
  const onPath = typeof address === 'string' ? !address.startsWith('\0') : 'path' in address
  const ways: ListenOptions<'stream'> = onPath ? { mode, replace: 'stale' } : {}
  const listener = listen(address, { ...ways, maxFds: 0, authorize: authorize as Authorize<UnixSocket<'stream'>> })
  return Handoff.start(listener, {
    servers: typeof handles === 'function' ? [] : httpServersIn(handles),
    handles: typeof handles === 'function' ? handles : () => handles,
    state: async () => onePiece(state === undefined ? '' : await state()),
    timeout,
    onFailed,
  })
}

function httpServersIn(handles: Handings): http.Server[] {
  return Object.values(handles)
    .flat()
    .filter((handle): handle is http.Server => handle instanceof http.Server)
}

function onePiece(data: Data): Uint8Array {
  const bytes = bytesOf(data)
  return Array.isArray(bytes) ? Buffer.concat(bytes) : bytes
}

/** What {@link takeOver} got. Nothing is final before `ready()`. */
export class Takeover implements Disposable {
  /** The handles by name, in the order in which they were given. */
  readonly handles: { readonly [name: string]: readonly HandedOver[] }
  /** What the other process said of its state; empty if nothing. */
  readonly state: Buffer
  readonly #frames: FrameSocket

  private constructor(frames: FrameSocket, handles: Record<string, HandedOver[]>, state: Buffer) {
    this.#frames = frames
    this.handles = handles
    this.state = state
  }

  /** @internal */
  static of(frames: FrameSocket, handles: Record<string, HandedOver[]>, state: Buffer): Takeover {
    return new Takeover(frames, handles, state)
  }

  /**
   * The descriptor of the one handle of this name; it is yours.
   *
   * @throws ERR_INVALID_ARG_VALUE There is none, or there are several.
   */
  take(name: string): OwnedFd {
    const found = Object.hasOwn(this.handles, name) ? (this.handles[name] as readonly HandedOver[]) : []
    if (found.length !== 1) throw invalidValue('name', `must name one handle, not ${found.length}`, name)
    return (found[0] as HandedOver).fd
  }

  /**
   * Takes over. Resolves when the other process has stopped, or has died on the way; from then on serve: connections that came in
   * between wait in the backlog.
   *
   * @param options.servers Servers by the names of the handles that they take: each listens as soon as that is due. An http server
   * also gets the connections that the other one has, when nothing is under way on them, so that their clients do not notice.
   * @throws ERR_HANDOFF The other process has changed its mind: it goes on.
   * @throws ERR_INVALID_ARG_VALUE There is no handle of such a name. @throws ERR_FD_KIND It is no listening socket.
   */
  async ready(options?: Wait & { servers?: { readonly [name: string]: net.Server } }): Promise<void> {
    const { servers = {}, ...wait } = optionsObject(options) as Wait & { servers?: Record<string, net.Server> }
    for (const name of Object.keys(servers)) assertServes(this.take(name))
    const wanted = Object.keys(servers)
    let goesOn = false
    try {
      goesOn = (await this.#commit(wanted, wait)) && wanted.length > 0
    } finally {
      if (!goesOn) this.#frames.close()
    }
    for (const [name, server] of Object.entries(servers)) {
      if (server instanceof http.Server) KeptConnections.of(server)
      this.take(name).toNetServer(server)
    }
    if (!goesOn) return
    const adopted = this.#adopt(servers)
    for (const server of Object.values(servers)) arrivals.set(server, adopted)
  }

  /** Whether the other process lives on. */
  async #commit(servers: readonly string[], wait: Wait): Promise<boolean> {
    try {
      await this.#frames.send(READY, undefined, undefined, wait)
      const answer = await nextWord(this.#frames, wait)
      if (answer === null) return false
      if (answer.type !== GO) throw unexpected(answer, 'go')
      await this.#frames.send(CONFIRM, encodeBody({ servers }, Buffer.alloc(0)), undefined, wait)
      return (await nextWord(this.#frames, wait))?.type === DONE
    } catch (error) {
      // Whoever served is dead: there is nobody but us.
      if (hasCode(error, 'EPIPE') || hasCode(error, 'ECONNRESET')) return false
      throw error
    }
  }

  /**
   * Until the other process has none left, or ends: its connections come while it ends what it has begun. This keeps us alive: what is on
   * its way would be lost with us, also when our own successor has everything else.
   */
  async #adopt(servers: Readonly<Record<string, net.Server>>): Promise<void> {
    try {
      for (;;) {
        const frame = await this.#frames.receive()
        if (frame === null) return
        const { handle, words } = handleIn(frame, CONNECTION)
        const name = String(words.name)
        adoptConnection(handle, Object.hasOwn(servers, name) ? servers[name] : undefined)
      }
    } catch {
      // It does not keep to the rules, or has died: what it has is its own business.
    } finally {
      this.#frames.close()
    }
  }

  /** Gives up: the other process goes on, and what was not taken or converted is closed. */
  close(): void {
    this.#frames.close()
    for (const handle of Object.values(this.handles).flat()) handle.close()
  }

  /** The same as `close()`. */
  [Symbol.dispose](): void {
    this.close()
  }
}

/** One whose client has gone meanwhile ends alone: those behind it live. */
function adoptConnection(handle: HandedOver, server: net.Server | undefined): void {
  let socket: net.Socket | undefined
  try {
    socket = server && handle.fd.toNetSocket({ unread: handle.unread, allowHalfOpen: true })
  } catch {
    // TCP: nobody is at the other end, so that this is no connection any more.
  }
  if (socket === undefined) handle.close()
  else server?.emit('connection', socket)
}

/** Nobody is there to take over from. */
const NOBODY = ['ENOENT', 'ECONNREFUSED']

/**
 * Asks the process that calls {@link serve} at this address for its handles; `null` when there is none, as at the first start.
 *
 * The other process serves until `ready()`: convert and accept after that, so that nothing is lost if this process ends before.
 *
 * @throws ERR_HANDOFF It does not speak this protocol, or refused us. @throws EACCES The path is not ours to use.
 * @example
 * const takeover = await takeOver('/run/app.handoff')
 * const server = http.createServer(app)
 * if (takeover === null) listen('/run/app.sock').toNetServer(server)
 * else await takeover.ready({ servers: { http: server } })
 * const handoff = serve('/run/app.handoff', { http: server })
 */
export async function takeOver(address: Address, options?: Wait): Promise<Takeover | null> {
  let socket: UnixSocket<'stream'>
  try {
    socket = await connect(address, { ...options, maxFds: 253 })
  } catch (error) {
    if (NOBODY.some((code) => hasCode(error, code))) return null
    throw error
  }
  const frames = new FrameSocket(socket)
  const handles: Record<string, HandedOver[]> = {}
  try {
    return Takeover.of(frames, handles, await collect(frames, handles, options))
  } catch (error) {
    for (const handle of Object.values(handles).flat()) handle.close()
    frames.close()
    throw refusal(error)
  }
}

/** A connection that is closed without a word: we were refused, another successor was faster, or the other process has died. */
function refusal(error: unknown): unknown {
  if (!hasCode(error, 'EPIPE') && !hasCode(error, 'ECONNRESET')) return error
  return Object.assign(ownError('ERR_HANDOFF', 'The other process has hung up'), { cause: error })
}

/** Receives items until the state comes, which is the last. */
async function collect(frames: FrameSocket, handles: Record<string, HandedOver[]>, wait?: Wait): Promise<Buffer> {
  await frames.send(TAKE, undefined, undefined, wait)
  for (;;) {
    const frame = await frames.receive(wait)
    if (frame?.type === STATE && frame.fds.length === 0) return frame.body
    const { handle, words } = handleIn(frame, ITEM)
    const name = String(words.name)
    if (!Object.hasOwn(handles, name)) Object.defineProperty(handles, name, { value: [], enumerable: true })
    handles[name]?.push(handle)
    await frames.send(RECEIPT, undefined, undefined, wait)
  }
}
