#![allow(unsafe_code)]
//! Linux with glibc: calls that never wait here, by number. glibc's functions for them are cancellation points: in a program with
//! threads each costs two atomic operations more, 50 ns, a twentieth of a small message. Elsewhere `libc` has this place.
//!
//! Arguments and results are those of libc's functions.

use libc::{c_int, c_long, mmsghdr, msghdr, sockaddr, socklen_t, ssize_t, syscall, timespec};

/// # Safety
/// As sendmsg(2).
pub(crate) unsafe fn sendmsg(fd: c_int, header: *const msghdr, flags: c_int) -> ssize_t {
    // SAFETY: upheld by the caller.
    unsafe { syscall(libc::SYS_sendmsg, c_long::from(fd), header, c_long::from(flags)) as ssize_t }
}

/// # Safety
/// As recvmsg(2).
pub(crate) unsafe fn recvmsg(fd: c_int, header: *mut msghdr, flags: c_int) -> ssize_t {
    // SAFETY: upheld by the caller.
    unsafe { syscall(libc::SYS_recvmsg, c_long::from(fd), header, c_long::from(flags)) as ssize_t }
}

/// # Safety
/// As sendmmsg(2).
pub(crate) unsafe fn sendmmsg(fd: c_int, headers: *mut mmsghdr, count: u32, flags: c_int) -> c_int {
    let count = count as c_long;
    // SAFETY: upheld by the caller.
    unsafe { syscall(libc::SYS_sendmmsg, c_long::from(fd), headers, count, c_long::from(flags)) as c_int }
}

/// # Safety
/// As recvmmsg(2).
pub(crate) unsafe fn recvmmsg(
    fd: c_int,
    headers: *mut mmsghdr,
    count: u32,
    flags: c_int,
    timeout: *mut timespec,
) -> c_int {
    let count = count as c_long;
    // SAFETY: upheld by the caller.
    unsafe { syscall(libc::SYS_recvmmsg, c_long::from(fd), headers, count, c_long::from(flags), timeout) as c_int }
}

/// # Safety
/// As accept4(2).
pub(crate) unsafe fn accept4(fd: c_int, address: *mut sockaddr, length: *mut socklen_t, flags: c_int) -> c_int {
    // SAFETY: upheld by the caller.
    unsafe { syscall(libc::SYS_accept4, c_long::from(fd), address, length, c_long::from(flags)) as c_int }
}

/// # Safety
/// As connect(2).
pub(crate) unsafe fn connect(fd: c_int, address: *const sockaddr, length: socklen_t) -> c_int {
    // SAFETY: upheld by the caller.
    unsafe { syscall(libc::SYS_connect, c_long::from(fd), address, length as c_long) as c_int }
}
