//! Processes as descriptors (pidfds): who the peer of a socket is, whatever has become of its number, and what the kernel says of it.
//!
//! Linux 6.5 and newer. Nothing here opens a pidfd by number: the process behind a number may be another one by now.

use crate::credentials::Ids;
use crate::os::{calls, PidfdInfo, PIDFD_INFO_CREDS, PIDFD_INFO_EXIT, PIDFD_INFO_PID, SO_PEERPIDFD};
use crate::{descriptor, option, syscall, Errno, Result};
use std::fs;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// Real, effective and saved ids of one process at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessIds {
    /// Real ids.
    pub real: Ids,
    /// Effective ids.
    pub effective: Ids,
    /// Saved ids.
    pub saved: Ids,
}

/// What PIDFD_GET_INFO told; `None` for what it did not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ProcessInfo {
    /// Process id in our namespace.
    pub pid: Option<u32>,
    /// Its ids. Nobody is told of a process that has been reaped.
    pub ids: Option<ProcessIds>,
    /// The wait status of a process that has been reaped (Linux 6.15), as of waitpid(2).
    pub exit: Option<i32>,
}

/// SO_PEERPIDFD. `ENOPROTOOPT`: the kernel has no such option (before Linux 6.5). `ENODATA`: there is no peer.
/// `EINVAL` or `ESRCH`: it has been reaped (before 6.16). `EMFILE`, `ENFILE`: no descriptor is free.
#[allow(unsafe_code)]
pub fn peer(fd: BorrowedFd<'_>) -> Result<OwnedFd> {
    let number = option::get_number(fd, SO_PEERPIDFD)?;
    if number < 0 {
        return Err(calls::NO_PEER);
    }
    // SAFETY: the kernel has just installed this number for us; nobody else owns it.
    descriptor::above_stdio(unsafe { OwnedFd::from_raw_fd(number) })
}

/// PIDFD_GET_INFO. `ENOTTY` before Linux 6.13, `ESRCH` where nothing is known any more or the process is outside our namespace.
pub fn info(pidfd: BorrowedFd<'_>) -> Result<ProcessInfo> {
    let mut info = PidfdInfo { mask: PIDFD_INFO_PID | PIDFD_INFO_CREDS | PIDFD_INFO_EXIT, ..PidfdInfo::default() };
    calls::pidfd_info(pidfd, &mut info)?;
    let told = |bit: u64| info.mask & bit != 0;
    let ids = ProcessIds {
        real: Ids { uid: info.ruid, gid: info.rgid },
        effective: Ids { uid: info.euid, gid: info.egid },
        saved: Ids { uid: info.suid, gid: info.sgid },
    };
    Ok(ProcessInfo {
        pid: (told(PIDFD_INFO_PID) && info.tgid > 0).then_some(info.tgid),
        ids: told(PIDFD_INFO_CREDS).then_some(ids),
        exit: told(PIDFD_INFO_EXIT).then_some(info.exit_code),
    })
}

/// Whether the process has ended. Linux: a pidfd is readable from then on, also before it is reaped.
pub fn has_ended(pidfd: BorrowedFd<'_>) -> Result<bool> {
    Ok(syscall::poll_now(pidfd, libc::POLLIN)? != 0)
}

/// pidfd_send_signal(2). `ESRCH` when it has ended; 0 only asks whether it could be sent.
pub fn signal(pidfd: BorrowedFd<'_>, number: i32) -> Result<()> {
    calls::pidfd_send_signal(pidfd, number)
}

/// The supplementary groups of a living process, from /proc, whose number for it comes from the pidfd itself.
///
/// The process is asked for before and after: a number is not used again while its process lives.
pub fn groups(pidfd: BorrowedFd<'_>) -> Result<Vec<u32>> {
    let about = fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd())).map_err(|_| Errno::ENOENT)?;
    let pid: u32 = field(&about, "Pid:").and_then(|text| text.trim().parse().ok()).ok_or(Errno::ESRCH)?;
    if pid == 0 {
        return Err(Errno::ESRCH);
    }
    let status = fs::read_to_string(format!("/proc/{pid}/status")).map_err(|_| Errno::ESRCH)?;
    let groups = field(&status, "Groups:").ok_or(Errno::ESRCH)?;
    if has_ended(pidfd)? {
        return Err(Errno::ESRCH);
    }
    groups.split_whitespace().map(|id| id.parse().map_err(|_| Errno::EINVAL)).collect()
}

fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix(name))
}
