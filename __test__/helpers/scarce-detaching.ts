// Scenario for a process that has no descriptor left: run by child.ts with a low limit.
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createReadStream, createWriteStream, unlinkSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createServer, connect as netConnect, type Socket } from 'node:net'
import { join } from 'node:path'
import { detachFd, type FdSource, type SocketError } from '../../index.js'
import { serveScenarios } from './child.js'
import { exhaust } from './exhaust.js'
import { hasRead, netPair } from './net-pairs.js'
import { makeFolder, removeFolder } from './tmp.js'

function codeOf(source: unknown): string | undefined {
  try {
    detachFd(source as FdSource)
    return 'no error'
  } catch (error) {
    return (error as SocketError).code
  }
}

/** A socket with unread bytes, a server, a datagram socket, a file, and streams of it. */
async function everything(): Promise<unknown> {
  const folder = makeFolder()
  const path = join(folder, 'file')
  const { accepted, connected } = await netPair({ host: '127.0.0.1', port: 0 })
  accepted.pause()
  connected.write('unread')
  await hasRead(accepted, 6)
  const server = createServer().listen(0, '127.0.0.1')
  const datagrams = createSocket('udp4').bind(0, '127.0.0.1')
  await Promise.all([server, datagrams].map((one) => once(one, 'listening')))
  const file = await open(path, 'w+')
  const [reader, writer] = [createReadStream(path), createWriteStream(path)]
  await Promise.all([reader, writer].map((one) => once(one, 'open')))
  const restore = exhaust()
  const codes = [accepted, server, datagrams, file, reader, writer].map(codeOf)
  restore()
  const client = netConnect((server.address() as { port: number }).port, '127.0.0.1')
  const [peer] = (await once(server, 'connection')) as [Socket]
  datagrams.send('datagram', datagrams.address().port, '127.0.0.1')
  const datagram = String((await once(datagrams, 'message'))[0])
  await new Promise((resolve) => writer.write('written', resolve))
  const content = String((await file.read({ position: 0 })).buffer.subarray(0, 7))
  const unread = String((await once(accepted.resume(), 'data'))[0])
  for (const one of [accepted, connected, client, peer, reader, writer]) one.destroy()
  for (const one of [server, datagrams]) one.close()
  await file.close()
  unlinkSync(path)
  removeFolder(folder)
  return { codes, works: [datagram, content, unread].join() === 'datagram,written,unread' }
}

void serveScenarios({ everything })
