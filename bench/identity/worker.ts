/**
 * Asks about one kind of source in a process of its own. The parent gives the kind, a path to listen on, and where
 * the package to compare with is, if it could be built.
 */
import { createRequire } from 'node:module'
import { type FdSource, peerCredentials } from '../../index.js'
import type { Timed } from '../lib/rounds.js'
import { serveRows, time } from '../lib/worker.js'
import { type Answer, assertAnswer, assertSum } from './answer.js'
import { acceptUnixSocket, CONNECTIONS, closeAll, Server } from './connections.js'
import { askAncillary, askAncillaryInTurn, askPeercred, type FromSock } from './loops.js'

type Rows = Record<string, Timed>

const kinds: Record<string, (path: string, peercred?: string) => Promise<Rows>> = {
  netSocket: rowsOfNetSocket,
  unixSocket: rowsOfUnixSocket,
  number: rowsOfNumber,
  many: rowsOfMany,
}

const [kind = '', path = '', peercred] = process.argv.slice(2)
serveRows(kinds[kind]?.(path, peercred) ?? Promise.reject(new Error(`no kind ${kind}`)))

async function rowsOfNetSocket(path: string, peercred?: string): Promise<Rows> {
  const server = await Server.listen(path)
  const [socket] = await server.accept(1)
  if (socket === undefined) throw new Error('nobody came')
  const rows = { ancillary: ancillaryRow(socket, server.peer) }
  if (peercred === undefined) return rows
  const { fromSock }: { fromSock: FromSock } = createRequire(__filename)(peercred)
  assertAnswer(fromSock(socket), server.peer)
  return { ...rows, peercred: checked(server.peer, (count) => askPeercred(fromSock, socket, count)) }
}

async function rowsOfUnixSocket(path: string): Promise<Rows> {
  const { socket, peer } = await acceptUnixSocket(path)
  return { ancillary: ancillaryRow(socket, peer) }
}

async function rowsOfNumber(path: string): Promise<Rows> {
  const { socket, peer } = await acceptUnixSocket(path)
  // Kept with the row: a socket that nobody holds is closed by the garbage collector.
  const row = ancillaryRow(socket.fd, peer)
  return { ancillary: (count) => (socket.fd >= 0 ? row(count) : Promise.reject(new Error('closed'))) }
}

async function rowsOfMany(path: string): Promise<Rows> {
  const server = await Server.listen(path)
  return { first: (count) => timeFirst(server, count), again: (count) => timeAgain(server, count) }
}

function ancillaryRow(source: FdSource, peer: Answer): Timed {
  assertAnswer(peerCredentials(source), peer)
  return checked(peer, (count) => askAncillary(source, count))
}

function checked(peer: Answer, loop: (count: number) => number): Timed {
  return async (count) => {
    const { nanoseconds, value } = time(() => loop(count))
    assertSum(value, peer, count)
    return nanoseconds
  }
}

/** Every lookup is the first one of its connection: only a new connection has one. */
async function timeFirst(server: Server, count: number): Promise<number> {
  let sum = 0
  for (let done = 0; done < count; done += CONNECTIONS) {
    const sockets = await server.accept(CONNECTIONS)
    sum += await checked(server.peer, () => askAncillaryInTurn(sockets, 1))(CONNECTIONS)
    await closeAll(sockets)
  }
  return sum
}

async function timeAgain(server: Server, count: number): Promise<number> {
  const sockets = await server.accept(CONNECTIONS)
  askAncillaryInTurn(sockets, 1)
  const times = Math.ceil(count / CONNECTIONS)
  const nanoseconds = await checked(server.peer, () => askAncillaryInTurn(sockets, times))(times * CONNECTIONS)
  await closeAll(sockets)
  return (nanoseconds * count) / (times * CONNECTIONS)
}
