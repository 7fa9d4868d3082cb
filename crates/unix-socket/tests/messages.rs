#![allow(unsafe_code)]
//! Messages over real sockets: what goes in comes out, whole, owned and in order.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use unix_socket::control::{ControlMessage, Encoder};
use unix_socket::message::{send, send_many, Outgoing};
use unix_socket::receive::{place, receive, Batch, Look, Received};
use unix_socket::{option, socket, Errno};

fn put(fd: BorrowedFd<'_>, data: &[u8], fds: &[i32]) -> unix_socket::Result<usize> {
    let mut control = Encoder::default();
    let rights: Vec<u8> = fds.iter().flat_map(|fd| fd.to_ne_bytes()).collect();
    if !fds.is_empty() {
        control.push(ControlMessage { level: libc::SOL_SOCKET, kind: libc::SCM_RIGHTS, data: &rights });
    }
    let parts = [libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() }];
    let control = control.finish();
    // SAFETY: the one part is a live slice.
    unsafe { send(fd, &Outgoing { parts: &parts, control: &control, to: None, flags: 0, unnamed: false }) }
}

fn get(fd: BorrowedFd<'_>, buffer: &mut [u8], records: bool) -> unix_socket::Result<Received> {
    let look = Look { whole: records, ..Look::default() };
    // SAFETY: the place is a live mutable slice.
    unsafe { receive(fd, place(buffer), look) }
}

fn pair(kind: i32) -> (OwnedFd, OwnedFd) {
    socket::pair(kind).unwrap()
}

#[test]
fn descriptors_arrive_owned_close_on_exec_and_in_order() {
    let (left, right) = pair(libc::SOCK_STREAM);
    let (mut reader, writer) = std::io::pipe().unwrap();
    let null = File::open("/dev/null").unwrap();
    put(left.as_fd(), b"x", &[null.as_raw_fd(), writer.as_raw_fd()]).unwrap();
    drop(writer);
    let mut received = get(right.as_fd(), &mut [0; 10], false).unwrap();
    assert_eq!((received.copied, received.fds.len(), received.fds_truncated), (1, 2, false));
    for fd in &received.fds {
        let flags = nix::fcntl::fcntl(fd, nix::fcntl::FcntlArg::F_GETFD).unwrap();
        assert_eq!(flags, libc::FD_CLOEXEC);
        assert!(fd.as_raw_fd() > 2);
    }
    File::from(received.fds.remove(1)).write_all(b"through").unwrap();
    let mut text = String::new();
    drop(received);
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(text, "through");
}

#[test]
fn a_record_that_does_not_fit_tells_its_length() {
    let (left, right) = pair(libc::SOCK_SEQPACKET);
    put(left.as_fd(), &[7; 1000], &[]).unwrap();
    let received = get(right.as_fd(), &mut [0; 10], true).unwrap();
    assert_eq!((received.copied, received.length), (10, 1000));
}

#[test]
fn only_the_timestamp_tells_an_empty_record_from_the_end() {
    let (left, right) = pair(libc::SOCK_SEQPACKET);
    put(left.as_fd(), b"", &[]).unwrap();
    option::set_number(right.as_fd(), libc::SO_TIMESTAMP, 1).unwrap();
    drop(left);
    assert!(get(right.as_fd(), &mut [0; 10], true).unwrap().any_control);
    assert!(!get(right.as_fd(), &mut [0; 10], true).unwrap().any_control);
}

#[test]
fn two_hundred_and_fifty_three_descriptors_go_and_one_more_does_not() {
    let (left, right) = pair(libc::SOCK_SEQPACKET);
    let null = File::open("/dev/null").unwrap();
    let fds = vec![null.as_raw_fd(); 254];
    assert_eq!(put(left.as_fd(), b"x", &fds), Err(Errno::EINVAL));
    put(left.as_fd(), b"x", &fds[..253]).unwrap();
    assert_eq!(get(right.as_fd(), &mut [0; 10], true).unwrap().fds.len(), 253);
}

#[test]
fn nothing_waits() {
    let (left, right) = pair(libc::SOCK_STREAM);
    assert_eq!(get(right.as_fd(), &mut [0; 10], false).err(), Some(Errno::EAGAIN));
    let data = vec![0; 1 << 20];
    while put(left.as_fd(), &data, &[]).is_ok() {}
    assert_eq!(put(left.as_fd(), &data, &[]), Err(Errno::EAGAIN));
}

#[test]
fn a_peer_that_is_gone_gives_an_error_and_no_signal() {
    let (left, right) = pair(libc::SOCK_STREAM);
    drop(right);
    assert_eq!(put(left.as_fd(), b"x", &[]), Err(Errno::EPIPE));
}

#[test]
fn a_batch_brings_what_is_there_with_the_descriptors_of_each() {
    let (left, right) = pair(libc::SOCK_SEQPACKET);
    let fd = left.as_raw_fd();
    for (text, fds) in [("one", vec![fd]), ("", vec![]), ("three", vec![fd, fd])] {
        put(left.as_fd(), text.as_bytes(), &fds).unwrap();
    }
    let mut memory = [[0_u8; 16]; 8];
    let mut places: Vec<_> = memory.iter_mut().map(|slot| place(slot)).collect();
    let mut batch = Batch::new(8);
    // SAFETY: the places are live mutable slices.
    let got: Vec<Received> = unsafe { batch.receive(right.as_fd(), &mut places, Look::default()) }.unwrap().collect();
    assert_eq!(got.iter().map(|one| (one.length, one.fds.len())).collect::<Vec<_>>(), [(3, 1), (0, 0), (5, 2)]);
    assert_eq!(&memory[2][..5], b"three");
    let mut places = [place(&mut memory[0])];
    // SAFETY: as above.
    let nothing = unsafe { batch.receive(right.as_fd(), &mut places, Look::default()) }.map(Iterator::count);
    assert_eq!(nothing, Err(Errno::EAGAIN));
}

#[test]
fn what_a_batch_brought_and_nobody_took_is_closed() {
    let (left, right) = pair(libc::SOCK_SEQPACKET);
    let (mut reader, writer) = std::io::pipe().unwrap();
    for _ in 0..3 {
        put(left.as_fd(), b"x", &[writer.as_raw_fd()]).unwrap();
    }
    drop(writer);
    let mut memory = [[0_u8; 16]; 8];
    let mut places: Vec<_> = memory.iter_mut().map(|slot| place(slot)).collect();
    let mut batch = Batch::new(8);
    // SAFETY: the places are live mutable slices.
    let first = unsafe { batch.receive(right.as_fd(), &mut places, Look::default()) }.unwrap().next().unwrap();
    assert_eq!(first.fds.len(), 1);
    drop(first);
    assert_eq!(reader.read_to_end(&mut Vec::new()).unwrap(), 0);
}

#[test]
fn many_messages_go_in_one_call_as_far_as_there_is_room() {
    let (left, right) = pair(libc::SOCK_SEQPACKET);
    let data = vec![7_u8; 60_000];
    let parts = [libc::iovec { iov_base: data.as_ptr().cast_mut().cast(), iov_len: data.len() }];
    let message = Outgoing { parts: &parts, control: &[], to: None, flags: 0, unnamed: false };
    let messages: Vec<_> = (0..32).map(|_| message).collect();
    let mut taken = [0; 32];
    // SAFETY: the one part is a live slice.
    let count = unsafe { send_many(left.as_fd(), &messages, &mut taken) }.unwrap();
    assert!(count > 0 && count < 32);
    assert!(taken[..count].iter().all(|bytes| *bytes == 60_000));
    let mut came = 0;
    while get(right.as_fd(), &mut [0; 10], true).is_ok_and(|received| received.length == 60_000) {
        came += 1;
    }
    assert_eq!(came, count);
    drop(right);
    // SAFETY: as above.
    assert_eq!(unsafe { send_many(left.as_fd(), &messages, &mut taken) }, Err(Errno::EPIPE));
}
