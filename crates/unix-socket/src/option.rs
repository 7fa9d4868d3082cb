//! Socket options: any of them as bytes, and the few that we set ourselves as typed functions.

use crate::{syscall, Errno, Result};
use std::os::fd::BorrowedFd;

/// getsockopt(2): returns how many bytes of `buffer` were filled.
pub fn get(fd: BorrowedFd<'_>, level: i32, name: i32, buffer: &mut [u8]) -> Result<usize> {
    syscall::get_option(fd, level, name, buffer)
}

/// setsockopt(2).
pub fn set(fd: BorrowedFd<'_>, level: i32, name: i32, value: &[u8]) -> Result<()> {
    syscall::set_option(fd, level, name, value)
}

/// An integer option at SOL_SOCKET.
pub fn get_number(fd: BorrowedFd<'_>, name: i32) -> Result<i32> {
    let mut buffer = [0; 4];
    match get(fd, libc::SOL_SOCKET, name, &mut buffer)? {
        4 => Ok(i32::from_ne_bytes(buffer)),
        _ => Err(Errno::EINVAL),
    }
}

/// Sets an integer option at SOL_SOCKET.
pub fn set_number(fd: BorrowedFd<'_>, name: i32, value: i32) -> Result<()> {
    set(fd, libc::SOL_SOCKET, name, &value.to_ne_bytes())
}
