/**
 * The serving side of a hand-off: `serve` offers all that a program serves with to its successor, and goes on until that has said that
 * it has everything. Knows the words of the conversation, not the side that asks.
 */
import { EventEmitter } from 'node:events'
import * as http from 'node:http'
import * as net from 'node:net'
import { bytesOf, type Data, optionsObject } from './arguments.js'
import type { Authorize } from './authorization.js'
import type { Leaving } from './detaching.js'
import { hasCode, ownError } from './errors.js'
import { type Frame, FrameSocket } from './frames.js'
import {
  bodyOf,
  CONFIRM,
  CONNECTION,
  DONE,
  decline,
  expect,
  GO,
  ITEM,
  PATIENCE,
  READY,
  RECEIPT,
  STATE,
  TAKE,
} from './handoff-words.js'
import { ended, KeptConnections } from './http-connections.js'
import { type Connected, type ListenOptions, listen, type UnixListener } from './listener.js'
import { type Departure, decodeBody, departure, encodeBody, type Handing } from './live-handles.js'
import { peerProcess } from './process.js'
import type { UnixSocket } from './socket.js'
import { checkWait } from './wait.js'
import type { Address } from './words.js'

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
