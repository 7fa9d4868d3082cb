/* Plays ping-pong, the reference: a record on each connection, and the next one as soon as it has come back whole. With
 * one connection the calls wait, or ask again and again; with many there is epoll.   client [spin] */
#include "../../c/records.h"
#include <sys/epoll.h>

#define EVENTS 256

static size_t size;
static uint8_t *record, *answer;
static uint64_t started, until;
static uint32_t done, first;
static int flags;

static void send_record(int fd, uint32_t number) {
  write_head(record, number, 0);
  if (send(fd, record, size, MSG_NOSIGNAL) != (ssize_t)size) fail("send");
}

static void check_answer(int fd, uint32_t number) {
  ssize_t length = received(fd, answer, size, flags);
  write_head(record, number, 0);
  if (length != (ssize_t)size || memcmp(record, answer, size) != 0) stop("an answer is wrong");
  done++;
}

/* Ends the program when the time is over. */
static void look_at_clock(void) {
  uint64_t time = now();
  if (time < until) return;
  if (started != 0) {
    tell(time - started, done - first);
    exit(0);
  }
  started = time;
  first = done;
  until = after_milliseconds("BENCH_TIMED");
}

static void play_one(int fd) {
  for (uint32_t number = 0;; number++) {
    send_record(fd, number);
    check_answer(fd, number);
    if (number % 16 == 0) look_at_clock();
  }
}

static void play_many(int epoll, uint32_t *numbers) {
  struct epoll_event events[EVENTS];
  for (;;) {
    int count = checked(epoll_wait(epoll, events, EVENTS, -1), "epoll_wait");
    for (int at = 0; at < count; at++) {
      int fd = events[at].data.fd;
      check_answer(fd, numbers[fd]);
      send_record(fd, ++numbers[fd]);
    }
    look_at_clock();
  }
}

/* All are there before the first record goes: connections are not timed. */
static void connect_many(int epoll, int connections, int *fds) {
  for (int at = 0; at < connections; at++) {
    fds[at] = connected();
    struct epoll_event event = {.events = EPOLLIN, .data.fd = fds[at]};
    checked(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[at], &event), "epoll_ctl");
  }
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "spin") == 0) flags = MSG_DONTWAIT;
  allow_many_descriptors();
  size = number_setting("BENCH_SIZE");
  record = malloc(size);
  answer = malloc(size);
  fill(record, size);
  int connections = number_setting("BENCH_CONNECTIONS");
  int *fds = calloc(connections, sizeof *fds);
  int epoll = checked(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
  connect_many(epoll, connections, fds);
  until = after_milliseconds("BENCH_WARM");
  if (connections == 1) play_one(fds[0]);
  uint32_t *numbers = calloc(connections + 64 + fds[connections - 1], sizeof *numbers);
  for (int at = 0; at < connections; at++) send_record(fds[at], 0);
  play_many(epoll, numbers);
}
