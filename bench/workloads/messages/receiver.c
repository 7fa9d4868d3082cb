/* The reference for receiving records, of a seqpacket or datagram socket: one system call for each of them, or one for
 * many.   receiver recv|recvmmsg */
#include "../../c/records.h"

#define BATCH 64

static void receive_each(int fd, struct check *check) {
  uint8_t *data = malloc(check->size + 1);
  for (;;) {
    ssize_t length = recv(fd, data, check->size + 1, 0);
    if (length < 0) fail("recv");
    check_record(check, data, length);
  }
}

static void receive_many(int fd, struct check *check) {
  static struct mmsghdr messages[BATCH];
  static struct iovec parts[BATCH];
  for (int at = 0; at < BATCH; at++) {
    parts[at] = (struct iovec){.iov_base = malloc(check->size + 1), .iov_len = check->size + 1};
    messages[at].msg_hdr = (struct msghdr){.msg_iov = &parts[at], .msg_iovlen = 1};
  }
  for (;;) {
    int count = checked(recvmmsg(fd, messages, BATCH, MSG_WAITFORONE, NULL), "recvmmsg");
    for (int at = 0; at < count; at++) check_record(check, parts[at].iov_base, messages[at].msg_len);
  }
}

int main(int argc, char **argv) {
  struct check check = check_of(number_setting("BENCH_SIZE"));
  int fd = accepted(listening());
  if (argc > 1 && strcmp(argv[1], "recvmmsg") == 0) receive_many(fd, &check);
  receive_each(fd, &check);
}
