// Values that no argument may have, each with the code of the error that it must be; and the trying of all of them.
import type { TestFn } from 'ava'
import { openCount } from './marked.js'
import { nativeCalls } from './native-calls.js'

export const TYPE = 'ERR_INVALID_ARG_TYPE'
export const RANGE = 'ERR_OUT_OF_RANGE'
export const VALUE = 'ERR_INVALID_ARG_VALUE'

/** What is wrong as a number of some kind, with the error that it is. */
export const wrongNumbers: [unknown, string][] = [
  [-1, RANGE],
  [1.5, RANGE],
  [Number.NaN, RANGE],
  [Number.POSITIVE_INFINITY, RANGE],
  [2 ** 53, RANGE],
  ['1', TYPE],
  [null, TYPE],
  [true, TYPE],
  [1n, TYPE],
  [{}, TYPE],
]
export const notObjects: unknown[] = [null, 1, 'x', true, Symbol('x'), () => {}]

function detached(): Uint8Array {
  const bytes = new Uint8Array(4)
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] })
  return bytes
}

/** A view beyond the end of its buffer, which has shrunk. */
function shrunk(View: new (buffer: ArrayBuffer, from: number, length: number) => NodeJS.ArrayBufferView): unknown {
  const Resizable = ArrayBuffer as unknown as new (size: number, options: { maxByteLength: number }) => ArrayBuffer
  const buffer = new Resizable(8, { maxByteLength: 8 })
  const view = new View(buffer, 4, 4)
  ;(buffer as unknown as { resize(size: number): void }).resize(2)
  return view
}

// biome-ignore lint/suspicious/noSparseArray: holes are what is tried here.
const sparse = [Buffer.from('a'), , Buffer.from('b')]
// biome-ignore lint/suspicious/noSparseArray: as above.
const sparseFds = [0, , 0]
// biome-ignore lint/suspicious/noSparseArray: as above.
const sparseControl = [, { level: 1, type: 2, data: Buffer.alloc(12) }]

export const wrongData: [unknown, string][] = [
  [undefined, TYPE],
  [null, TYPE],
  [7, TYPE],
  [{}, TYPE],
  [new ArrayBuffer(4), TYPE],
  [['text'], TYPE],
  [[Buffer.alloc(1), null], TYPE],
  [sparse, TYPE],
  [new Array(2 ** 32 - 1), TYPE],
  [{ length: 1, 0: Buffer.alloc(1) }, TYPE],
  [detached(), VALUE],
  [[Buffer.alloc(1), detached()], VALUE],
  [shrunk(Uint8Array), VALUE],
  [shrunk(DataView), VALUE],
  [[shrunk(DataView)], VALUE],
]

const control = (change: object): unknown => ({ control: [{ level: 1, type: 2, data: Buffer.alloc(0), ...change }] })
const claim = (change: object): unknown => ({ credentials: { pid: 1, uid: 0, gid: 0, ...change } })

export const wrongSendOptions: [unknown, string][] = [
  ...notObjects.map((value): [unknown, string] => [value, TYPE]),
  [{ fds: 0 }, TYPE],
  [{ fds: '0' }, TYPE],
  [{ fds: new Set([0]) }, TYPE],
  [{ fds: [-1] }, RANGE],
  [{ fds: [0, Number.NaN] }, RANGE],
  [{ fds: [undefined] }, TYPE],
  [{ fds: sparseFds }, TYPE],
  [{ fds: new Array(3) }, TYPE],
  [{ fds: new Array(2 ** 32 - 1) }, 'ERR_TOO_MANY_FDS'],
  [{ to: '/x' }, VALUE],
  [{ control: {} }, TYPE],
  [{ control: [null] }, TYPE],
  [{ control: sparseControl }, TYPE],
  [control({ data: 'text' }), TYPE],
  [control({ level: -1 }), RANGE],
  [control({ type: 1.5 }), RANGE],
  [control({ type: 1 }), VALUE],
  ...wrongNumbers.map(([value, code]): [unknown, string] => [{ flags: value }, code]),
  ...wrongNumbers.map(([value, code]): [unknown, string] => [claim({ pid: value }), code]),
  [claim({ uid: 0xffffffff }), RANGE],
  [claim({ gid: undefined }), TYPE],
  [{ credentials: 'root' }, TYPE],
  [{ credentials: null }, TYPE],
  [{ credentials: 1 }, TYPE],
]

export const wrongWaits: [unknown, string][] = [
  ...notObjects.map((value): [unknown, string] => [value, TYPE]),
  [{ timeout: -1 }, RANGE],
  [{ timeout: Number.NaN }, RANGE],
  [{ timeout: '1' }, TYPE],
  [{ timeout: null }, TYPE],
  [{ signal: {} }, TYPE],
  [{ signal: null }, TYPE],
  [{ signal: 'abort' }, TYPE],
]

/** Any function, called with what its types forbid. */
export type Loose = Record<string, (...values: unknown[]) => unknown>
export const loose = (value: unknown): Loose => value as Loose

/** A call and the code that it must fail with. */
export type Case = [call: () => unknown, code: string]

export function casesOf(wrong: [unknown, string][], call: (value: unknown) => unknown): Case[] {
  return wrong.map(([value, code]) => [() => call(value), code])
}

async function codeOf(call: () => unknown): Promise<unknown> {
  try {
    await call()
    return 'no error'
  } catch (error) {
    return error instanceof TypeError || error instanceof RangeError || hasOwnCode(error)
      ? (error as NodeJS.ErrnoException).code
      : error
  }
}

function hasOwnCode(error: unknown): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === 'ERR_TOO_MANY_FDS'
}

/** Each table becomes a test: typed errors, no native call, no descriptor left. */
export function tryAll(test: TestFn, tables: Record<string, Case[]>): void {
  for (const [what, cases] of Object.entries(tables)) {
    test.serial(`wrong ${what} are typed errors before any system call`, async (t) => {
      const before = openCount()
      const calls = await nativeCalls(async () => {
        for (const [index, [call, code]] of cases.entries()) t.is(await codeOf(call), code, `case ${index}: ${call}`)
      })
      t.deepEqual(calls, [])
      t.is(openCount(), before)
    })
  }
}
