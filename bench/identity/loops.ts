/**
 * The code whose time is taken. One loop for each way to ask; they give the sum that answer.ts compares.
 */
import type { Socket } from 'node:net'
import { type FdSource, peerCredentials } from '../../index.js'
import { digest } from './answer.js'

export type FromSock = (socket: Socket) => { pid: number; uid: number; gid: number }

export function askAncillary(source: FdSource, count: number): number {
  let sum = 0
  for (let done = 0; done < count; done++) {
    const { pid, uid, gid } = peerCredentials(source)
    sum = (sum + digest(pid, uid, gid)) | 0
  }
  return sum
}

/** One after the other, `times` around. */
export function askAncillaryInTurn(sources: readonly FdSource[], times: number): number {
  let sum = 0
  for (let done = 0; done < times; done++) {
    for (const source of sources) {
      const { pid, uid, gid } = peerCredentials(source)
      sum = (sum + digest(pid, uid, gid)) | 0
    }
  }
  return sum
}

export function askPeercred(fromSock: FromSock, socket: Socket, count: number): number {
  let sum = 0
  for (let done = 0; done < count; done++) {
    const { pid, uid, gid } = fromSock(socket)
    sum = (sum + digest(pid, uid, gid)) | 0
  }
  return sum
}
