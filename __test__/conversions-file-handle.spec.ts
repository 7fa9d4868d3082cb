// What toFileHandle gives is used as a FileHandle of Node is: the same calls have the same answers.
import { unlinkSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { detachFd, memfd, OwnedFd } from '../index.js'
import { guard } from './helpers/leaks.js'

const folder = guard(test)
const CONTENT = 'one\ntwo\nthree\n'

/** Ours and Node's, of the same content. */
async function both(): Promise<[FileHandle, FileHandle]> {
  const path = join(folder, 'it')
  const theirs = await open(path, 'w+')
  await theirs.write(CONTENT, 0)
  unlinkSync(path)
  return [memfd('it', { data: CONTENT }).toFileHandle(), theirs]
}

/** Does the same with both, and compares. */
async function same(t: ExecutionContext, action: (handle: FileHandle) => Promise<unknown>): Promise<void> {
  const handles = await both()
  const answers: unknown[] = []
  for (const handle of handles) {
    answers.push([await action(handle), await handle.readFile('utf8')])
    await handle.close()
  }
  t.deepEqual(answers[0], answers[1])
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

const READS: Record<string, (handle: FileHandle) => Promise<{ bytesRead: number; buffer: Uint8Array }>> = {
  'read()': (handle) => handle.read(),
  'read(options)': (handle) => handle.read({ buffer: Buffer.alloc(5), position: 4 }),
  'read(buffer)': (handle) => handle.read(Buffer.alloc(5)),
  'read(buffer, options)': (handle) => handle.read(Buffer.alloc(5), { offset: 1, length: 2 }),
  'read(buffer, offset)': (handle) => handle.read(Buffer.alloc(5), 2),
  'read(buffer, offset, length)': (handle) => handle.read(Buffer.alloc(5), 0, 3),
  'read(buffer, offset, length, position)': (handle) => handle.read(Buffer.alloc(5), 0, 3, 4),
  'read(buffer, null, null, null)': (handle) => handle.read(Buffer.alloc(5), null, null, null),
  'read(buffer, undefined, undefined, 4)': (handle) =>
    handle.read(Buffer.alloc(5), ...([undefined, undefined, 4] as unknown as [number, number, number])),
}
for (const [name, read] of Object.entries(READS)) {
  test.serial(`${name} is as in Node`, async (t) => {
    await same(t, async (handle) => {
      const { bytesRead, buffer } = await read(handle)
      return [bytesRead, text(buffer)]
    })
  })
}

const WRITES: Record<string, (handle: FileHandle) => Promise<unknown>> = {
  'write(buffer)': (handle) => handle.write(Buffer.from('XY')),
  'write(buffer, offset, length, position)': (handle) => handle.write(Buffer.from('WXYZ'), 1, 2, 4),
  'write(buffer, options)': (handle) => handle.write(Buffer.from('WXYZ'), { offset: 2, position: 3 } as never),
  'write(string)': (handle) => handle.write('XY'),
  'write(string, position, encoding)': (handle) => handle.write('5859', 4, 'hex'),
  'writev(buffers, position)': (handle) => handle.writev([Buffer.from('X'), Buffer.from('Y')], 4),
  'writeFile(data)': (handle) => handle.writeFile('whole'),
  'appendFile(data)': (handle) => handle.appendFile('more'),
  'truncate(length)': (handle) => handle.truncate(5),
  'truncate()': (handle) => handle.truncate(),
}
for (const [name, write] of Object.entries(WRITES)) {
  test.serial(`${name} is as in Node`, async (t) => {
    await same(t, async (handle) => {
      const answer = (await write(handle)) as { bytesWritten?: number } | undefined
      const { bytesRead, buffer } = await handle.read({ buffer: Buffer.alloc(50), position: 0 })
      return [answer?.bytesWritten, text(buffer.subarray(0, bytesRead))]
    })
  })
}

const STREAMS: Record<string, (handle: FileHandle) => AsyncIterable<unknown>> = {
  readLines: (handle) => handle.readLines(),
  createReadStream: (handle) => handle.createReadStream({ start: 4, end: 6, encoding: 'utf8' }),
}
for (const [name, stream] of Object.entries(STREAMS)) {
  test.serial(`${name} is as in Node, and closes the file at its end`, async (t) => {
    const answers: unknown[] = []
    for (const handle of await both()) {
      const chunks: unknown[] = []
      for await (const chunk of stream(handle)) chunks.push(chunk)
      await handle.close()
      answers.push(chunks, handle.fd)
    }
    t.deepEqual(answers.slice(0, 2), answers.slice(2))
    t.is(answers[1], -1)
  })
}

test.serial('mode and times are set, and the file is told to the disk', async (t) => {
  await same(t, async (handle) => {
    await handle.chmod(0o640)
    await handle.utimes(1, 2)
    await handle.sync()
    await handle.datasync()
    const { mode, atimeMs, mtimeMs, size } = await handle.stat()
    return [mode & 0o777, atimeMs, mtimeMs, size]
  })
})

test.serial('once closed nothing reaches the number, which may be another file by now', async (t) => {
  const handle = memfd('it', { data: CONTENT }).toFileHandle()
  const number = handle.fd
  let told = 0
  ;(handle as unknown as NodeJS.EventEmitter).on('close', () => told++)
  await handle.close()
  await handle.close()
  const other = OwnedFd.dup(0)
  t.deepEqual([handle.fd, told, other.fd], [-1, 1, number])
  for (const action of [() => handle.read(), () => handle.write('x'), () => handle.stat(), () => handle.truncate(0)]) {
    await t.throwsAsync(action, { code: 'ERR_SOCKET_CLOSED' })
  }
  other.close()
})

test.serial('it gives its descriptor back, at the position where it was', async (t) => {
  const handle = memfd('it', { data: CONTENT }).toFileHandle()
  await handle.read(Buffer.alloc(4), 0, 4)
  const { fd } = detachFd(handle)
  t.deepEqual([handle.fd, String(await fd.read(3))], [-1, 'two'])
  fd.close()
})
