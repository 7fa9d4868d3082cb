/* Connections that are made and closed, the reference, both sides.   connect server|client */
#include "../../c/bench.h"
#include <signal.h>

static long connections;

static void tell_accepted(int signal) {
  (void)signal;
  dprintf(1, "{\"accepted\":%ld}\n", connections);
  _exit(0);
}

static void serve(void) {
  signal(SIGTERM, tell_accepted);
  for (int listener = listening();; connections++) close(accepted(listener));
}

static void connect_once(void) {
  char byte;
  int fd = connected();
  if (recv(fd, &byte, 1, 0) != 0) stop("the server sends nothing, and something came");
  close(fd);
  connections++;
}

static void connect_until(uint64_t end) {
  while (now() < end) connect_once();
}

static void play(void) {
  connect_until(after_milliseconds("BENCH_WARM"));
  long before = connections;
  uint64_t start = now();
  connect_until(after_milliseconds("BENCH_TIMED"));
  uint64_t time = now() - start;
  printf("{\"nanoseconds\":%llu,\"operations\":%ld,\"connected\":%ld}\n", (unsigned long long)time,
         connections - before, connections);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "server") == 0) serve();
  play();
}
