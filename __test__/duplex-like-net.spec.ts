// A UnixDuplex does what a net.Socket on a Unix socket does: each script runs against both and must tell the same.
import test from 'ava'
import { type Ends, ends, type Kind, watched } from './helpers/duplex-pairs.js'
import { scripts } from './helpers/duplex-scripts.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)

for (const [behaviour, script] of Object.entries(scripts)) {
  test.serial(`as net.Socket: ${behaviour}`, async (t) => {
    const told = async (kind: Kind): Promise<unknown> => {
      const both: Ends = watched(await ends(kind, folder, script.options))
      try {
        return await script.run(both)
      } finally {
        both.left.destroy()
        both.right.destroy()
      }
    }
    const expected = await told('net')
    t.deepEqual(await told('duplex'), expected)
    t.truthy(expected)
  })
}
