// Promise 8: after close(2) returned for a number, no system call of the process names it until one has handed it out again. It is
// read from strace's log of whole processes, of all their threads.
import test from 'ava'
import { guard } from './helpers/leaks.js'
import { Book, numbersOf } from './helpers/numbers.js'

const folder = guard(test)

test.serial('whatever is closed, and used afterwards, its number is not named again', async (t) => {
  const { named, closes, ranges, calls, answer } = await numbersOf('numbered', 'everything', folder)
  t.deepEqual(named, [])
  t.true(ranges > 0, 'some are closed in a range')
  t.log(`${closes} closes among ${calls} calls with a descriptor`)
  t.true((answer as { refused: number }).refused > 1000, 'most uses of what is closed are refused')
})

test.serial('nor by three threads that send, receive, accept and connect', async (t) => {
  const { named, closes } = await numbersOf('injected', 'all', folder)
  t.deepEqual(named, [])
  t.true(closes > 100)
})

test.serial('a program that uses a closed number is found out', async (t) => {
  const { named, answer } = await numbersOf('numbered', 'misuse', folder)
  t.is(answer, 'EBADF')
  t.is(named.length, 1)
  t.regex(named[0] ?? '', /EBADF/)
})

test('what is closed in a range is closed one by one', (t) => {
  const book = new Book()
  for (const line of ['1 close_range(20, 22, 0) = 0', '1 memfd_create("x", 0) = 21', '1 read(21, ""..., 1) = 0'])
    book.read(line)
  book.read('1 read(22, 0x7f, 1) = -1 EBADF (Bad file descriptor)')
  t.is(book.closes, 3)
  t.deepEqual(book.named, ['read(22, 0x7f, 1) = -1 EBADF (Bad file descriptor)'])
})

test('a number that another thread was given before the close was seen to return is not closed', (t) => {
  const book = new Book()
  const log = `
1 close(17 <unfinished ...>
2 openat(AT_FDCWD, "x", O_RDONLY) = 17
1 <... close resumed>) = 0
2 read(17, ""..., 1) = 1
2 close(17) = 0
1 sendmsg(9, {msg_name=NULL, msg_control=[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[17]}]}, 0) = -1 EBADF (Bad file descriptor)
1 epoll_ctl(5, EPOLL_CTL_DEL, 17, NULL) = -1 EBADF (Bad file descriptor)`
  for (const line of log.split('\n')) book.read(line)
  t.is(book.closes, 2)
  t.deepEqual(
    book.named.map((line) => line.split('(')[0]),
    ['sendmsg', 'epoll_ctl'],
  )
})
