// A UnixDuplex does what a net.Socket on a Unix socket does: each script runs against both and must tell the same.
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
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

test.serial(
  'as net.Socket: data is given in the context in which the connection was made, not where it was asked for',
  async (t) => {
    const told = async (kind: Kind): Promise<string[]> => {
      const storage = new AsyncLocalStorage<string>()
      const { left, right } = await storage.run('made', () => ends(kind, folder))
      const places: string[] = []
      storage.run('asked', () => left.on('data', (data) => places.push(`${data}: ${storage.getStore()}`)))
      for (const word of ['first', 'second', 'third']) {
        const isThere = once(left, 'data')
        storage.run(word, () => right.write(word))
        await isThere
      }
      left.destroy()
      right.destroy()
      return places
    }
    const expected = ['first: made', 'second: made', 'third: made']
    t.deepEqual(await told('net'), expected)
    t.deepEqual(await told('duplex'), expected)
  },
)
