/* Opens connections and holds them until the server ends: 200 first, and the rest when the server has looked at its memory
 * and made the file PATH.go. */
#include "../../c/bench.h"

#define FIRST 200
#define PAUSE_MICROSECONDS 5000

static int connect_many(long count) {
  int fd = -1;
  for (long at = 0; at < count; at++) fd = connected();
  return fd;
}

static void wait_for_go(void) {
  char path[sizeof(struct sockaddr_un)];
  snprintf(path, sizeof path, "%s.go", setting("BENCH_PATH"));
  while (unlink(path) < 0) usleep(PAUSE_MICROSECONDS);
}

int main(void) {
  allow_many_descriptors();
  connect_many(FIRST);
  wait_for_go();
  int last = connect_many(number_setting("BENCH_CONNECTIONS"));
  char byte;
  if (recv(last, &byte, 1, 0) > 0) stop("the server sends nothing, and something came");
  return 0;
}
