// Scripts for the two ends of a connection that tell what they saw. The same text is expected of sockets of net and of ours.
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { Duplex, finished, PassThrough, Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { closed, type End, type EndOptions, type Ends, journal, words } from './duplex-pairs.js'

export interface Script {
  readonly options?: EndOptions
  run(ends: Ends): Promise<unknown>
}

const megabyte = 1 << 20

async function textOf(end: End): Promise<string> {
  let text = ''
  end.on('data', (chunk) => {
    text += chunk
  })
  await once(end, 'end')
  return text
}

/** Resolves when it has happened, or at once if it is true already. */
async function until(end: End, event: string, isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await once(end, event)
}

/** Both journals, when both ends are closed. */
async function bothLogs({ left, right }: Ends, act: (ends: Ends) => unknown): Promise<object> {
  const logs = { left: journal(left), right: journal(right) }
  const isOver = closed(left, right)
  await act({ left, right })
  await isOver
  return logs
}

const half: EndOptions = { allowHalfOpen: true }

/** By the behaviour that each shows. */
export const scripts: Record<string, Script> = {
  'an end is answered with an end': {
    run: (ends) =>
      bothLogs(ends, ({ left, right }) => {
        left.resume()
        right.resume()
        left.end('last words')
      }),
  },
  'an end is noticed though nobody reads': {
    run: (ends) => bothLogs(ends, ({ left }) => left.end()),
  },
  'a half-open connection goes on in one direction': {
    options: half,
    run: async (ends) => {
      const answers: string[] = []
      const logs = await bothLogs(ends, async ({ left, right }) => {
        const [asked, answered] = [textOf(right), textOf(left)]
        left.end('question')
        answers.push(await asked)
        right.write('an ')
        right.end('answer')
        answers.push(await answered)
      })
      return { logs, answers }
    },
  },
  'destroy without an error': {
    run: (ends) =>
      bothLogs(ends, ({ left, right }) => {
        right.resume()
        left.destroy()
        left.destroy()
      }),
  },
  'destroy with an error': {
    run: (ends) =>
      bothLogs(ends, ({ left, right }) => {
        right.resume()
        left.destroy(new Error('enough'))
      }),
  },
  'destroy in the middle of reading': {
    run: (ends) =>
      bothLogs(ends, async ({ left, right }) => {
        left.on('error', () => {})
        right.once('data', () => right.destroy())
        left.write('x')
        await once(right, 'close')
      }),
  },
  'a reset by an end that had unread data': {
    run: (ends) =>
      bothLogs(ends, async ({ left, right }) => {
        left.write(Buffer.alloc(megabyte))
        await until(right, 'readable', () => right.readableLength > 0)
        right.destroy()
        left.resume()
      }),
  },
  'writing to nobody is EPIPE': {
    options: half,
    run: async (ends) => {
      const results: string[] = []
      const logs = await bothLogs(ends, async ({ left, right }) => {
        right.destroy()
        await once(left.resume(), 'end')
        left.write('x', (error) => results.push(...words(error)))
      })
      return { logs, results }
    },
  },
  'writing after the other end has ended': {
    run: async (ends) => {
      const results: string[] = []
      const logs = await bothLogs(ends, async ({ left, right }) => {
        left.resume()
        left.on('end', () => {
          results.push(String(left.write('x', (error) => results.push(...words(error)))))
          process.nextTick(() => process.nextTick(() => left.write('y', (error) => results.push(...words(error)))))
        })
        right.resume()
        right.end()
      })
      return { logs, results }
    },
  },
  'writing after end()': {
    run: async (ends) => {
      const results: string[] = []
      const logs = await bothLogs(ends, ({ left, right }) => {
        right.resume()
        left.end('x', () => results.push('ended'))
        results.push(String(left.write('y', (error) => results.push(...words(error)))))
      })
      return { logs, results }
    },
  },
  'writing after destroy()': {
    run: async (ends) => {
      const results: string[] = []
      const logs = await bothLogs(ends, ({ left, right }) => {
        right.resume()
        left.destroy()
        results.push(String(left.write('y', (error) => results.push(...words(error)))))
      })
      return { logs, results }
    },
  },
  'what waits to be written is told when it is destroyed': {
    run: async (ends) => {
      const results: string[] = []
      const logs = await bothLogs(ends, async ({ left, right }) => {
        right.on('error', () => {})
        left.on('error', () => {})
        for (let index = 0; index < 3; index++) {
          left.write(Buffer.alloc(4 * megabyte), () => results.push(String(index)))
        }
        left.destroy()
        right.resume()
      })
      return { logs, results }
    },
  },
  'large writes wait for the reader': {
    run: async ({ left, right }) => {
      const hash = createHash('sha256')
      const bytes = Buffer.alloc(5 * megabyte, 'abcdefghij')
      const seen: unknown[] = [left.write(bytes), left.writableNeedDrain]
      left.once('drain', () => seen.push('drained', left.writableLength))
      right.on('data', (chunk) => hash.update(chunk))
      const isOver = closed(left, right)
      await once(left, 'drain')
      left.end(bytes)
      await isOver
      return { seen, hash: hash.digest('hex'), written: left.bytesWritten, read: right.bytesRead }
    },
  },
  'many writes together arrive in order': {
    run: async ({ left, right }) => {
      const arrived = textOf(right)
      left.cork()
      for (let index = 0; index < 3000; index++) left.write(`${index},`)
      const before = left.bytesWritten
      left.uncork()
      left.end(Buffer.from('end'))
      return { before, arrived: await arrived, after: left.bytesWritten }
    },
  },
  'strings in their encodings': {
    run: async ({ left, right }) => {
      const arrived = textOf(right.setEncoding('utf8') as End)
      left.write('grüße ')
      left.write('c3bc', 'hex')
      left.write(Buffer.from([0xe2, 0x82]))
      left.write('\u00ac', 'latin1')
      left.end('4oKs', 'base64')
      return arrived
    },
  },
  'pause keeps what comes until resume': {
    run: async ({ left, right }) => {
      const seen: string[] = []
      right.on('data', (chunk) => seen.push(String(chunk)))
      right.pause()
      left.write('held')
      await until(right, 'pause', () => right.isPaused())
      while (right.readableLength < 4) await new Promise((resolve) => setImmediate(resolve))
      seen.push('resumed')
      const ended = once(right, 'end')
      right.resume()
      left.end()
      await ended
      return seen
    },
  },
  'unshift puts bytes back in front': {
    run: async ({ left, right }) => {
      left.end('header and body')
      let header = ''
      while (header === '') {
        await once(right, 'readable')
        const chunk = right.read(6) as Buffer | null
        if (chunk === null) continue
        header = String(chunk)
        right.unshift(Buffer.from('again '))
      }
      return { header, rest: await textOf(right) }
    },
  },
  'read(n) gives as much as was asked for': {
    run: async ({ left, right }) => {
      const parts: string[] = []
      right.on('readable', () => {
        for (let part = right.read(3); part !== null; part = right.read(3)) parts.push(String(part))
      })
      const ended = once(right, 'end')
      left.end('abcdefgh')
      await ended
      return parts
    },
  },
  'an async iterator reads to the end': {
    run: async ({ left, right }) => {
      left.end(Buffer.alloc(3 * megabyte, 'it'))
      const hash = createHash('sha256')
      for await (const chunk of right) hash.update(chunk)
      return { hash: hash.digest('hex'), destroyed: right.destroyed }
    },
  },
  'a loop that is left destroys': {
    run: async (ends) => {
      const logs = await bothLogs(ends, async ({ left, right }) => {
        left.on('error', () => {})
        left.resume()
        left.write('x')
        for await (const _ of right) break
      })
      return { logs, destroyed: ends.right.destroyed }
    },
  },
  'pipe gives it all back': {
    run: async ({ left, right }) => {
      const bytes = Buffer.alloc(megabyte, 'echo')
      right.pipe(right)
      const hash = createHash('sha256')
      left.on('data', (chunk) => hash.update(chunk))
      left.end(bytes)
      await once(left, 'end')
      return hash.digest('hex')
    },
    options: half,
  },
  'a pipeline ends both': {
    run: async (ends) => {
      const { left, right } = ends
      const log = journal(left)
      const received = right.toArray()
      await pipeline(Readable.from([Buffer.from('a'), Buffer.from('b')]), new PassThrough(), left)
      const text = String(Buffer.concat(await received))
      await closed(left, right)
      return { text, log }
    },
  },
  'an aborted pipeline destroys': {
    run: async (ends) => {
      const { left, right } = ends
      const results: string[] = []
      const logs = await bothLogs(ends, async () => {
        right.resume()
        const controller = new AbortController()
        const source = new Readable({ read() {} })
        source.push('x')
        const done = pipeline(source, left, { signal: controller.signal })
        right.once('data', () => controller.abort())
        await done.catch((error) => results.push(error.name, error.code))
      })
      return { logs, results, destroyed: left.destroyed }
    },
  },
  'a sink that fails destroys its source': {
    run: async (ends) => {
      const { left, right } = ends
      const results: string[] = []
      const logs = await bothLogs(ends, async () => {
        left.on('error', () => {})
        left.resume()
        left.write('x')
        const sink = new Writable({ write: (_chunk, _encoding, callback) => callback(new Error('full')) })
        await pipeline(right, sink).catch((error) => results.push(...words(error)))
      })
      return { logs, results }
    },
  },
  'finished() after a whole life': {
    run: async ({ left, right }) => {
      const over = new Promise((resolve) => finished(left, (error) => resolve(words(error ?? undefined))))
      left.resume()
      right.resume()
      right.end('x')
      return over
    },
  },
  'finished() after an early death': {
    run: async ({ left, right }) => {
      const results = ['left', 'right'].map((name) => {
        const end = name === 'left' ? left : right
        return new Promise((resolve) => finished(end, (error) => resolve([name, ...words(error ?? undefined)])))
      })
      left.on('error', () => {})
      right.resume()
      left.destroy(new Error('early'))
      return Promise.all(results)
    },
  },
  'its states': {
    options: half,
    run: async ({ left, right }) => {
      const states = [statesOf(left)]
      const ended = once(left.resume(), 'end')
      right.resume()
      right.end()
      await ended
      states.push(statesOf(left))
      const isOver = closed(left, right)
      left.end()
      await isOver
      states.push(statesOf(left))
      return states
    },
  },
  'destroySoon lets what was written go': {
    run: async (ends) => {
      const { left, right } = ends
      const arrived = textOf(right)
      const log = journal(left)
      left.write(Buffer.alloc(megabyte, 'soon'))
      left.destroySoon()
      const { length } = await arrived
      await closed(left, right)
      return { length, log }
    },
  },
  'the timeout of idleness': {
    run: async (ends) => {
      const { left, right } = ends
      const results: unknown[] = [left.timeout, left.setTimeout(1) === left, left.timeout]
      await once(left, 'timeout')
      left.setTimeout(0)
      results.push(left.timeout, left.destroyed, left.listenerCount('timeout'))
      for (const wrong of [-1, Number.NaN, 'soon', undefined]) {
        try {
          left.setTimeout(wrong as number)
        } catch (error) {
          results.push((error as { code: string }).code)
        }
      }
      const isOver = closed(left, right)
      left.resume()
      right.resume()
      right.end()
      await isOver
      return results
    },
  },
  'what TCP has and a path has not': {
    run: async ({ left, right }) => {
      const results = [left.setNoDelay() === left, left.setKeepAlive(true, 1) === left, left.ref() === left]
      const names = [left.address(), left.remoteAddress, left.remoteFamily, left.remotePort]
      left.destroy()
      await closed(right.resume())
      return { results, names, after: [left.ref() === left, left.unref() === left, left.setTimeout(1) === left] }
    },
  },
  'web streams': {
    options: half,
    run: async ({ left, right }) => {
      const [front, back] = [Duplex.toWeb(left), Duplex.toWeb(right)]
      const writer = front.writable.getWriter()
      await writer.write(new Uint8Array(Buffer.from('to the web')))
      const reader = back.readable.getReader()
      const { value } = await reader.read()
      // The converters of Node reject what is open when a socket dies.
      for (const { closed } of [writer, reader]) closed.catch(() => {})
      for (const { closed } of [front.readable.getReader(), back.writable.getWriter()]) closed.catch(() => {})
      return String(Buffer.from(value as Uint8Array))
    },
  },
}

function statesOf(end: End): unknown[] {
  return [end.readyState, end.pending, end.connecting, end.readable, end.writable, end.destroyed, end.closed]
}
