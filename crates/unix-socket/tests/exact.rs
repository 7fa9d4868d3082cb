#![allow(unsafe_code)]
//! Reads that begin where descriptors were attached: through any queue, whatever else the messages carry, with nothing installed by
//! a look. One test at a time, because they count the descriptors of the process.
#![cfg(any(target_os = "linux", target_os = "android"))]

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard};
use unix_socket::control::{ControlMessage, Encoder};
use unix_socket::exact::Reach;
use unix_socket::message::{send, Outgoing};
use unix_socket::receive::{place, receive, Look, Received};
use unix_socket::{option, socket, Errno};

const ROOM: usize = 65_536;
const SO_PASSPIDFD: i32 = 76;

static ALONE: Mutex<()> = Mutex::new(());

fn pair() -> (MutexGuard<'static, ()>, OwnedFd, OwnedFd) {
    let alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let (left, right) = socket::pair(libc::SOCK_STREAM).unwrap();
    (alone, left, right)
}

fn open_count() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// Sends `data` with `count` descriptors, all of them our standard error.
fn put(fd: BorrowedFd<'_>, data: &[u8], count: usize, flags: i32) -> unix_socket::Result<usize> {
    let rights = 2_i32.to_ne_bytes().repeat(count);
    let mut control = Encoder::default();
    if count > 0 {
        control.push(ControlMessage { level: libc::SOL_SOCKET, kind: libc::SCM_RIGHTS, data: &rights });
    }
    let control = control.finish();
    let parts = [libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() }];
    // SAFETY: the one part is a live slice.
    unsafe { send(fd, &Outgoing { parts: &parts, control: &control, to: None, flags, unnamed: false }) }
}

fn get(fd: BorrowedFd<'_>, room: &mut [u8]) -> unix_socket::Result<Received> {
    // SAFETY: the place is a live mutable slice.
    unsafe { receive(fd, place(room), Look::default()) }
}

/// A look and the read that it allows.
fn read(fd: BorrowedFd<'_>, reach: &mut Reach, room: &mut [u8]) -> unix_socket::Result<Received> {
    let length = reach.next(fd, room)?;
    let received = get(fd, &mut room[..length])?;
    reach.took(received.length);
    Ok(received)
}

/// Lengths and descriptor counts of everything that is queued.
fn read_all(fd: BorrowedFd<'_>) -> Vec<(usize, usize)> {
    let (mut reach, mut room) = (Reach::default(), vec![0; ROOM]);
    let mut found = Vec::new();
    loop {
        match read(fd, &mut reach, &mut room) {
            Err(Errno::EAGAIN) => return found,
            received => {
                let received = received.unwrap();
                found.push((received.length, received.fds.len()));
            }
        }
    }
}

/// Numbers that are always the same (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// Fills a queue with random messages, numbered bytes from `first` on; tells where descriptors were attached.
fn fill(fd: BorrowedFd<'_>, random: &mut Random, first: usize) -> (usize, Vec<(usize, usize)>) {
    let (mut end, mut places) = (first, Vec::new());
    for _ in 0..=random.below(7) {
        let longest = [1, 20, 300, 5000, 40_000][random.below(5)];
        let data: Vec<u8> = (end..=end + random.below(longest)).map(|at| (at % 251) as u8).collect();
        let count = [0, 0, 1, 3][random.below(4)];
        let Ok(taken) = put(fd, &data, count, 0) else { break };
        if count > 0 {
            places.push((end, count));
        }
        end += taken;
    }
    (end, places)
}

fn random_queues(options: &[i32]) {
    let (_alone, left, right) = pair();
    for name in options {
        option::set_number(right.as_fd(), *name, 1).unwrap();
    }
    let before = open_count();
    let mut random = Random(2_463_534_242);
    let (mut room, mut at) = (vec![0; ROOM], 0);
    for turn in 0..200 {
        let (end, places) = fill(left.as_fd(), &mut random, at);
        let longest = [ROOM, ROOM, 9000, 64][random.below(4)].min(ROOM).max((end - at) / 200);
        let mut reach = Reach::default();
        let mut found = Vec::new();
        while at < end {
            let length = reach.next(right.as_fd(), &mut room[..longest]).unwrap();
            let received = get(right.as_fd(), &mut room[..length]).unwrap();
            reach.took(received.length);
            if !received.fds.is_empty() {
                found.push((at, received.fds.len()));
            }
            assert!((0..received.length).all(|index| room[index] == ((at + index) % 251) as u8));
            at += received.length;
        }
        assert_eq!(found, places, "turn {turn}");
        assert_eq!(open_count(), before, "what a look had installed would still be there");
    }
}

#[test]
fn every_descriptor_begins_a_read_in_any_queue() {
    random_queues(&[]);
}

#[test]
fn credentials_and_timestamps_do_not_confuse_it() {
    random_queues(&[libc::SO_PASSCRED, libc::SO_TIMESTAMP]);
}

#[test]
fn handles_of_the_sender_are_not_installed_by_looks_and_do_not_confuse_it() {
    if option::get_number(pair().1.as_fd(), SO_PASSPIDFD).is_ok() {
        random_queues(&[SO_PASSPIDFD]);
    }
}

#[test]
fn plain_bytes_are_not_divided_and_a_carrier_stands_alone() {
    let (_alone, left, right) = pair();
    for (length, count) in [(10, 0), (20, 0), (30, 2), (40, 1), (1, 0), (1, 1), (50, 0), (60, 0)] {
        put(left.as_fd(), &vec![0; length], count, 0).unwrap();
    }
    assert_eq!(read_all(right.as_fd()), [(30, 0), (30, 2), (40, 1), (1, 0), (1, 1), (110, 0)]);
}

#[test]
fn what_comes_between_the_look_and_the_read_is_not_read_with_it() {
    let (_alone, left, right) = pair();
    let mut room = [0; 100];
    for (count, credentials) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        option::set_number(right.as_fd(), libc::SO_PASSCRED, credentials).unwrap();
        put(left.as_fd(), &[0; 10], count, 0).unwrap();
        let mut reach = Reach::default();
        let length = reach.next(right.as_fd(), &mut room).unwrap();
        put(left.as_fd(), &[1; 5], 1, 0).unwrap();
        let received = get(right.as_fd(), &mut room[..length]).unwrap();
        reach.took(received.length);
        assert_eq!((received.length, received.fds.len()), (10, count));
        assert_eq!(read_all(right.as_fd()), [(5, 1)]);
    }
}

#[test]
fn a_read_that_falls_short_forgets_what_was_known_of_the_next() {
    let (_alone, left, right) = pair();
    put(left.as_fd(), &[0; 10], 0, 0).unwrap();
    put(left.as_fd(), &[0; 8], 1, 0).unwrap();
    let (mut reach, mut room) = (Reach::default(), [0; 100]);
    assert_eq!(reach.next(right.as_fd(), &mut room), Ok(10));
    reach.took(get(right.as_fd(), &mut room[..4]).unwrap().length);
    let received: Vec<_> = (0..2).map(|_| read(right.as_fd(), &mut reach, &mut room).unwrap()).collect();
    assert_eq!(received.iter().map(|one| (one.length, one.fds.len())).collect::<Vec<_>>(), [(6, 0), (8, 1)]);
}

#[test]
fn a_carrier_longer_than_the_room_gives_its_descriptors_with_its_first_byte() {
    let (_alone, left, right) = pair();
    put(left.as_fd(), &[0; 7], 0, 0).unwrap();
    put(left.as_fd(), &[0; 250], 2, 0).unwrap();
    let (mut reach, mut room) = (Reach::default(), [0; 100]);
    let received: Vec<_> = (0..4).map(|_| read(right.as_fd(), &mut reach, &mut room).unwrap()).collect();
    let found: Vec<_> = received.iter().map(|one| (one.length, one.fds.len())).collect();
    assert_eq!(found, [(7, 0), (93, 2), (100, 0), (57, 0)]);
}

#[test]
fn a_byte_out_of_band_is_taken_away_so_that_nobody_waits_for_it_in_vain() {
    let (_alone, left, right) = pair();
    if put(left.as_fd(), b"!", 0, libc::MSG_OOB) == Err(Errno::EOPNOTSUPP) {
        return;
    }
    assert_eq!(read_all(right.as_fd()), []);
    assert!(!is_readable(right.as_fd()));
    put(left.as_fd(), b"12!", 0, libc::MSG_OOB).unwrap();
    put(left.as_fd(), b"345", 1, 0).unwrap();
    assert_eq!(read_all(right.as_fd()), [(2, 0), (3, 1)]);
}

fn is_readable(fd: BorrowedFd<'_>) -> bool {
    let mut entry = libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 };
    // SAFETY: one live entry.
    unsafe { libc::poll(&mut entry, 1, 0) == 1 }
}

#[test]
fn the_end_and_a_lost_connection_are_told_as_ever() {
    let (alone, left, right) = pair();
    let (mut reach, mut room) = (Reach::default(), [0; 100]);
    assert_eq!(read(right.as_fd(), &mut reach, &mut room).err(), Some(Errno::EAGAIN));
    put(right.as_fd(), b"unread", 0, 0).unwrap();
    put(left.as_fd(), b"last", 1, 0).unwrap();
    drop(left);
    assert_eq!(read(right.as_fd(), &mut reach, &mut room).unwrap().fds.len(), 1);
    assert_eq!(read(right.as_fd(), &mut reach, &mut room).err(), Some(Errno::ECONNRESET));
    assert_eq!(read(right.as_fd(), &mut reach, &mut room).unwrap().length, 0);
    drop(alone);
}
