/**
 * `ancillary/handoff`: live handles for another process. One at a time, or everything that a program serves with, for its successor:
 * a restart that no client notices.
 *
 * @packageDocumentation
 */

export {
  type Handings,
  Handoff,
  type ReceivedHandle,
  receiveHandle,
  type SendHandleOptions,
  type ServeOptions,
  sendHandle,
  serve,
  Takeover,
  takeOver,
} from '../lib/handoff.js'
export type { HandedOver, Handing, HandleType, LiveHandle } from '../lib/live-handles.js'
