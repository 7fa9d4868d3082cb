/**
 * Connections for a server of Node: a UnixListener accepts them, and an http, https, http2 or plain server is given each as a
 * UnixDuplex. It knows the `'connection'` event and nothing of what a server does with it.
 */
import type { EventEmitter } from 'node:events'
import { Server as HttpServer } from 'node:http'
import { Server as HttpsServer } from 'node:https'
import { Server as TlsServer } from 'node:tls'
import { optionsObject } from './arguments.js'
import type { UnixDuplexOptions } from './duplex.js'
import { invalidType, ownError } from './errors.js'
import { type Connected, UnixListener } from './listener.js'
import { refuseOn } from './runtime.js'
import type { UnixSocket } from './socket.js'

/** What `serve` needs of a server: `net.Server` and all that are built on it have this. */
export interface ConnectionServer extends EventEmitter {
  /** Whether its connections may be written to after their end. */
  readonly allowHalfOpen?: boolean
  readonly listening?: boolean
}

declare module './listener.js' {
  interface UnixListener<T extends Connected = Connected> {
    /**
     * Gives every connection to a server of Node as a {@link UnixDuplex}, by `server.emit('connection', duplex)`: an `http.Server`,
     * `https.Server`, `http2` server or `net.Server` that need not listen itself. What was asked of `listen` holds: `authorize`,
     * `maxConnections`, `maxFds`.
     *
     * Closing the listener stops new connections; closing the server closes the listener too. A server that does not listen itself
     * is told `'listening'`, with which http begins to watch its timeouts.
     *
     * @param options For each duplex; `allowHalfOpen` is by default what the server wants.
     * @returns This listener.
     * @throws ERR_FD_KIND It is not a stream listener. @throws ERR_SOCKET_CLOSED It is closed.
     * @throws ERR_UNSUPPORTED_PLATFORM On Bun, where an http server takes no connections but its own.
     * @example
     * const server = http.createServer((request, response) => response.end('hello'))
     * listen('/run/app.sock', { mode: 0o600, maxFds: 4 }).serve(server)
     */
    serve(this: UnixListener<'stream'>, server: ConnectionServer, options?: UnixDuplexOptions): this
  }
}

function serve(
  this: UnixListener<'stream'>,
  server: ConnectionServer,
  options?: UnixDuplexOptions,
): UnixListener<'stream'> {
  if (typeof server?.emit !== 'function') throw invalidType('server', 'a net.Server', server)
  if (this.type !== 'stream') throw ownError('ERR_FD_KIND', `A ${this.type} listener has no connections for a server`)
  if (server instanceof HttpServer || server instanceof HttpsServer) {
    refuseOn(['bun'], 'To serve the connections of a listener with an http server')
  }
  // TLS ends by itself: what lies below must not do it before the last bytes are out.
  const allowHalfOpen = server.allowHalfOpen === true || server instanceof TlsServer
  const given = { allowHalfOpen, ...optionsObject(options) }
  // Throws where it is closed, before anything is promised.
  for (const socket of this.takeAccepted()) give(socket, server, given)
  const close = (): void => void this.close()
  server.once('close', close)
  void forward(this, server, given).then(() => server.removeListener('close', close))
  if (server.listening !== true) process.nextTick(() => server.emit('listening'))
  return this
}

/** Until the listener is closed. */
async function forward(
  listener: UnixListener<'stream'>,
  server: ConnectionServer,
  options: UnixDuplexOptions,
): Promise<void> {
  try {
    for await (const socket of listener) give(socket, server, options)
  } catch (error) {
    process.nextTick(() => server.emit('error', error))
  }
}

/** In a tick of its own: what a listener of the server throws is an uncaught exception, and not the end of the loop. */
function give(socket: UnixSocket<'stream'>, server: ConnectionServer, options: UnixDuplexOptions): void {
  process.nextTick(() => {
    if (socket.closed) return
    const duplex = socket.toDuplex(options)
    if (!server.emit('connection', duplex)) duplex.destroy()
  })
}

Object.defineProperty(UnixListener.prototype, 'serve', { value: serve, writable: true, configurable: true })
