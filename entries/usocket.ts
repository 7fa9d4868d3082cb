/**
 * `ancillary/usocket`: what the npm package usocket 1.1 offers, for programs that were written for it. New programs have
 * `socket.toDuplex()`.
 *
 * @packageDocumentation
 */

export { USocket, type USocketChunk, type USocketOptions, type USocketRead } from '../lib/usocket.js'
export { UServer } from '../lib/usocket-server.js'
