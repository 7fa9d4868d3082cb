//! Paths of any length: a descriptor of a file or directory without permission to use it (O_PATH), reached in steps.
//!
//! Linux: `/proc/self/fd/N` then stands for a path that is too long for an address, and for exactly the file that was opened.

use crate::os::SYSTEM;
use crate::syscall::retry;
use crate::{Errno, Result};
use nix::fcntl::{openat, OFlag, AT_FDCWD};
use nix::sys::stat::Mode;
use std::ffi::OsStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

/// Longest path that one open takes, with its NUL (PATH_MAX).
const STEP_MAX: usize = 4095;

/// What says that the file is not going to be used: a socket cannot be opened otherwise, and a directory need not be readable.
pub(crate) const UNUSED: OFlag = OFlag::from_bits_retain(SYSTEM.open_directory);

/// A path in its two parts: where it lies, and the last component.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split<'a> {
    /// The directory; empty for the current one.
    pub directory: &'a [u8],
    /// The last component.
    pub name: &'a [u8],
}

/// Splits at the last slash.
pub fn split(path: &[u8]) -> Split<'_> {
    match path.iter().rposition(|&byte| byte == b'/') {
        None => Split { directory: b"", name: path },
        Some(at) => Split { directory: &path[..=at], name: &path[at + 1..] },
    }
}

/// Opens a directory without needing permission to read it. An empty path is the current directory.
pub fn open_directory(path: &[u8]) -> Result<OwnedFd> {
    let path = if path.is_empty() { b"." } else { path };
    open_in_steps(path, OFlag::O_DIRECTORY)
}

/// Linux: opens the file itself, following links, without using it.
pub fn open_file(path: &[u8]) -> Result<OwnedFd> {
    open_in_steps(path, OFlag::empty())
}

/// The name under which the kernel knows an open descriptor of this process.
pub fn of_descriptor(fd: BorrowedFd<'_>) -> Vec<u8> {
    format!("/proc/self/fd/{}", fd.as_raw_fd()).into_bytes()
}

fn open_in_steps(path: &[u8], last: OFlag) -> Result<OwnedFd> {
    let mut base: Option<OwnedFd> = None;
    let mut rest = path;
    while rest.len() > STEP_MAX {
        let cut =
            rest[..STEP_MAX].iter().rposition(|&byte| byte == b'/').filter(|&at| at > 0).ok_or(Errno::ENAMETOOLONG)?;
        base = Some(open(base.as_ref(), &rest[..cut], OFlag::O_DIRECTORY)?);
        rest = &rest[cut..];
        // The next step is relative to the one before it.
        rest = &rest[rest.iter().take_while(|&&byte| byte == b'/').count()..];
    }
    open(base.as_ref(), if rest.is_empty() { b"." } else { rest }, last)
}

fn open(base: Option<&OwnedFd>, path: &[u8], flags: OFlag) -> Result<OwnedFd> {
    let base = base.map_or(AT_FDCWD, AsFd::as_fd);
    retry(|| openat(base, OsStr::from_bytes(path), UNUSED | OFlag::O_CLOEXEC | flags, Mode::empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_splits_at_its_last_slash() {
        assert_eq!(split(b"/run/app.sock"), Split { directory: b"/run/", name: b"app.sock" });
        assert_eq!(split(b"app.sock"), Split { directory: b"", name: b"app.sock" });
        assert_eq!(split(b"/x"), Split { directory: b"/", name: b"x" });
    }

    #[test]
    fn a_directory_deeper_than_one_open_can_name_is_reached() {
        let path = b"/usr/../".repeat(800);
        assert!(path.len() > STEP_MAX);
        let fd = open_directory(&path).unwrap();
        let seen = nix::sys::stat::fstat(&fd).unwrap();
        let root = nix::sys::stat::stat("/").unwrap();
        assert_eq!((seen.st_dev, seen.st_ino), (root.st_dev, root.st_ino));
    }
}
