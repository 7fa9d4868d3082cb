/**
 * `ancillary`: Unix domain sockets with everything they can carry: bytes, file descriptors and credentials, over stream, datagram
 * and seqpacket sockets.
 *
 * @packageDocumentation
 */

import './lib/conversions.js'
import './lib/duplex.js'
import './lib/duplex-server.js'

export type { Data } from './lib/arguments.js'
export {
  type Authorize,
  assertPeer,
  type OnRefused,
  type PeerRule,
  type Refusal,
  requirePeer,
} from './lib/authorization.js'
export type { Batch, BorrowedMessage } from './lib/batch.js'
export { type Capabilities, type Capability, capabilities } from './lib/capabilities.js'
export {
  type BindOptions,
  bind,
  type ConnectOptions,
  connect,
  type DatagramOptions,
  pair,
  type ReconnectOptions,
} from './lib/connect.js'
export type { ControlMessage } from './lib/control.js'
export type { NetSocketOptions } from './lib/conversions.js'
export { type Credentials, type Ids, peerCredentials, type When } from './lib/credentials.js'
export { type InternetAddress, OwnedFd, openSocket } from './lib/descriptor.js'
export { type Detached, detachFd } from './lib/detaching.js'
export type { UnixDuplex, UnixDuplexOptions } from './lib/duplex.js'
export type { ConnectionServer } from './lib/duplex-server.js'
export type { Envelope } from './lib/envelope.js'
export { type ErrorCode, hasCode, type SocketError } from './lib/errors.js'
export type { FdFileHandle } from './lib/file-handle.js'
export { type DescriptorUsage, descriptorUsage } from './lib/headroom.js'
export { inspect, inspectAll, type SocketInfo, type SocketSettings } from './lib/inspection.js'
export { type Connected, type ListenOptions, listen, UnixListener } from './lib/listener.js'
export { type MemfdOptions, memfd, type Seal } from './lib/memory-file.js'
export type { Message } from './lib/message.js'
export type { SenderCredentials } from './lib/message-credentials.js'
export type { SocketOptions } from './lib/options.js'
export type { SendOptions, SocketType } from './lib/outgoing.js'
export { type ExitStatus, ProcessHandle, peerProcess } from './lib/process.js'
export { type Received, UnixSocket } from './lib/socket.js'
export type { FdSource } from './lib/source.js'
export type { Wait } from './lib/wait.js'
export type { Address } from './lib/words.js'
