// A descriptor whose last close takes seconds, from somebody who wants to stall us: a TCP socket with SO_LINGER and unsent data. On
// every path that drops it the event loop goes on turning. The control closes on the loop thread, and shows that the attack bites.
import test from 'ava'
import { bind, pair } from '../index.js'
import { native } from '../lib/native.js'
import { dispose } from './helpers/dispose.js'
import { closeSync } from './helpers/fs-numbers.js'
import { guard } from './helpers/leaks.js'
import { lingering } from './helpers/lingering.js'
import { isOpen, pathNames, stallOf } from './helpers/stalls.js'
import { turns } from './helpers/turns.js'

guard(test)

test.serial('the loop goes on, whatever drops a descriptor whose last close takes a second', async (t) => {
  const control = await stallOf(null)
  t.log(`closed on the thread of the loop: ${control.toFixed(0)} ms`)
  for (const name of pathNames) {
    const stall = await stallOf(name)
    t.log(`${name}: ${stall.toFixed(1)} ms`)
    t.true(stall < control / 5, name)
  }
})

test.serial('close resolves when the number is free, though the rest of the close takes long', async (t) => {
  const [left, right] = pair('seqpacket', { maxFds: 1 })
  const { fd, end } = await lingering(60)
  await left.send('x', { fds: [fd] })
  closeSync(fd)
  const number = right.fd
  await right.close()
  t.false(isOpen(number))
  t.false(native.awaitClosed(0), 'the descriptor in its queue is still being closed')
  dispose(left)
  // Its data cannot be delivered any more: nothing is left to wait for.
  end()
  await turns()
  t.true(native.awaitClosed(20_000))
})

test.serial('a name can be taken again when close has resolved, by those too that accept descriptors', async (t) => {
  const path = `\0ancillary-closing-${process.pid}`
  const times = 200
  let bound = 0
  for (let time = 0; time < times; time++) {
    const socket = bind(path, { maxFds: 1 })
    bound++
    await socket.close()
  }
  t.is(bound, times)
})
