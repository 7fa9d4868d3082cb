// The other process of script.ts: runs the function whose text it was given.
import { runInThisContext } from 'node:vm'
import * as ancillary from '../../index.js'

const [text = '', args = '[]', user = '{}'] = process.argv.slice(2)
const values: unknown[] = []
let wake = (): void => {}

process.on('message', (message: { value: unknown }) => {
  values.push(message.value)
  wake()
})
// Nobody may be waiting for a word: that alone must not keep the process alive.
process.channel?.unref()

async function told(): Promise<unknown> {
  process.channel?.ref()
  while (values.length === 0) {
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
  process.channel?.unref()
  return values.shift()
}

/** Resolves when the value has left the process. */
function tell(value: unknown): Promise<void> {
  return new Promise((resolve) => process.send?.(value, () => resolve()))
}

/** Drops to another user, for good; the first call loads the native part while it can still be read. */
function become({ uid, gid, preload }: { uid?: number; gid?: number; preload?: string }): void {
  if (preload !== undefined) require(preload)
  for (const socket of ancillary.pair()) socket[Symbol.dispose]()
  if (uid === undefined || gid === undefined) return
  process.setgroups?.([])
  process.setgid?.(gid)
  process.setuid?.(uid)
}

async function main(): Promise<void> {
  become(JSON.parse(user))
  const body = runInThisContext(`(${text})`) as (...given: unknown[]) => unknown
  const result = await body({ ancillary, require, tell, told }, ...JSON.parse(args))
  if (result !== undefined) await tell(result)
}

void main()
