/**
 * The successor's side of a hand-off: `takeOver` asks the process that serves for its handles. Nothing is final before `ready()`.
 * Knows the words of the conversation, not the side that answers.
 */
import * as http from 'node:http'
import type * as net from 'node:net'
import { optionsObject } from './arguments.js'
import { connect } from './connect.js'
import { assertServes } from './conversions.js'
import type { OwnedFd } from './descriptor.js'
import { hasCode, invalidValue, ownError } from './errors.js'
import { FrameSocket } from './frames.js'
import {
  CONFIRM,
  CONNECTION,
  DONE,
  GO,
  handleIn,
  ITEM,
  nextWord,
  READY,
  RECEIPT,
  STATE,
  TAKE,
  unexpected,
} from './handoff-words.js'
import { arrivals, KeptConnections } from './http-connections.js'
import { encodeBody, type HandedOver } from './live-handles.js'
import type { UnixSocket } from './socket.js'
import type { Wait } from './wait.js'
import type { Address } from './words.js'

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
