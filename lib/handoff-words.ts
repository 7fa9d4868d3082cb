/**
 * The words of a hand-off: the types of frames, how long an answer may take, and what is said where the other end does not keep to
 * them. Knows no conversation.
 */
import { ownError } from './errors.js'
import type { Frame, FrameSocket } from './frames.js'
import { type Departure, decodeBody, encodeBody, type HandedOver, handedOver } from './live-handles.js'
import type { Wait } from './wait.js'

/** Types of frames: a handle and its receipt; then the conversation of a take-over in its order. */
export const HANDLE = 1
export const RECEIPT = 2
export const TAKE = 3
export const ITEM = 4
export const STATE = 5
export const READY = 6
export const GO = 7
export const CONFIRM = 8
export const DONE = 9
/** After a take-over: a connection of a server, between two requests. */
export const CONNECTION = 11
/** It stays where it is: after all, the other end need not think that we have died. */
export const NO = 10
/** How long an answer may take, in milliseconds. */
export const PATIENCE = 10_000
/** How long a word that only helps may wait, in milliseconds. */
const COURTESY = 1000

export function unexpected(frame: Frame | null, wanted: string): Error {
  for (const fd of frame?.fds ?? []) fd.close()
  const what = frame === null ? 'it has ended' : `it sent ${frame.type}`
  return ownError('ERR_HANDOFF', `The other end did not send ${wanted}: ${what}`)
}

/** The next frame where none can have descriptors; null at the end. */
export async function nextWord(frames: FrameSocket, wait?: Wait): Promise<Frame | null> {
  const frame = await frames.receive(wait)
  if (frame !== null && frame.fds.length > 0) throw unexpected(frame, 'a word')
  return frame
}

export async function expect(frames: FrameSocket, type: number, wanted: string, wait?: Wait): Promise<Frame> {
  const frame = await nextWord(frames, wait)
  if (frame === null || frame.type !== type) throw unexpected(frame, wanted)
  return frame
}

export function bodyOf(words: object, leaving: Departure): Buffer {
  return encodeBody({ ...words, type: leaving.type }, leaving.unread)
}

/** Tells the other end that we go on, if it can still be told. */
export async function decline(frames: FrameSocket): Promise<void> {
  await frames.send(NO, undefined, undefined, { timeout: COURTESY }).catch(() => {})
}

/** The one handle of a frame; its descriptor is closed if there is something else in it. */
export function handleIn(frame: Frame | null, type: number): { handle: HandedOver; words: Record<string, unknown> } {
  const fd = frame?.fds[0]
  if (frame === null || frame.type !== type || fd === undefined || frame.fds.length > 1) {
    throw unexpected(frame, 'a handle')
  }
  try {
    const { words, bytes } = decodeBody(frame.body)
    return { handle: handedOver(words.type, fd, bytes), words }
  } catch (error) {
    fd.close()
    throw error
  }
}
