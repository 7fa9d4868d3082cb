/* Sends numbered records as fast as the kernel takes them: first for a while that is not timed, then for the time that
 * is. One program for all receivers, so that only those differ. It does not wait for the receiver, and takes no time. */
#include "records.h"
#include <sched.h>
#include <sys/mman.h>

#define BATCH 64
#define BATCH_BYTES 262144

static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];
static char control[BATCH][CMSG_SPACE(FILES * sizeof(int))];
static int files[FILES];
static unsigned batch, fds_each;
static size_t size;
static uint32_t next;

static void prepare(unsigned at) {
  parts[at] = (struct iovec){.iov_base = malloc(size), .iov_len = size};
  fill(parts[at].iov_base, size);
  struct msghdr *header = &messages[at].msg_hdr;
  *header = (struct msghdr){.msg_iov = &parts[at], .msg_iovlen = 1};
  if (fds_each == 0) return;
  header->msg_control = control[at];
  header->msg_controllen = CMSG_SPACE(fds_each * sizeof(int));
  struct cmsghdr *rights = CMSG_FIRSTHDR(header);
  *rights = (struct cmsghdr){CMSG_LEN(fds_each * sizeof(int)), SOL_SOCKET, SCM_RIGHTS};
}

static void write_record(unsigned at, uint32_t number, uint32_t before) {
  write_head(parts[at].iov_base, number, before);
  if (fds_each == 0) return;
  int *fds = (int *)CMSG_DATA(CMSG_FIRSTHDR(&messages[at].msg_hdr));
  for (unsigned each = 0; each < fds_each; each++) fds[each] = files[(next + each) % FILES];
}

static void open_files(void) {
  for (int at = 0; at < FILES; at++) {
    files[at] = checked(memfd_create("bench", MFD_CLOEXEC), "memfd_create");
    checked(ftruncate(files[at], at + 1), "ftruncate");
  }
}

/* Too many descriptors in flight: the receiver must get its turn. */
static int must_wait(void) { return errno == EINTR || errno == ETOOMANYREFS || errno == ENOBUFS; }

/* -1: the receiver has ended. If that was too early, it says so itself. */
static int send_all(int fd, unsigned count) {
  for (unsigned sent = 0; sent < count;) {
    int taken = sendmmsg(fd, messages + sent, count - sent, MSG_NOSIGNAL);
    if (taken < 0 && (errno == EPIPE || errno == ECONNRESET || errno == ECONNREFUSED)) return -1;
    if (taken < 0 && !must_wait()) fail("sendmmsg");
    if (taken < 0) sched_yield();
    for (int at = 0; at < taken; at++)
      if (messages[sent + at].msg_len != size) return -1;
    if (taken > 0) sent += taken;
  }
  return 0;
}

static int send_until(int fd, uint64_t end) {
  while (now() < end) {
    for (unsigned at = 0; at < batch; at++) {
      write_record(at, next, 0);
      next++;
    }
    if (send_all(fd, batch) < 0) return -1;
  }
  return 0;
}

static int mark(int fd, uint32_t number) {
  write_record(0, number, next);
  return send_all(fd, 1);
}

int main(void) {
  size = number_setting("BENCH_SIZE");
  fds_each = number_setting("BENCH_FDS");
  batch = BATCH_BYTES / size > BATCH ? BATCH : BATCH_BYTES / size > 0 ? BATCH_BYTES / size : 1;
  for (unsigned at = 0; at < batch; at++) prepare(at);
  open_files();
  int fd = connected();
  if (send_until(fd, after_milliseconds("BENCH_WARM")) < 0 || mark(fd, START) < 0) return 0;
  if (send_until(fd, after_milliseconds("BENCH_TIMED")) == 0) mark(fd, STOP);
  return 0;
}
