//! Memory files (memfd): made, and sealed so that a receiver can trust that nobody changes them.
//!
//! Linux and FreeBSD 13; `ENOSYS` elsewhere. What seals mean is the business of the TypeScript layer.

use crate::descriptor::above_stdio;
use crate::os::calls;
use crate::{Errno, Result};
use std::ffi::CString;
use std::os::fd::{BorrowedFd, OwnedFd};

/// memfd_create(2), close-on-exec, with sealing allowed. The name is for /proc only. `EINVAL`: it is longer than 249 bytes or has a NUL.
pub fn create(name: &str) -> Result<OwnedFd> {
    let name = CString::new(name).map_err(|_| Errno::EINVAL)?;
    above_stdio(calls::memory_file(&name)?)
}

/// The seals (F_GET_SEALS). `EINVAL`: this kind of file has none.
pub fn seals(fd: BorrowedFd<'_>) -> Result<i32> {
    calls::seals(fd)
}

/// Adds seals (F_ADD_SEALS), for good. `EPERM`: it is sealed against that, or was not opened for writing. `EBUSY`: it is mapped.
pub fn add_seals(fd: BorrowedFd<'_>, seals: i32) -> Result<()> {
    calls::add_seals(fd, seals)
}
