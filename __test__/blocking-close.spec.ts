// A descriptor whose last close takes seconds, from somebody who wants to stall us: a TCP socket with SO_LINGER and unsent data. On
// every path that drops it the event loop goes on turning. The control closes on the loop thread, and shows that the attack bites.
import test from 'ava'
import { guard } from './helpers/leaks.js'
import { pathNames, stallOf } from './helpers/stalls.js'

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
