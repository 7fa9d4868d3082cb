/**
 * `ancillary/handoff`: live handles for another process. One at a time, or everything that a program serves with, for its successor:
 * a restart that no client notices.
 *
 * @packageDocumentation
 */

export { type Handings, Handoff, type ServeOptions, serve } from '../lib/handoff.js'
export { type ReceivedHandle, receiveHandle, type SendHandleOptions, sendHandle } from '../lib/handoff-one.js'
export type { HandedOver, Handing, HandleType, LiveHandle } from '../lib/live-handles.js'
export { Takeover, takeOver } from '../lib/takeover.js'
