/* What the records of the benches look like, and whether they come whole and in order. Bytes 0 to 3 are the number of the
 * record, or one of two marks: where the clock starts and where it stops. Bytes 4 to 7 of a mark tell how many records
 * went before it. The rest is a pattern. The same rules for JavaScript are in bench/lib/records.ts. */
#ifndef RECORDS_H
#define RECORDS_H
#include "bench.h"

#define HEAD 8
#define START 0x80000001u
#define STOP 0x80000002u
/* Descriptors that go along are of files whose sizes are 1 to FILES bytes, in turn. */
#define FILES 16

static inline uint8_t pattern(size_t at) { return (uint8_t)(at * 31 + (at >> 8) * 17); }

static inline void fill(uint8_t *record, size_t size) {
  memset(record, 0, HEAD < size ? HEAD : size);
  for (size_t at = HEAD; at < size; at++) record[at] = pattern(at);
}

static inline void write_head(uint8_t *record, uint32_t number, uint32_t before) {
  memcpy(record, &number, 4);
  memcpy(record + 4, &before, 4);
}

struct check {
  size_t size;
  uint8_t *right;
  uint32_t next, first;
  uint64_t started;
};

static inline struct check check_of(size_t size) {
  struct check check = {.size = size, .right = malloc(size)};
  fill(check.right, size);
  return check;
}

static inline void stop_at(const char *what, uint32_t wanted, uint32_t came) {
  fprintf(stderr, "%s: %u was due, %u came\n", what, wanted, came);
  exit(1);
}

/* Every byte of a part of a record, which begins at `offset` in it. */
static inline void check_bytes(const struct check *check, const uint8_t *part, size_t offset, size_t length) {
  if (memcmp(part, check->right + offset, length) != 0) stop("a byte is wrong");
}

/* The head of a record. Ends the program at the last one. */
static inline void check_head(struct check *check, const uint8_t *head) {
  uint32_t number, before;
  memcpy(&number, head, 4);
  if (number == check->next) {
    check->next++;
    return;
  }
  memcpy(&before, head + 4, 4);
  if (number != START && number != STOP) stop_at("a record is missing or out of order", check->next, number);
  if (before != check->next) stop_at("records are missing", before, check->next);
  if (number == START) {
    check->first = check->next;
    check->started = now();
    return;
  }
  tell(now() - check->started, check->next - check->first + 1);
  exit(0);
}

static inline void check_record(struct check *check, const uint8_t *data, size_t length) {
  if (length != check->size) stop_at("a record has the wrong length", check->size, length);
  check_head(check, data);
  if (check->started == 0) check_bytes(check, data + HEAD, HEAD, length - HEAD);
}
#endif
