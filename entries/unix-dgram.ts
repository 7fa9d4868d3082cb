/**
 * `ancillary/unix-dgram`: what the npm package unix-dgram 2.0 offers, for programs that were written for it. New programs have
 * `bind()`.
 *
 * @packageDocumentation
 */

export { createSocket, type RemoteInfo, type SendCallback, Socket } from '../lib/unix-dgram.js'
