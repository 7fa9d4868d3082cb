//! Credentials: `struct ucred` as bytes, and what the kernel remembers of the peer of a connected socket.
//!
//! Decides what is an identity and what is not; what to call it is the business of the TypeScript layer.

use crate::os::SO_PEERGROUPS;
use crate::{option, Errno, Result};
use std::os::fd::BorrowedFd;

/// A process, user and group id as the kernel tells them (`struct ucred`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ucred {
    /// Process id; 0 where the kernel has none to give, or the process lives outside our namespace.
    pub pid: i32,
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

impl Ucred {
    /// Reads the payload of SCM_CREDENTIALS or the value of SO_PEERCRED.
    pub fn decode(data: &[u8]) -> Option<Self> {
        let word = |at: usize| data.get(at..at + 4)?.try_into().ok();
        Some(Self {
            pid: i32::from_ne_bytes(word(0)?),
            uid: u32::from_ne_bytes(word(4)?),
            gid: u32::from_ne_bytes(word(8)?),
        })
    }
}

/// SO_PEERCRED: who connected, listened or made the pair. `None` where the kernel has no peer to speak of (uid is -1).
pub fn peer(fd: BorrowedFd<'_>) -> Result<Option<Ucred>> {
    let mut buffer = [0; 12];
    let length = option::get(fd, libc::SOL_SOCKET, libc::SO_PEERCRED, &mut buffer)?;
    let ucred = Ucred::decode(&buffer[..length]).ok_or(Errno::EINVAL)?;
    Ok((ucred.uid != u32::MAX || ucred.pid != 0).then_some(ucred))
}

/// SO_PEERGROUPS: the supplementary groups of the peer when it connected. Empty is a true answer; `ENODATA` means no peer.
pub fn peer_groups(fd: BorrowedFd<'_>) -> Result<Vec<u32>> {
    let mut buffer = vec![0; 4 * 64];
    loop {
        match option::get(fd, libc::SOL_SOCKET, SO_PEERGROUPS, &mut buffer) {
            // The kernel allows 65,536 groups.
            Err(Errno::ERANGE) if buffer.len() < 4 * 65_536 => buffer.resize(4 * 65_536, 0),
            Err(errno) => return Err(errno),
            Ok(length) => {
                return Ok(buffer[..length]
                    .chunks_exact(4)
                    .map(|id| u32::from_ne_bytes([id[0], id[1], id[2], id[3]]))
                    .collect())
            }
        }
    }
}

/// SO_PEERSEC: the security label of the peer, without its trailing NUL. `ENOPROTOOPT` where no security module keeps one.
pub fn peer_label(fd: BorrowedFd<'_>) -> Result<Vec<u8>> {
    let mut buffer = vec![0; 4096];
    let length = option::get(fd, libc::SOL_SOCKET, libc::SO_PEERSEC, &mut buffer)?;
    buffer.truncate(length);
    if buffer.last() == Some(&0) {
        buffer.pop();
    }
    Ok(buffer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ucred_is_three_words_and_nothing_shorter() {
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&7_i32.to_ne_bytes());
        bytes.extend_from_slice(&1001_u32.to_ne_bytes());
        bytes.extend_from_slice(&u32::MAX.to_ne_bytes());
        assert_eq!(Ucred::decode(&bytes), Some(Ucred { pid: 7, uid: 1001, gid: u32::MAX }));
        assert_eq!(Ucred::decode(&bytes[..11]), None);
    }
}
