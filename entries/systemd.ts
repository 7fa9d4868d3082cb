/**
 * `ancillary/systemd`: for services of systemd and of service managers that speak like it. Socket activation, notifications, the
 * descriptor store, the watchdog and the journal, without libsystemd.
 *
 * @packageDocumentation
 */

import '../lib/conversions.js'

export { type JournalFields, type JournalOptions, type JournalValue, journalSend } from '../lib/systemd-journal.js'
export { inetd, listenFds, type PassedFd } from '../lib/systemd-listen.js'
export {
  barrier,
  type ManagerOptions,
  type NotifyOptions,
  type NotifyState,
  notify,
  removeStored,
  type StoreOptions,
  storeFds,
} from '../lib/systemd-notify.js'
export { type Watchdog, type WatchdogOptions, watchdog } from '../lib/systemd-watchdog.js'
