"""Receives descriptors with Python's socket.recv_fds, and closes each. The rules are those of bench/c/records.h."""

import os
import socket
import struct
import sys
import time

HEAD = 8
START = 0x80000001
STOP = 0x80000002
FILES = 16

size = int(os.environ["BENCH_SIZE"])
fds_each = int(os.environ["BENCH_FDS"])
pattern = bytes((at * 31 + (at >> 8) * 17) & 0xFF for at in range(size))[HEAD:]
head = struct.Struct("<II")


def main():
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(os.environ["BENCH_PATH"])
    listener.listen()
    print("ready", flush=True)
    connection, _ = listener.accept()
    next_record = first = started = 0
    while True:
        data, fds, flags, _ = socket.recv_fds(connection, size, fds_each)
        if len(data) != size or len(fds) != fds_each or flags & socket.MSG_CTRUNC:
            sys.exit(f"{len(data)} bytes and {len(fds)} descriptors came with record {next_record}")
        if started == 0:
            check(data, fds, next_record)
        for fd in fds:
            os.close(fd)
        number, before = head.unpack_from(data)
        if number == next_record:
            next_record += 1
        elif number in (START, STOP) and before == next_record:
            if number == STOP:
                return tell(time.monotonic_ns() - started, next_record - first + 1)
            first, started = next_record, time.monotonic_ns()
        else:
            sys.exit(f"a record is missing or out of order: {next_record} was due, {number} came")


def check(data, fds, record):
    if data[HEAD:] != pattern:
        sys.exit("a byte is wrong")
    for at, fd in enumerate(fds):
        if os.fstat(fd).st_size != (record + at) % FILES + 1:
            sys.exit(f"descriptor {at} of record {record} is wrong")


def tell(nanoseconds, operations):
    print(f'{{"nanoseconds":{nanoseconds},"operations":{operations}}}', flush=True)


main()
