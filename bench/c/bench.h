/* What the C programs of the benches share: settings, the clock, sockets at the given path, and how a result is told.
 * It knows nothing about what is measured. Settings come from the environment, as in bench/lib/settings.ts. */
#ifndef BENCH_H
#define BENCH_H
#define _GNU_SOURCE
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static inline void stop(const char *reason) {
  fprintf(stderr, "%s\n", reason);
  exit(1);
}

static inline void fail(const char *call) {
  fprintf(stderr, "%s: %s\n", call, strerror(errno));
  exit(1);
}

static inline int checked(int result, const char *call) {
  if (result < 0) fail(call);
  return result;
}

static inline const char *setting(const char *name) {
  const char *value = getenv(name);
  if (value == NULL) fprintf(stderr, "%s is not set\n", name), exit(2);
  return value;
}

static inline long number_setting(const char *name) { return atol(setting(name)); }

static inline uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static inline uint64_t after_milliseconds(const char *name) { return now() + (uint64_t)number_setting(name) * 1000000; }

static inline int socket_type(void) {
  const char *type = setting("BENCH_TYPE");
  if (strcmp(type, "stream") == 0) return SOCK_STREAM;
  return strcmp(type, "dgram") == 0 ? SOCK_DGRAM : SOCK_SEQPACKET;
}

static inline struct sockaddr_un address(void) {
  struct sockaddr_un at = {.sun_family = AF_UNIX};
  snprintf(at.sun_path, sizeof at.sun_path, "%s", setting("BENCH_PATH"));
  return at;
}

static inline void say_ready(void) {
  puts("ready");
  fflush(stdout);
}

/* A socket at the path, and the other program is told. */
static inline int listening(void) {
  struct sockaddr_un at = address();
  int type = socket_type();
  int fd = checked(socket(AF_UNIX, type | SOCK_CLOEXEC, 0), "socket");
  checked(bind(fd, (struct sockaddr *)&at, sizeof at), "bind");
  if (type != SOCK_DGRAM) checked(listen(fd, 4096), "listen");
  say_ready();
  return fd;
}

/* Where the one connection comes from; a datagram socket has none. */
static inline int accepted(int listener) {
  if (socket_type() == SOCK_DGRAM) return listener;
  return checked(accept4(listener, NULL, NULL, SOCK_CLOEXEC), "accept");
}

static inline int connected(void) {
  struct sockaddr_un at = address();
  int fd = checked(socket(AF_UNIX, socket_type() | SOCK_CLOEXEC, 0), "socket");
  checked(connect(fd, (struct sockaddr *)&at, sizeof at), "connect");
  return fd;
}

/* recv(2). Without waiting, asked again and again: the client ends by itself, and its end of the socket with it. */
static inline ssize_t received(int fd, void *data, size_t size, int flags) {
  ssize_t length;
  do length = recv(fd, data, size, flags);
  while (length < 0 && errno == EAGAIN);
  return length;
}

static inline void tell(uint64_t nanoseconds, uint64_t operations) {
  printf("{\"nanoseconds\":%llu,\"operations\":%llu}\n", (unsigned long long)nanoseconds, (unsigned long long)operations);
  fflush(stdout);
}

static inline void allow_many_descriptors(void) {
  struct rlimit limit;
  checked(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  limit.rlim_cur = limit.rlim_max;
  checked(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}
#endif
