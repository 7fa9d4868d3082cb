/**
 * Receives a stream with node:net.
 */
import { createServer } from 'node:net'
import { ready, settings } from '../../lib/program.js'
import { StreamCheck } from '../../lib/records.js'

const check = new StreamCheck(settings.size)
createServer((socket) => socket.on('data', (chunk: Buffer) => check.take(chunk))).listen(settings.path, ready)
