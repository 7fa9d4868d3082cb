/**
 * Receives descriptors with ancillary: those of a batch belong to the batch, which is closed as a whole, or each is taken as
 * an OwnedFd and closed. Each descriptor of the first thousand records is looked at; then they are counted, where a batch owns
 * them those of every 64th batch only, because looking makes objects of them.
 */
import { listen, type UnixSocket } from '../../../index.js'
import { checkDescriptors, LOOKED_AT, OpenDescriptors } from '../../lib/descriptors.js'
import { fail, method, ready, settings } from '../../lib/program.js'
import { RecordCheck } from '../../lib/records.js'

/** Batches between two in which the descriptors are counted. */
const SAMPLE = 64
/** A batch, and what was received ahead. */
const STILL_OPEN = 3 * 32 * settings.fds

type Connection = UnixSocket<'stream' | 'seqpacket'>
type Receive = (socket: Connection) => Promise<void>

const ways: Record<string, Receive> = { batch: receiveBatches, each: receiveEach }
const open = new OpenDescriptors()
const check = new RecordCheck(settings.size, () => open.check(STILL_OPEN))

main().catch((error: Error) => fail(error.stack ?? error.message))

async function main(): Promise<void> {
  const receive = ways[method] ?? fail(`no way ${method}`)
  const type = settings.type === 'seqpacket' ? 'seqpacket' : 'stream'
  const listener = listen(settings.path, { type, maxFds: settings.fds })
  ready()
  await receive(await listener.accept())
  fail('the end came early')
}

async function receiveBatches(socket: Connection): Promise<void> {
  let batches = 0
  for await (const batch of socket.batches({ borrow: true })) {
    const isCounted = batches++ % SAMPLE === 0
    for (const message of batch) {
      if (message.fdsTruncated || message.fdsRefused > 0) fail('descriptors were lost')
      if (isCounted || check.count < LOOKED_AT) count(message.fds)
      check.take(message.view)
    }
    batch.close()
  }
}

async function receiveEach(socket: Connection): Promise<void> {
  for await (const batch of socket.batches({ borrow: true })) {
    for (const message of batch) {
      const fds = message.takeFds()
      count(fds)
      check.take(message.view)
      for (const fd of fds) fd.close()
    }
  }
}

function count(fds: readonly { fd: number }[]): void {
  if (fds.length !== settings.fds)
    fail(`${fds.length} descriptors came with record ${check.count} instead of ${settings.fds}`)
  if (check.count < LOOKED_AT)
    checkDescriptors(
      fds.map(({ fd }) => fd),
      check.count,
    )
}
