/* Sends back what comes, the reference: one connection with calls that wait or that ask again
 * and again, or many with epoll.   server blocking|spin|epoll */
#include "../../c/bench.h"
#include <signal.h>
#include <sys/epoll.h>

#define EVENTS 256
#define LARGEST 65536

static uint8_t data[LARGEST];

static void end(int signal) {
  (void)signal;
  _exit(0);
}

static int flags;

/* 0 when the client has gone. */
static int echo(int fd) {
  ssize_t length = received(fd, data, LARGEST, flags);
  return length > 0 && send(fd, data, length, MSG_NOSIGNAL) == length;
}

static void watch(int epoll, int fd) {
  struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
  checked(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void serve_many(int listener) {
  struct epoll_event events[EVENTS];
  int epoll = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  watch(epoll, listener);
  for (;;) {
    int count = checked(epoll_wait(epoll, events, EVENTS, -1), "epoll_wait");
    for (int at = 0; at < count; at++) {
      int fd = events[at].data.fd;
      if (fd == listener) watch(epoll, accepted(listener));
      else if (!echo(fd)) close(fd);
    }
  }
}

int main(int argc, char **argv) {
  signal(SIGTERM, end);
  allow_many_descriptors();
  int listener = listening();
  if (argc > 1 && strcmp(argv[1], "epoll") == 0) serve_many(listener);
  if (argc > 1 && strcmp(argv[1], "spin") == 0) flags = MSG_DONTWAIT;
  int fd = accepted(listener);
  while (echo(fd)) continue;
  pause();
}
