#![allow(unsafe_code)]
//! Out of descriptors: alone in its file, because it lowers the limit of the whole process.

use nix::sys::resource::{getrlimit, setrlimit, Resource};
use std::os::fd::{AsFd, AsRawFd};
use unix_socket::control::{ControlMessage, Encoder};
use unix_socket::{message, reaper, receive, socket};

fn open_count() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn descriptors_that_came_before_the_limit_are_closed_and_the_data_is_kept() {
    let (left, right) = socket::pair(libc::SOCK_SEQPACKET).unwrap();
    let rights: Vec<u8> = std::iter::repeat_n(left.as_raw_fd(), 5).flat_map(i32::to_ne_bytes).collect();
    let mut control = Encoder::default();
    control.push(ControlMessage { level: libc::SOL_SOCKET, kind: libc::SCM_RIGHTS, data: &rights });
    let control = control.finish();
    let mut data = *b"kept";
    let parts = [libc::iovec { iov_base: data.as_mut_ptr().cast(), iov_len: 4 }];
    let message = message::Outgoing { parts: &parts, control: &control, to: None, flags: 0, unnamed: false };
    // SAFETY: the one part is a live array.
    unsafe { message::send(left.as_fd(), &message) }.unwrap();
    let before = open_count();
    let highest = left.as_raw_fd().max(right.as_raw_fd()) as libc::rlim_t;
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, highest + 3, hard).unwrap();
    data = [0; 4];
    let look = receive::Look { whole: true, ..receive::Look::default() };
    // SAFETY: the place is a live mutable array.
    let received = unsafe { receive::receive(right.as_fd(), receive::place(&mut data), look) }.unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    assert_eq!((received.copied, received.fds_truncated, received.fds.len()), (4, true, 0));
    assert_eq!(&data, b"kept");
    assert!(reaper::wait_quiet(std::time::Duration::from_secs(20)));
    assert_eq!(open_count(), before);
}
