//! What stands for the system calls of Linux everywhere else: each says that it does not exist (`ENOSYS`), and its callers do without
//! or pass that on. Memory files are the exception, which FreeBSD has too.

use super::linux::PidfdInfo;
use crate::{Errno, Result};
use std::ffi::CStr;
use std::os::fd::BorrowedFd;

/// What is told of a peer that there is not: FreeBSD has no ENODATA.
pub(crate) const NO_PEER: Errno = Errno::ENOTCONN;

/// There is no read for any kind of descriptor that promises not to wait.
pub(crate) fn read_nowait(_: BorrowedFd<'_>, _: &mut [u8]) -> Result<usize> {
    Err(Errno::ENOSYS)
}

/// Nor such a write.
pub(crate) fn write_nowait(_: BorrowedFd<'_>, _: &[u8]) -> Result<usize> {
    Err(Errno::ENOSYS)
}

/// A rename replaces what is there. A second link does not.
pub(crate) fn rename_new(_: BorrowedFd<'_>, _: &CStr, _: &CStr) -> Result<()> {
    Err(Errno::ENOSYS)
}

/// There are no pidfds.
pub(crate) fn pidfd_info(_: BorrowedFd<'_>, _: &mut PidfdInfo) -> Result<()> {
    Err(Errno::ENOSYS)
}

/// As above.
pub(crate) fn pidfd_send_signal(_: BorrowedFd<'_>, _: i32) -> Result<()> {
    Err(Errno::ENOSYS)
}

/// Some have one. What is closed here is closed one by one.
pub(crate) fn close_range(_: i32, _: i32) -> Result<()> {
    Err(Errno::ENOSYS)
}

pub(crate) use memory::{add_seals, memory_file, seals};

/// FreeBSD 13.
#[cfg(unix_os = "freebsd")]
mod memory {
    use crate::Result;
    use nix::fcntl::{fcntl, FcntlArg, SealFlag};
    use nix::sys::memfd::{memfd_create, MFdFlags};
    use std::ffi::CStr;
    use std::os::fd::{BorrowedFd, OwnedFd};

    /// memfd_create(3), close-on-exec, with sealing allowed.
    pub(crate) fn memory_file(name: &CStr) -> Result<OwnedFd> {
        memfd_create(name, MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING)
    }

    /// F_GET_SEALS.
    pub(crate) fn seals(fd: BorrowedFd<'_>) -> Result<i32> {
        fcntl(fd, FcntlArg::F_GET_SEALS)
    }

    /// F_ADD_SEALS.
    pub(crate) fn add_seals(fd: BorrowedFd<'_>, seals: i32) -> Result<()> {
        fcntl(fd, FcntlArg::F_ADD_SEALS(SealFlag::from_bits_retain(seals))).map(drop)
    }
}

/// No file here is without a name and can be sealed.
#[cfg(not(unix_os = "freebsd"))]
mod memory {
    use crate::{Errno, Result};
    use std::ffi::CStr;
    use std::os::fd::{BorrowedFd, OwnedFd};

    /// `ENOSYS`.
    pub(crate) fn memory_file(_: &CStr) -> Result<OwnedFd> {
        Err(Errno::ENOSYS)
    }

    /// `EINVAL`, as Linux says of files that cannot be sealed.
    pub(crate) fn seals(_: BorrowedFd<'_>) -> Result<i32> {
        Err(Errno::EINVAL)
    }

    /// As above.
    pub(crate) fn add_seals(_: BorrowedFd<'_>, _: i32) -> Result<()> {
        Err(Errno::EINVAL)
    }
}
