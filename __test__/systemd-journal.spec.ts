// Entries of the journal, read by a second implementation of its protocol: at a socket of ours that plays the journal.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import test from 'ava'
import { type JournalFields, journalSend } from '../entries/systemd.js'
import { bind, type Message, OwnedFd, type UnixSocket } from '../index.js'
import { fillReceiver } from './helpers/fill.js'
import { guard } from './helpers/leaks.js'
import { openCount } from './helpers/marked.js'
import { stateOf } from './helpers/turns.js'

const folder = guard(test)
const path = join(folder, 'journal')
const timeout = 5_000

type Field = [name: string, value: Buffer, form: 'line' | 'bytes']

async function journaled(action: (journal: UnixSocket<'dgram'>) => Promise<void>): Promise<void> {
  const journal = bind(path, { maxFds: 1, passCredentials: true })
  try {
    await action(journal)
  } finally {
    await journal.close()
  }
}

/** As the journal reads: a line with `=`, or a name, a length and so many bytes. */
function parse(entry: Buffer): Field[] {
  const fields: Field[] = []
  for (let at = 0; at < entry.length; ) {
    const end = entry.indexOf('\n', at)
    const line = entry.subarray(at, end)
    const sign = line.indexOf('=')
    at = end + 1
    if (sign >= 0) {
      fields.push([String(line.subarray(0, sign)), line.subarray(sign + 1), 'line'])
      continue
    }
    const length = Number(entry.readBigUInt64LE(at))
    fields.push([String(line), entry.subarray(at + 8, at + 8 + length), 'bytes'])
    if (entry[at + 8 + length] !== 0x0a) throw new Error('A value must end with a newline')
    at += 8 + length + 1
  }
  return fields
}

async function sent(journal: UnixSocket<'dgram'>, fields: JournalFields): Promise<Field[]> {
  await journalSend(fields, { path })
  const { data, fds } = await journal.recv({ timeout })
  if (fds.length > 0) throw new Error('A short entry needs no file')
  return parse(data)
}

test.serial('a short entry is one datagram of lines, from our process', async (t) => {
  await journaled(async (journal) => {
    await journalSend({ MESSAGE: 'Hällo = world', PRIORITY: 6, BIG: 2n ** 63n, LEFT: undefined, A1_: '' }, { path })
    const { data, credentials, fds } = await journal.recv({ timeout })
    t.is(String(data), `MESSAGE=Hällo = world\nPRIORITY=6\nBIG=${2n ** 63n}\nA1_=\n`)
    t.deepEqual([credentials?.pid, fds.length], [process.pid, 0])
  })
})

test.serial('values with newlines and values of bytes go with their length', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
  await journaled(async (journal) => {
    const fields = await sent(journal, {
      MESSAGE: 'one\nTWO=2\n',
      RAW: bytes,
      PART: new Uint8Array(bytes.buffer, bytes.byteOffset + 7, 3),
      LAST: '1',
    })
    t.deepEqual(fields, [
      ['MESSAGE', Buffer.from('one\nTWO=2\n'), 'bytes'],
      ['RAW', bytes, 'bytes'],
      ['PART', bytes.subarray(7, 10), 'bytes'],
      ['LAST', Buffer.from('1'), 'line'],
    ])
  })
})

test.serial('an array gives a field several values', async (t) => {
  await journaled(async (journal) => {
    const fields = await sent(journal, { TAG: ['a', 2, Buffer.from('c')], NONE: [] })
    t.deepEqual(
      fields.map(([name, value]) => [name, String(value)]),
      [
        ['TAG', 'a'],
        ['TAG', '2'],
        ['TAG', 'c'],
      ],
    )
  })
})

/** The entry in the file of an otherwise empty message. */
function entryIn({ data, fds }: Message): { length: number; kind?: string; seals?: unknown; entry: Buffer } {
  const [file] = fds
  if (file === undefined) return { length: data.length, entry: data }
  const entry = readFileSync(`/proc/self/fd/${file.fd}`)
  return { length: data.length, kind: file.kind, seals: file.seals, entry }
}

test.serial('an entry too long for a datagram goes as a memory file that nobody can change', async (t) => {
  const open = openCount()
  await journaled(async (journal) => {
    const body = Buffer.alloc(1 << 20, 'a\nb=')
    await journalSend({ MESSAGE: 'long', BODY: body, TEXT: 'x'.repeat(300_000) }, { path })
    const message = await journal.recv({ timeout })
    const { length, kind, seals, entry } = entryIn(message)
    t.deepEqual([length, kind, message.fds.length], [0, 'memfd', 1])
    t.deepEqual(new Set(seals as string[]), new Set(['seal', 'shrink', 'grow', 'write']))
    const fields = parse(entry)
    t.deepEqual(
      fields.map(([name, value, form]) => [name, value.length, form]),
      [
        ['MESSAGE', 4, 'line'],
        ['BODY', 1 << 20, 'bytes'],
        ['TEXT', 300_000, 'line'],
      ],
    )
    t.true(fields[1]?.[1].equals(body))
    message.close()
    t.is(journal.tryRecv(), 'again')
  })
  t.is(openCount(), open)
})

test.serial('every length around the limit of a datagram arrives whole', async (t) => {
  await journaled(async (journal) => {
    const probe = bind(null, { peer: path })
    const limit = probe.sendBufferSize - 32
    await probe.close()
    for (let length = limit - 600; length < limit + 200; length += 40) {
      await journalSend({ M: 'm'.repeat(length) }, { path })
      const message = await journal.recv({ timeout })
      t.is(parse(entryIn(message).entry)[0]?.[1].length, length)
      message.close()
    }
  })
})

test.serial('names and values that the journal would drop are typed errors, and nothing is sent', async (t) => {
  const wrong: [unknown, string][] = [
    [{ _PID: '1' }, 'ERR_INVALID_ARG_VALUE'],
    [{ '1A': '1' }, 'ERR_INVALID_ARG_VALUE'],
    [{ message: 'x' }, 'ERR_INVALID_ARG_VALUE'],
    [{ 'A-B': 'x' }, 'ERR_INVALID_ARG_VALUE'],
    [{ 'A=1\nB': 'x' }, 'ERR_INVALID_ARG_VALUE'],
    [{ '': 'x' }, 'ERR_INVALID_ARG_VALUE'],
    [{ ['A'.repeat(65)]: 'x' }, 'ERR_INVALID_ARG_VALUE'],
    [{ PRIORITY: 8 }, 'ERR_INVALID_ARG_VALUE'],
    [{ PRIORITY: -1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ PRIORITY: 'high' }, 'ERR_INVALID_ARG_VALUE'],
    [{}, 'ERR_INVALID_ARG_VALUE'],
    [{ MESSAGE: undefined }, 'ERR_INVALID_ARG_VALUE'],
    [{ MESSAGE: null }, 'ERR_INVALID_ARG_TYPE'],
    [{ MESSAGE: Number.NaN }, 'ERR_INVALID_ARG_TYPE'],
    [{ MESSAGE: true }, 'ERR_INVALID_ARG_TYPE'],
    [{ MESSAGE: ['a', null] }, 'ERR_INVALID_ARG_TYPE'],
    [{ MESSAGE: {} }, 'ERR_INVALID_ARG_TYPE'],
    [null, 'ERR_INVALID_ARG_TYPE'],
    ['MESSAGE=x', 'ERR_INVALID_ARG_TYPE'],
  ]
  await journaled(async (journal) => {
    for (const [fields, code] of wrong) await t.throwsAsync(journalSend(fields as JournalFields, { path }), { code })
    await t.throwsAsync(journalSend({ MESSAGE: 'x' }, { path: 1 } as object), { code: 'ERR_INVALID_ARG_TYPE' })
    await t.throwsAsync(journalSend({ MESSAGE: 'x' }, { path, timeout: -1 }), { code: 'ERR_OUT_OF_RANGE' })
    t.is(journal.tryRecv(), 'again')
    await journalSend({ ['A'.repeat(64)]: 'x', PRIORITY: '7' }, { path })
  })
})

test.serial('without a journal it is an error, and a full one is waited for', async (t) => {
  await t.throwsAsync(journalSend({ MESSAGE: 'x' }, { path }), { code: 'ENOENT', message: `connect ENOENT ${path}` })
  await journaled(async (journal) => {
    const before = fillReceiver(path)
    await t.throwsAsync(journalSend({ MESSAGE: 'x' }, { path, timeout: 20 }), { code: 'ETIMEDOUT' })
    const aborted = new AbortController()
    const giving = journalSend({ MESSAGE: 'x'.repeat(400_000) }, { path, signal: aborted.signal })
    t.is(await stateOf(giving), 'pending')
    aborted.abort()
    await t.throwsAsync(giving, { code: 'ABORT_ERR' })
    const waiting = journalSend({ MESSAGE: 'late' }, { path, timeout })
    for (let count = 0; count < before; count++) await journal.recv({ timeout })
    await waiting
    t.is(String((await journal.recv({ timeout })).data), 'MESSAGE=late\n')
  })
})

test.serial('a sealed file is readable from its beginning', async (t) => {
  await journaled(async (journal) => {
    await journalSend({ MESSAGE: 'y'.repeat(400_000) }, { path })
    const [file] = (await journal.recv({ timeout })).takeFds(1)
    t.true(file instanceof OwnedFd)
    t.is(String(await file.read(11)), 'MESSAGE=yyy')
    file.close()
  })
})
