// The public names agree with the contract that other projects build on.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import test from 'ava'

test('index.d.ts says at least what the contract says', (t) => {
  const script = join(__dirname, '../scripts/check-contract.mjs')
  const { status, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8' })
  t.is(stderr, '')
  t.is(status, 0)
})
