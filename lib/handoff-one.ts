/**
 * One live handle for another process: `sendHandle` and `receiveHandle`. Until the other end has said that it has it, nothing is given
 * up here. Knows no successor.
 */
import { optionsObject } from './arguments.js'
import { hasCode } from './errors.js'
import { FrameSocket } from './frames.js'
import { bodyOf, decline, expect, GO, HANDLE, handleIn, NO, nextWord, RECEIPT, unexpected } from './handoff-words.js'
import type { Connected } from './listener.js'
import { departure, type HandedOver, type Handing } from './live-handles.js'
import type { UnixSocket } from './socket.js'
import type { Wait } from './wait.js'

/** What two ends have said so far, one handle after the other. */
interface Talk {
  readonly frames: FrameSocket
  /** Handles that were sent; the number of the last one. */
  sent: number
  /** A handle that has come, and for which the sender has not given its last word. */
  pending: ReceivedHandle | undefined
}

const talks = new WeakMap<UnixSocket<Connected>, Talk>()

function talkOn(socket: UnixSocket<Connected>): Talk {
  const talk = talks.get(socket) ?? { frames: new FrameSocket(socket), sent: 0, pending: undefined }
  talks.set(socket, talk)
  return talk
}

/** Options of {@link sendHandle}. */
export interface SendHandleOptions extends Wait {
  /** Anything that JSON can tell, for the receiver. */
  data?: unknown
}

/**
 * Gives a live handle to the process at the other end and resolves when that has it. Then it is gone from here: a `net.Socket` takes
 * along the bytes that Node had read, a server stops accepting, and nobody who is connected notices.
 *
 * If it fails, the handle is as it was. The other end calls {@link receiveHandle}; its socket must accept a descriptor (`maxFds`).
 * Nothing else may be sent or received on this socket meanwhile.
 *
 * @throws ERR_MESSAGES_HELD Something would be lost: queued writes, TLS, an http request that is being parsed, a server's path.
 * @throws ERR_FDS_REFUSED The other end accepts no descriptors. @throws ERR_HANDOFF It does not speak this protocol, or has ended.
 */
export async function sendHandle(
  socket: UnixSocket<Connected>,
  handle: Handing,
  options?: SendHandleOptions,
): Promise<void> {
  const { data, ...wait } = optionsObject(options) as SendHandleOptions
  const talk = talkOn(socket)
  const leaving = departure(handle)
  try {
    const id = ++talk.sent
    await talk.frames.send(HANDLE, bodyOf({ id, data: data ?? null }, leaving), [leaving.fd], wait)
    await receipt(talk.frames, id, wait)
  } catch (error) {
    leaving.stay()
    await decline(talk.frames)
    throw error
  }
  leaving.go()
  leaving.fd.close()
  // If it has died since, the handle has died there.
  await talk.frames.send(GO).catch(() => {})
}

/** Receipts of handles that we gave up are passed over. */
async function receipt(frames: FrameSocket, id: number, wait: Wait): Promise<void> {
  for (;;) {
    const frame = await expect(frames, RECEIPT, 'a receipt', wait)
    if (frame.body.toString() === String(id)) return
  }
}

/** A handle as {@link receiveHandle} gives it. */
export interface ReceivedHandle extends HandedOver {
  /** What the sender said beside it. */
  readonly data: unknown
}

/**
 * Receives one handle from {@link sendHandle}, and tells the sender that it has come; `null` at the end. `live()` makes it what it
 * was: a `net.Socket` with its unread bytes first, a listening server, a terminal. Or convert its `fd` in another way.
 *
 * @throws ERR_HANDOFF The other end does not speak this protocol.
 */
export async function receiveHandle(socket: UnixSocket<Connected>, options?: Wait): Promise<ReceivedHandle | null> {
  const talk = talkOn(socket)
  for (;;) {
    talk.pending ??= await nextHandle(talk.frames, options)
    const handle = talk.pending
    if (handle === undefined) return null
    const isOurs = await lastWord(talk, options)
    talk.pending = undefined
    if (isOurs) return handle
    handle.close()
  }
}

/** Undefined at the end. What a sender gave up before we came to it is passed over. */
async function nextHandle(frames: FrameSocket, wait?: Wait): Promise<ReceivedHandle | undefined> {
  for (;;) {
    const frame = await frames.receive(wait)
    if (frame === null) return undefined
    if (frame.type === NO && frame.fds.length === 0) continue
    const { handle, words } = handleIn(frame, HANDLE)
    try {
      await frames.send(RECEIPT, Buffer.from(String(words.id)))
      return { ...handle, data: words.data }
    } catch (error) {
      handle.close()
      throw error
    }
  }
}

/** Whether the handle that has come is ours: the sender says so, or has ended and does not need it. */
async function lastWord(talk: Talk, wait?: Wait): Promise<boolean> {
  try {
    const frame = await nextWord(talk.frames, wait)
    if (frame !== null && frame.type !== GO && frame.type !== NO) throw unexpected(frame, 'go')
    return frame?.type !== NO
  } catch (error) {
    if (hasCode(error, 'ECONNRESET')) return true
    if (hasCode(error, 'ERR_HANDOFF')) {
      talk.pending?.close()
      talk.pending = undefined
    }
    throw error
  }
}
