#![allow(unsafe_code)]
//! Messages over real sockets: what goes in comes out, whole, owned and in order.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use unix_socket::control::{ControlMessage, Encoder};
use unix_socket::message::{send, Outgoing};
use unix_socket::receive::{receive, Received};
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
    let mut parts = [libc::iovec { iov_base: buffer.as_mut_ptr().cast(), iov_len: buffer.len() }];
    // SAFETY: the one part is a live mutable slice.
    unsafe { receive(fd, &mut parts, records, false) }
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
