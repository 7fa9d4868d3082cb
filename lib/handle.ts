/**
 * One open descriptor with what belongs to it: its place in the poller and the socket file that it made.
 * It outlives the object that users hold, so that the garbage collector can close what was forgotten. Knows no messages.
 */
import { canTell, closeOnThread } from './closing.js'
import { closedError } from './errors.js'
import { freed } from './headroom.js'
import { native } from './native.js'
import { Readiness } from './readiness.js'

const files = new Set<SocketFile>()

/** The file that bind made: deleted once, and only while it is still the same inode. */
export class SocketFile {
  readonly #id: number

  constructor(id: number) {
    this.#id = id
    if (files.size === 0) process.on('exit', unlinkAll)
    files.add(this)
  }

  /** Deletes the file; whatever else lies at that path by now is left alone. */
  unlink(): void {
    if (this.#drop()) native.unlinkFile(this.#id)
  }

  /** Leaves the file to others. */
  forget(): void {
    if (this.#drop()) native.forgetFile(this.#id)
  }

  #drop(): boolean {
    const known = files.delete(this)
    if (files.size === 0) process.removeListener('exit', unlinkAll)
    return known
  }
}

function unlinkAll(): void {
  for (const file of [...files]) file.unlink()
}

/** The owner of one descriptor number. */
export class Handle implements Forgettable {
  readonly what: string
  file: SocketFile | undefined
  /** Its last close may take as long as somebody else likes: it is one that was received, or holds such ones in its queue. */
  mayBlock: boolean
  #onClose: (() => void)[] | undefined
  #fd: number
  #readiness: Readiness | undefined
  #referenced = true

  /** Takes charge of a number that the native side already holds for us. */
  constructor(fd: number, what: string, mayBlock = false) {
    this.#fd = fd
    this.what = what
    this.mayBlock = mayBlock
  }

  /** -1 once closed or given up. */
  get fd(): number {
    return this.#fd
  }

  get closed(): boolean {
    return this.#fd < 0
  }

  /** The number; throws ERR_SOCKET_CLOSED before anybody could use a stale one. */
  get open(): number {
    if (this.#fd < 0) throw closedError(this.what)
    return this.#fd
  }

  /** Its place in the poller, taken at first use. */
  get readiness(): Readiness {
    if (this.#readiness === undefined) {
      this.#readiness = new Readiness(this.open)
      this.#readiness.reference(this.#referenced)
    }
    return this.#readiness
  }

  /** Whether pending operations keep the event loop alive. */
  reference(on: boolean): void {
    this.#referenced = on
    this.#readiness?.reference(on)
  }

  /** Something else that must go with it. */
  onClose(action: () => void): void {
    // Of the right length: a list that grows takes room for 17, and there may be thousands of us.
    this.#onClose = this.#onClose === undefined ? [action] : [...this.#onClose, action]
  }

  /** File first, then the poller, then the number: nobody may see the path of a socket that is gone. Never waits. */
  close(): void {
    if (this.#fd < 0) return
    this.file?.unlink()
    const fd = this.#retire()
    if (this.mayBlock) native.closeElsewhere(fd)
    else native.close(fd)
    freed()
  }

  /** The same, telling when the number is free; undefined: it is. */
  closeAndTell(): Promise<void> | undefined {
    if (this.#fd < 0) return undefined
    if (this.mayBlock && canTell()) {
      this.file?.unlink()
      return closeOnThread(this.#retire())
    }
    this.close()
    return undefined
  }

  /** Gives the number up without closing it; its file stays. */
  release(): number {
    this.file?.forget()
    return this.#retire()
  }

  #retire(): number {
    const fd = this.open
    this.#fd = -1
    this.#readiness?.close(() => closedError(this.what))
    const actions = this.#onClose
    this.#onClose = undefined
    if (actions !== undefined) for (const action of actions) action()
    return fd
  }
}

/** What the garbage collector's net closes: it must not refer to the object whose loss it waits for. */
export interface Forgettable {
  readonly what: string
  readonly fd: number
  readonly closed: boolean
  close(): void
}

const debug = process.env.ANCILLARY_DEBUG !== undefined && process.env.ANCILLARY_DEBUG !== ''
/** With ANCILLARY_DEBUG: where the object of each was made. */
const stacks = new WeakMap<Forgettable, string | undefined>()
let warned = false

const registry = new FinalizationRegistry<Forgettable>((handle) => {
  if (handle.closed) return
  const stack = stacks.get(handle)
  const fd = handle.fd
  handle.close()
  if (warned && !debug) return
  warned = true
  const hint = debug ? '' : ' Set ANCILLARY_DEBUG=1 to see where each was made.'
  const message = `A ${handle.what} (descriptor ${fd}) was garbage-collected without close(); it has been closed.${hint}`
  process.emitWarning(message, {
    type: 'ResourceWarning',
    code: 'ANCILLARY_UNCLOSED',
    ...(stack ? { detail: stack } : {}),
  })
})

/** The last net: closes the handle, with one warning for all, when nobody can reach `object` any more. */
export function closeWhenForgotten(object: object, handle: Forgettable): void {
  if (debug) stacks.set(handle, new Error('made here').stack)
  registry.register(object, handle, handle)
}

/** Nothing is left to close. */
export function noLongerForgettable(handle: Forgettable): void {
  registry.unregister(handle)
}
