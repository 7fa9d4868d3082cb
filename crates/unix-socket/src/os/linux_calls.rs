#![allow(unsafe_code)]
//! Linux: the system calls that no other system has. Their counterpart for everyone else is `other_calls.rs`.
//!
//! By number, because a C library has a function for them only since glibc 2.26 to 2.34 or musl 1.2.5, and an addon that names a
//! missing one does not load.

use super::linux::PidfdInfo;
use crate::syscall::{check, check_size};
use crate::{Errno, Result};
use libc::{c_int, c_long, c_uint, c_void, iovec, syscall};
use nix::fcntl::{fcntl, FcntlArg, SealFlag};
use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// PIDFD_GET_INFO: `_IOWR(0xFF, 11, struct pidfd_info)` with the first published size of the structure.
const PIDFD_GET_INFO: u64 = nix::request_code_readwrite!(0xFF, 11, size_of::<PidfdInfo>()) as u64;

/// What is told of a peer that there is not.
pub(crate) const NO_PEER: Errno = Errno::ENODATA;

/// preadv2(2) at the current position that does not wait.
pub(crate) fn read_nowait(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<usize> {
    let part = iovec { iov_base: buffer.as_mut_ptr().cast::<c_void>(), iov_len: buffer.len() };
    // SAFETY: the one iovec describes a live mutable slice.
    unsafe { at_position(libc::SYS_preadv2, fd, &part) }
}

/// pwritev2(2) at the current position that does not wait.
pub(crate) fn write_nowait(fd: BorrowedFd<'_>, data: &[u8]) -> Result<usize> {
    let part = iovec { iov_base: data.as_ptr().cast_mut().cast::<c_void>(), iov_len: data.len() };
    // SAFETY: the one iovec describes a live slice that the kernel only reads.
    unsafe { at_position(libc::SYS_pwritev2, fd, &part) }
}

/// Offset -1 means the current position; it has two halves, of which a kernel of 64 bits uses the first.
///
/// # Safety
/// The part must be valid for what the call does with it.
unsafe fn at_position(call: c_long, fd: BorrowedFd<'_>, part: &iovec) -> Result<usize> {
    let (one, position, flags): (c_long, c_long, c_long) = (1, -1, libc::RWF_NOWAIT as c_long);
    // SAFETY: upheld by the caller.
    #[allow(clippy::unnecessary_cast)]
    check_size(unsafe { syscall(call, c_long::from(fd.as_raw_fd()), part, one, position, position, flags) } as isize)
}

/// renameat2(2) within a directory, which replaces nothing. `EINVAL`, `ENOSYS`: not on this file system, or kernel.
pub(crate) fn rename_new(directory: BorrowedFd<'_>, from: &CStr, to: &CStr) -> Result<()> {
    let directory = c_long::from(directory.as_raw_fd());
    let flags = libc::RENAME_NOREPLACE as c_long;
    // SAFETY: two strings with their NUL, which the kernel only reads.
    let result = unsafe { syscall(libc::SYS_renameat2, directory, from.as_ptr(), directory, to.as_ptr(), flags) };
    check(result as c_int).map(drop)
}

/// memfd_create(2), close-on-exec, with sealing allowed.
pub(crate) fn memory_file(name: &CStr) -> Result<OwnedFd> {
    let flags: c_uint = libc::MFD_CLOEXEC | libc::MFD_ALLOW_SEALING;
    // SAFETY: a string with its NUL, which the kernel only reads.
    let fd = check(unsafe { syscall(libc::SYS_memfd_create, name.as_ptr(), flags) } as c_int)?;
    // SAFETY: the kernel has just given us this number; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// F_GET_SEALS.
pub(crate) fn seals(fd: BorrowedFd<'_>) -> Result<i32> {
    fcntl(fd, FcntlArg::F_GET_SEALS)
}

/// F_ADD_SEALS.
pub(crate) fn add_seals(fd: BorrowedFd<'_>, seals: i32) -> Result<()> {
    fcntl(fd, FcntlArg::F_ADD_SEALS(SealFlag::from_bits_retain(seals))).map(drop)
}

/// PIDFD_GET_INFO.
pub(crate) fn pidfd_info(pidfd: BorrowedFd<'_>, info: &mut PidfdInfo) -> Result<()> {
    // SAFETY: the request number carries the size of this very structure, which lives for the call.
    check(unsafe { libc::ioctl(pidfd.as_raw_fd(), PIDFD_GET_INFO as _, info) }).map(drop)
}

/// close_range(2) of numbers that are all the caller's (Linux 5.9). An error has closed none of them.
pub(crate) fn close_range(first: c_int, last: c_int) -> Result<()> {
    // SAFETY: takes integers only.
    check(unsafe { syscall(libc::SYS_close_range, first, last, 0) } as c_int).map(drop)
}

/// pidfd_send_signal(2).
pub(crate) fn pidfd_send_signal(pidfd: BorrowedFd<'_>, number: c_int) -> Result<()> {
    let nobody = std::ptr::null::<libc::siginfo_t>();
    // SAFETY: no siginfo is given: the kernel fills in that of kill(2).
    let result = unsafe { syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), number, nobody, 0) };
    check(result as c_int).map(drop)
}
