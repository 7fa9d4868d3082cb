// Errors that the kernel may give at any time, put in the place of system calls one by one: nothing crashes, hangs, leaks or is
// lost, and what cannot be borne in silence is the error of that one operation. The table says what each error becomes.
import test from 'ava'
import { places } from './helpers/injection.js'
import { cases, insteadOf, Matrix } from './helpers/injection-table.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)

/** The first of each only, where the same has just been run on another Node.js: `scripts/test.mjs --short`. */
const chosen = process.env.ANCILLARY_TEST_SHORT === '1' ? places.slice(0, 1) : places
const matrix = new Matrix(folder)

test.serial.before('the program makes each call that is to be hit', async (t) => {
  t.deepEqual(await matrix.learn(), [])
})

for (const one of cases) {
  test.serial(`${one.call} fails with ${one.errno}: ${one.fate}, and nothing is lost`, async (t) => {
    const found = await Promise.all(chosen.map((place) => matrix.wrongWith(one, place)))
    if (found.includes(null)) {
      t.log(`not applicable: no socket type makes this call here; ${insteadOf(one.call)} is made`)
      t.pass()
      return
    }
    t.deepEqual(found.flat(), [])
  })
}
