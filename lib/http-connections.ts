/**
 * The connections of an http server between two requests: when there is nothing of one in this process but its descriptor, it can be
 * given to a successor, and its client does not notice. Knows http servers and leaving, not where the connections go.
 */
import * as http from 'node:http'
import type { Server, Socket } from 'node:net'
import { type Leaving, leaveBetweenRequests } from './detaching.js'

/** What is under way on a connection. */
interface Tracked {
  /** Requests that are being read or answered. */
  requests: number
  /** Its client does not wait for answers: a part of its next request may have come with the one before. */
  pipelines: boolean
  /** Bytes that had been read when the last of them was complete: more means that another one has begun. */
  read: number
}

/** Servers that are still given connections by the process before this one: settled with the last. */
export const arrivals = new WeakMap<Server, Promise<void>>()

/** Told of a connection that is ready to leave. */
export type Taker = (leaving: Leaving) => void

const byServer = new WeakMap<http.Server, KeptConnections>()

/** The connections of one server. It knows those that were made, or asked for something, since this was made. */
export class KeptConnections {
  readonly #known = new Map<Socket, Tracked>()
  readonly #server: http.Server
  #taker: Taker | undefined
  #closing = false
  /** Who waits for the end of the last connection. */
  readonly #waiting: (() => void)[] = []

  private constructor(server: http.Server) {
    this.#server = server
    server.prependListener('connection', (socket: Socket) => this.#tracked(socket))
    for (const event of answeredEvents(server)) {
      server.prependListener(event, (request: http.IncomingMessage, response: http.ServerResponse) =>
        this.#begin(request, response),
      )
    }
  }

  /** Those of this server, from now on if nobody has asked before. */
  static of(server: http.Server): KeptConnections {
    const kept = byServer.get(server) ?? new KeptConnections(server)
    byServer.set(server, kept)
    return kept
  }

  #tracked(socket: Socket): Tracked {
    const known = this.#known.get(socket)
    if (known !== undefined) return known
    const tracked = { requests: 0, pipelines: false, read: 0 }
    this.#known.set(socket, tracked)
    socket.once('close', () => {
      this.#known.delete(socket)
      if (this.#known.size === 0) for (const resolve of this.#waiting.splice(0)) resolve()
    })
    // One that another process has just given us, while we give ours away: when the server has seen it.
    if (this.#taker !== undefined) setImmediate(() => this.#offer(socket, tracked))
    return tracked
  }

  #begin(request: http.IncomingMessage, response: http.ServerResponse): void {
    const { socket } = request
    const tracked = this.#tracked(socket)
    if (tracked.requests > 0) tracked.pipelines = true
    tracked.requests++
    tracked.read = socket.bytesRead
    const stays = this.#closing || (this.#taker !== undefined && tracked.pipelines)
    if (stays && !response.headersSent) response.setHeader('Connection', 'close')
    let left = 2
    const end = (): void => {
      left--
      if (left > 0) return
      tracked.requests--
      this.#offer(socket, tracked)
    }
    request.once('end', () => {
      tracked.read = socket.bytesRead
      end()
    })
    response.once('close', end)
  }

  /** From now on each connection leaves as soon as it can. */
  giveTo(taker: Taker): void {
    this.#taker = taker
    for (const [socket, tracked] of this.#known) this.#offer(socket, tracked)
  }

  /** Nobody takes them: what is still asked is answered with `Connection: close`, so that clients make a new one. */
  end(): void {
    this.#taker = undefined
    this.#closing = true
  }

  #offer(socket: Socket, { requests, pipelines, read }: Tracked): void {
    if (this.#taker === undefined || requests > 0 || pipelines || socket.bytesRead !== read) return
    const leaving = leaveBetweenRequests(socket)
    if (leaving !== undefined) this.#taker(leaving)
  }

  /** Resolves with the end of the last connection. The server counts those that it accepted, not those that it was given. */
  async ended(): Promise<void> {
    await arrivals.get(this.#server)
    await accepted(this.#server)
    if (this.#known.size === 0) return
    await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }
}

/** Without a listener of their own Node answers some of these by itself, and one of ours would stand in its way. */
function answeredEvents(server: http.Server): string[] {
  return ['request', 'checkContinue', 'checkExpectation'].filter(
    (event) => event === 'request' || server.listenerCount(event) > 0,
  )
}

/** Resolves with the end of a server's last connection, of whatever kind it is. */
export async function ended(server: Server): Promise<void> {
  await (server instanceof http.Server ? KeptConnections.of(server).ended() : accepted(server))
}

/** The end of the last one that it accepted; it says `'close'` then, once it does not listen. */
function accepted(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => {
      if (error) reject(error)
      else if (count === 0) resolve()
      else server.once('close', resolve)
    })
  })
}
