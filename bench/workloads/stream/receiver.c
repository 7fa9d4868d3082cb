/* The reference for receiving a stream: recv(2) into the same 64 KiB again and again. */
#include "../../c/records.h"

#define CHUNK 65536

static struct check check;
static uint8_t head[HEAD];
/* Where in a record the next byte is. */
static size_t offset;

/* A head may come in two parts. */
static void take_head(const uint8_t *part, size_t length) {
  size_t missing = HEAD - offset;
  memcpy(head + offset, part, length < missing ? length : missing);
  if (length >= missing) check_head(&check, head);
}

/* What one record has of a chunk: while the clock runs its first and last byte, before that all. */
static void take_part(const uint8_t *part, size_t length) {
  if (offset < HEAD) take_head(part, length);
  size_t skipped = offset < HEAD ? HEAD - offset : 0;
  if (length > skipped) {
    size_t last = length - 1;
    if (check.started == 0) check_bytes(&check, part + skipped, offset + skipped, length - skipped);
    check_bytes(&check, part + skipped, offset + skipped, 1);
    check_bytes(&check, part + last, offset + last, 1);
  }
  offset = (offset + length) % check.size;
}

int main(void) {
  static uint8_t chunk[CHUNK];
  check = check_of(number_setting("BENCH_SIZE"));
  int fd = accepted(listening());
  for (;;) {
    ssize_t length = recv(fd, chunk, CHUNK, 0);
    if (length < 0) fail("recv");
    if (length == 0) stop("the stream ended early");
    for (size_t at = 0; at < (size_t)length;) {
      size_t rest = (size_t)length - at, part = check.size - offset;
      if (part > rest) part = rest;
      take_part(chunk + at, part);
      at += part;
    }
  }
}
