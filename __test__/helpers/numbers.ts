// Reads strace's log of a whole process and finds system calls that name a descriptor between the return of its close and the call
// that hands the number out again. Knows how strace writes, not what the program does.
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { runScenario } from './child.js'

/** What the log says. */
export interface Numbers {
  /** Lines that name a closed number. */
  readonly named: string[]
  /** How many closes, how many calls that closed several, and how many system calls with a descriptor there were. */
  readonly closes: number
  readonly ranges: number
  readonly calls: number
  /** What the program told. */
  readonly answer: unknown
}

/** Those of `%desc` whose first argument is no descriptor, or may be none. */
const NO_NUMBER_FIRST =
  /^(poll|ppoll|select|pselect6|mmap|open\w*|memfd_create|epoll_create1?|eventfd2?|timerfd_create|pipe2?|inotify_init1?|\w+at2?)$/
/** As it starts, Node.js asks of each number from 0 on, until there is none. */
const STARTING = /^fcntl\(\d+, F_SETFD, FD_CLOEXEC\) += -1 EBADF/
const TRACED = 'trace=%desc,%network,close,close_range,dup,dup2,dup3,fcntl,pidfd_open,pidfd_send_signal,clone,clone3'

/** Runs a scenario (child.ts) under strace and reads its log. Lists are shown up to 300 long: no message has more descriptors. */
export async function numbersOf(module: string, scenario: string, folder: string): Promise<Numbers> {
  const log = join(folder, 'strace')
  const wrapper = `strace -f -qq -s 300 -o ${log} -e '${TRACED}'`
  const { answer, code, stderr } = await runScenario(module, scenario, {
    wrapper,
    env: { ANCILLARY_TEST_FOLDER: folder },
  })
  if (answer === undefined) throw new Error(`${module} ${scenario} ended with ${code}: ${stderr}`)
  const book = new Book()
  for (const line of readFileSync(log, 'utf8').split('\n')) book.read(line)
  rmSync(log)
  const { named, closes, ranges, calls } = book
  return { named, closes, ranges, calls, answer }
}

/** Which numbers are closed while the log goes on. A call that several threads interleave has two lines: its start and its end. */
export class Book {
  readonly named: string[] = []
  closes = 0
  ranges = 0
  calls = 0
  readonly #closed = new Set<number>()
  /** The numbers that each thread is closing. */
  readonly #closing = new Map<string, Set<number>>()
  /** The starts of calls that have not ended. */
  readonly #begun = new Map<string, string>()

  read(line: string): void {
    const [, thread, text] = /^(\d+) +(.*)$/.exec(line) ?? []
    if (thread === undefined || text === undefined || STARTING.test(text)) return
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/s.exec(text)?.[1]
    if (resumed !== undefined) {
      const begun = this.#begun.get(thread) ?? ''
      this.#begun.delete(thread)
      this.#end(thread, begun + resumed, resumed)
      return
    }
    if (!/^\w+\(/.test(text)) return
    this.#start(thread, text)
    if (text.endsWith('<unfinished ...>')) this.#begun.set(thread, text.replace(/ *<unfinished \.\.\.>$/, ''))
    else this.#end(thread, text, text)
  }

  #start(thread: string, text: string): void {
    const numbers = given(text)
    if (numbers.length > 0) this.calls++
    for (const number of numbers) if (this.#closed.has(number)) this.named.push(text)
    if (isClose(text)) this.#closing.set(thread, new Set(numbers))
  }

  /** @param whole The call with its start; `rest`: what its last line says. */
  #end(thread: string, whole: string, rest: string): void {
    const closing = this.#closing.get(thread)
    this.#closing.delete(thread)
    if (closing !== undefined && isClose(whole)) {
      if (/\) += 0\b/.test(rest)) {
        const count = given(whole).length
        this.closes += count
        if (count > 1) this.ranges++
        for (const number of closing) this.#closed.add(number)
      }
      return
    }
    for (const number of handedOut(whole)) {
      this.#closed.delete(number)
      // It was free before that close was seen to return.
      for (const numbers of this.#closing.values()) numbers.delete(number)
    }
  }
}

function isClose(text: string): boolean {
  return /^close(_range)?\(/.test(text)
}

/** The descriptors that a call is given. */
function given(text: string): number[] {
  const [, from, to] = /^close_range\((\d+), (\d+), 0/.exec(text) ?? []
  if (from !== undefined) return Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => Number(from) + at)
  const [, name = '', first] = /^(\w+)\((\d+)?/.exec(text) ?? []
  const numbers = first === undefined || NO_NUMBER_FIRST.test(name) ? [] : [Number(first)]
  const second = /^epoll_ctl\(\d+, EPOLL_CTL_\w+, (\d+)/.exec(text)?.[1]
  if (second !== undefined) numbers.push(Number(second))
  if (/^(sendmsg|sendmmsg)\(/.test(text)) numbers.push(...listed(text))
  return numbers
}

/** The descriptors that a call hands out: as its result, in an array, or with a message. */
function handedOut(text: string): number[] {
  if (/^(pipe2?|socketpair)\(/.test(text)) return (/\[(\d+), (\d+)\]/.exec(text) ?? []).slice(1).map(Number)
  if (/^(recvmsg|recvmmsg)\(/.test(text)) return listed(text)
  if (/^getsockopt\(.*SO_PEERPIDFD/.test(text)) return (/\[(\d+)\]/.exec(text) ?? []).slice(1).map(Number)
  if (/^clone3?\(/.test(text))
    return (/parent_tid=\[(\d+)\]|pidfd=\[(\d+)\]/.exec(text) ?? []).slice(1).filter(Boolean).map(Number)
  if (
    !/^(open\w*|socket|accept4?|dup[23]?|fcntl|epoll_create1?|eventfd2?|memfd_create|timerfd_create|inotify_init1?|pidfd_open|signalfd4?|io_uring_setup)\(/.test(
      text,
    )
  )
    return []
  if (text.startsWith('fcntl') && !/F_DUPFD/.test(text)) return []
  return (/\) += (\d+)/.exec(text) ?? []).slice(1).map(Number)
}

/** Descriptors in control messages. */
function listed(text: string): number[] {
  const rights = [...text.matchAll(/SCM_RIGHTS, cmsg_data=\[([\d, ]*)\]/g)].flatMap(([, list = '']) => list.split(', '))
  const processes = [...text.matchAll(/SCM_PIDFD[^}]*cmsg_data=\[?(\d+)/g)].map(([, one = '']) => one)
  return [...rights, ...processes].filter((one) => one !== '').map(Number)
}
