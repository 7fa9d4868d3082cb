//! Any descriptor: duplicating, reading and writing without waiting, ioctl.
//!
//! O_NONBLOCK belongs to the description that other processes share, so nothing here changes it.

use crate::os::{calls, SYSTEM};
use crate::syscall::{self, retry};
use crate::{option, Errno, Result};
use nix::fcntl::{fcntl, FcntlArg, FdFlag, OFlag};
use nix::sys::socket::MsgFlags;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// What a read or write that must not wait came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// So many bytes; a read of 0 is the end.
    Done(usize),
    /// Nothing now: wait until the descriptor is ready, then try again.
    Again,
    /// This kind of descriptor cannot promise not to wait: do it on another thread.
    Thread,
}

/// A duplicate (dup(2)): same description, close-on-exec, never numbered 0 to 2.
#[allow(unsafe_code)]
pub fn duplicate(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    let number = fcntl(fd, FcntlArg::F_DUPFD_CLOEXEC(3))?;
    // SAFETY: the kernel has just given us this number; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

/// Moves a number of standard input, output or error up, so that no log ever goes into a socket.
pub fn above_stdio(fd: OwnedFd) -> Result<OwnedFd> {
    if fd.as_raw_fd() > 2 {
        Ok(fd)
    } else {
        duplicate(std::os::fd::AsFd::as_fd(&fd))
    }
}

/// FD_CLOEXEC, for descriptors that their system does not make that way.
pub(crate) fn close_on_exec(fd: BorrowedFd<'_>) -> Result<()> {
    fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).map(drop)
}

/// The status flags (F_GETFL): access mode, O_NONBLOCK, O_APPEND and the like.
pub fn flags(fd: BorrowedFd<'_>) -> Result<i32> {
    fcntl(fd, FcntlArg::F_GETFL)
}

/// Turns O_NONBLOCK on or off for everyone who shares the description. Returns whether it was on before.
pub fn set_nonblocking(fd: BorrowedFd<'_>, on: bool) -> Result<bool> {
    let before = OFlag::from_bits_retain(flags(fd)?);
    let mut after = before;
    after.set(OFlag::O_NONBLOCK, on);
    if after != before {
        fcntl(fd, FcntlArg::F_SETFL(after))?;
    }
    Ok(before.contains(OFlag::O_NONBLOCK))
}

fn is_socket(fd: BorrowedFd<'_>) -> bool {
    option::get_number(fd, libc::SO_TYPE).is_ok()
}

fn progress(result: Result<usize>) -> Result<Progress> {
    match result {
        Ok(count) => Ok(Progress::Done(count)),
        Err(Errno::EAGAIN) => Ok(Progress::Again),
        Err(errno) => Err(errno),
    }
}

/// read(2) that never waits. A datagram that is longer than the buffer is cut; its true length is returned.
pub fn read(fd: BorrowedFd<'_>, buffer: &mut [u8]) -> Result<Progress> {
    if let Ok(kind) = option::get_number(fd, libc::SO_TYPE) {
        // With MSG_TRUNC a datagram tells its true length; on TCP the same flag would throw data away.
        let whole = if kind == libc::SOCK_STREAM { MsgFlags::empty() } else { MsgFlags::MSG_TRUNC };
        let flags = MsgFlags::MSG_DONTWAIT | whole;
        return progress(retry(|| nix::sys::socket::recv(fd.as_raw_fd(), buffer, flags)));
    }
    without_waiting(fd, libc::POLLIN, retry(|| calls::read_nowait(fd, buffer)), || {
        retry(|| nix::unistd::read(fd, buffer))
    })
}

/// write(2) that never waits. A socket whose peer has gone gives `EPIPE`, never a signal.
pub fn write(fd: BorrowedFd<'_>, data: &[u8]) -> Result<Progress> {
    if is_socket(fd) {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::from_bits_retain(SYSTEM.no_signal);
        return progress(retry(|| nix::sys::socket::send(fd.as_raw_fd(), data, flags)));
    }
    without_waiting(fd, libc::POLLOUT, retry(|| calls::write_nowait(fd, data)), || {
        retry(|| nix::unistd::write(fd, data))
    })
}

/// Judges the RWF_NOWAIT attempt; kinds that refuse the flag (FIFO, tty, pty, inotify) need another way.
fn without_waiting(
    fd: BorrowedFd<'_>,
    ready: i16,
    attempt: Result<usize>,
    plain: impl FnOnce() -> Result<usize>,
) -> Result<Progress> {
    match attempt {
        Ok(count) => Ok(Progress::Done(count)),
        // For a regular file this means "not in the page cache", and no poller will ever tell when it is.
        Err(Errno::EAGAIN) => Ok(if can_poll(fd) { Progress::Again } else { Progress::Thread }),
        Err(Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EINVAL | Errno::ESPIPE) => {
            if OFlag::from_bits_retain(flags(fd)?).contains(OFlag::O_NONBLOCK) {
                return progress(plain());
            }
            let now = syscall::poll_now(fd, ready)?;
            Ok(if now == 0 { Progress::Again } else { Progress::Thread })
        }
        Err(errno) => Err(errno),
    }
}

/// Regular files and directories are always ready for poll and refused by epoll.
fn can_poll(fd: BorrowedFd<'_>) -> bool {
    use nix::sys::stat::{fstat, SFlag};
    fstat(fd).is_ok_and(|seen| {
        let kind = SFlag::from_bits_truncate(seen.st_mode) & SFlag::S_IFMT;
        kind != SFlag::S_IFREG && kind != SFlag::S_IFDIR && kind != SFlag::S_IFBLK
    })
}

/// ioctl(2) with a number.
pub fn ioctl_number(fd: BorrowedFd<'_>, request: u64, argument: i64) -> Result<i32> {
    syscall::ioctl_number(fd, request, argument)
}

/// ioctl(2) with a buffer, which the kernel may read and write.
pub fn ioctl_buffer(fd: BorrowedFd<'_>, request: u64, argument: &mut [u8]) -> Result<i32> {
    syscall::ioctl_buffer(fd, request, argument)
}
