// A peer that does whatever it can: descriptors of every kind, bytes out of band, nonsense, endings in the middle. Round for round
// nothing leaks, nothing is lost or comes in another order, nothing hangs, and timers run. `npm run fuzz:hostile` does it for long.
import test from 'ava'
import { Arena } from './helpers/hostile.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const seed = Number(process.env.ANCILLARY_HOSTILE_SEED ?? 1)
const rounds = Number(process.env.ANCILLARY_HOSTILE_ROUNDS ?? (process.env.ANCILLARY_TEST_SHORT ? 150 : 600))

test.serial(`${rounds} rounds against a hostile peer, from seed ${seed} on`, async (t) => {
  const arena = new Arena(folder)
  t.teardown(() => arena.end())
  for (let round = 0; round < rounds; round++) await arena.round(seed + round)
  t.pass()
})
