/* Opens connections and holds them until the server ends: 200 first, and the rest when the server has had time to look at
 * its memory. */
#include "../../c/bench.h"

#define FIRST 200
#define PAUSE_MICROSECONDS 300000

static int connect_many(long count) {
  int fd = -1;
  for (long at = 0; at < count; at++) fd = connected();
  return fd;
}

int main(void) {
  allow_many_descriptors();
  connect_many(FIRST);
  usleep(PAUSE_MICROSECONDS);
  int last = connect_many(number_setting("BENCH_CONNECTIONS"));
  char byte;
  if (recv(last, &byte, 1, 0) > 0) stop("the server sends nothing, and something came");
  return 0;
}
