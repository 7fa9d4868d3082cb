/* The reference for receiving descriptors: recvmsg(2) or recvmmsg(2), and close(2) of each.   receiver recvmsg|recvmmsg */
#include "../../c/records.h"

#define BATCH 64

static struct check check;
static struct mmsghdr messages[BATCH];
static struct iovec parts[BATCH];
static char control[BATCH][CMSG_SPACE(FILES * sizeof(int))];
static unsigned fds_each;

static void check_file(int fd, unsigned at) {
  struct stat file;
  checked(fstat(fd, &file), "fstat");
  if (file.st_size != (check.next + at) % FILES + 1) stop("a descriptor is wrong");
}

static void take(struct mmsghdr *message) {
  struct cmsghdr *rights = CMSG_FIRSTHDR(&message->msg_hdr);
  if (rights == NULL || rights->cmsg_len != CMSG_LEN(fds_each * sizeof(int))) stop("descriptors are missing");
  int *fds = (int *)CMSG_DATA(rights);
  for (unsigned at = 0; at < fds_each; at++) {
    if (check.started == 0) check_file(fds[at], at);
    close(fds[at]);
  }
  check_record(&check, message->msg_hdr.msg_iov->iov_base, message->msg_len);
}

static void prepare(unsigned at) {
  if (parts[at].iov_base == NULL) parts[at].iov_base = malloc(check.size);
  parts[at].iov_len = check.size;
  messages[at].msg_hdr = (struct msghdr){.msg_iov = &parts[at],
                                         .msg_iovlen = 1,
                                         .msg_control = control[at],
                                         .msg_controllen = CMSG_SPACE(fds_each * sizeof(int))};
}

static void receive_each(int fd) {
  for (;;) {
    prepare(0);
    messages[0].msg_len = checked(recvmsg(fd, &messages[0].msg_hdr, MSG_CMSG_CLOEXEC), "recvmsg");
    take(&messages[0]);
  }
}

static void receive_many(int fd) {
  for (;;) {
    for (unsigned at = 0; at < BATCH; at++) prepare(at);
    int count = checked(recvmmsg(fd, messages, BATCH, MSG_WAITFORONE | MSG_CMSG_CLOEXEC, NULL), "recvmmsg");
    for (int at = 0; at < count; at++) take(&messages[at]);
  }
}

int main(int argc, char **argv) {
  allow_many_descriptors();
  check = check_of(number_setting("BENCH_SIZE"));
  fds_each = number_setting("BENCH_FDS");
  int fd = accepted(listening());
  if (argc > 1 && strcmp(argv[1], "recvmmsg") == 0) receive_many(fd);
  receive_each(fd);
}
