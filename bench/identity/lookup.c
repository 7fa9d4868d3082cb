/* The reference for bench/identity: what the kernel's part of a lookup costs with nothing around it. It asks about one
 * end of a pair, whose peer is this process, and prints the nanoseconds of all lookups and the sum of the answers.
 *   lookup credentials|everything COUNT     lookup unanswered: the questions that this kernel does not answer */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Newer than the headers of many systems. */
#ifndef SO_PEERGROUPS
#define SO_PEERGROUPS 59
#endif
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif

struct peer_info {
  uint64_t mask, cgroupid;
  uint32_t pid, tgid, ppid, ruid, rgid, euid, egid, suid, sgid, fsuid, fsgid;
  int32_t exit_code;
};
#define GET_INFO _IOWR(0xFF, 11, struct peer_info)
#define INFO_PID_AND_IDS 3

static int ask(int fd, int option, void *value, socklen_t length) {
  return getsockopt(fd, SOL_SOCKET, option, value, &length);
}

/* The same sum as digest() in answer.ts, modulo 2^32. */
static uint32_t ask_credentials(int fd) {
  struct ucred peer = {0, 0, 0};
  ask(fd, SO_PEERCRED, &peer, sizeof peer);
  return (uint32_t)peer.pid + 3 * peer.uid + 5 * peer.gid;
}

/* The pidfd, and what it tells; 0 if both were answered, 1 if only the pidfd was. */
static int ask_process(int fd) {
  int pidfd = -1;
  if (ask(fd, SO_PEERPIDFD, &pidfd, sizeof pidfd) < 0) return -1;
  struct peer_info info = {.mask = INFO_PID_AND_IDS};
  int told = ioctl(pidfd, GET_INFO, &info);
  close(pidfd);
  return told < 0 ? 1 : 0;
}

static uint32_t ask_everything(int fd) {
  int number;
  uint32_t groups[64];
  char label[4096];
  ask(fd, SO_DOMAIN, &number, sizeof number);
  ask(fd, SO_ACCEPTCONN, &number, sizeof number);
  uint32_t sum = ask_credentials(fd);
  ask(fd, SO_PEERGROUPS, groups, sizeof groups);
  ask(fd, SO_PEERSEC, label, sizeof label);
  ask_process(fd);
  return sum;
}

static void print_unanswered(int fd) {
  uint32_t groups[64];
  char label[4096];
  int process = ask_process(fd);
  if (ask(fd, SO_PEERGROUPS, groups, sizeof groups) < 0) puts("SO_PEERGROUPS");
  if (ask(fd, SO_PEERSEC, label, sizeof label) < 0) puts("SO_PEERSEC");
  if (process < 0) puts("SO_PEERPIDFD");
  if (process != 0) puts("PIDFD_GET_INFO");
}

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static void measure(int fd, uint32_t (*lookup)(int), long count) {
  uint32_t sum = 0;
  uint64_t start = now();
  for (long done = 0; done < count; done++) sum += lookup(fd);
  printf("%llu %d\n", (unsigned long long)(now() - start), (int32_t)sum);
}

int main(int argc, char **argv) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) return perror("socketpair"), 1;
  long count = argc > 2 ? atol(argv[2]) : 0;
  if (argc > 1 && strcmp(argv[1], "unanswered") == 0) return print_unanswered(ends[0]), 0;
  if (argc > 1 && strcmp(argv[1], "credentials") == 0) return measure(ends[0], ask_credentials, count), 0;
  if (argc > 1 && strcmp(argv[1], "everything") == 0) return measure(ends[0], ask_everything, count), 0;
  return fputs("lookup credentials|everything COUNT, or lookup unanswered\n", stderr), 2;
}
