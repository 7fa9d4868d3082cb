//! Linux: `struct ucred` as bytes, and what the kernel remembers of the peer of a connected socket.
//!
//! Decides what is an identity and what is not; what to call it is the business of the TypeScript layer.

use super::{Absence, Credentials, Fact, Ids, Peer, Source, Ucred, When};
use crate::os::linux::{SCM_CREDENTIALS, SO_DOMAIN, SO_PEERGROUPS, SO_PEERSEC};
use crate::{option, process, Errno, Result};
use std::os::fd::{AsFd, BorrowedFd};

/// Socket option: who the peer was when it connected.
const SO_PEERCRED: i32 = 17;
const GROUPS_USUAL: usize = 64;
/// NGROUPS_MAX.
const GROUPS_MAX: usize = 65_536;
/// A security module has no limit; the kernel's attributes fit into one page.
const LABEL_MAX: usize = 4096;

/// A control message that tells who sent it, or `None`.
pub(super) fn received(level: i32, kind: i32, data: &[u8]) -> Option<Ucred> {
    ((level, kind) == (libc::SOL_SOCKET, SCM_CREDENTIALS)).then(|| Ucred::decode(data)).flatten()
}

/// SO_PEERCRED, SO_PEERGROUPS and SO_PEERSEC for what was true as the connection was made, and the peer's pidfd for what is true now.
pub(super) fn peer(fd: BorrowedFd<'_>) -> Result<Peer> {
    if option::get_number(fd, SO_DOMAIN)? != libc::AF_UNIX {
        return Ok(Peer::Absent(Absence::NotUnix));
    }
    if option::get_number(fd, libc::SO_ACCEPTCONN)? != 0 {
        return Ok(Peer::Absent(Absence::Listening));
    }
    let Some(ucred) = peer_ucred(fd)? else {
        return Ok(Peer::Absent(Absence::NotConnected));
    };
    let fact = |id: u32| Some(Fact::new(id, Source::PeerCred, When::Connect));
    let mut found = Credentials {
        pid: (ucred.pid > 0).then_some(Fact::new(ucred.pid, Source::PeerCred, When::Connect)),
        uid: fact(ucred.uid),
        gid: fact(ucred.gid),
        effective: Some(Fact::new(Ids { uid: ucred.uid, gid: ucred.gid }, Source::PeerCred, When::Connect)),
        groups: peer_groups(fd).ok().map(|groups| Fact::new(groups, Source::PeerGroups, When::Connect)),
        label: peer_label(fd).ok().map(|label| Fact::new(label, Source::PeerSec, When::Connect)),
        ..Credentials::default()
    };
    // The pidfd is that of the process in SO_PEERCRED, whatever has become of its number.
    if let Some(ids) = process::peer(fd).and_then(|pidfd| process::info(pidfd.as_fd())).ok().and_then(|info| info.ids) {
        found.real = Some(Fact::new(ids.real, Source::PidfdInfo, When::Query));
        found.saved = Some(Fact::new(ids.saved, Source::PidfdInfo, When::Query));
    }
    Ok(Peer::Known(found))
}

/// SO_PEERCRED: who connected, listened or made the pair. `None` where the kernel has no peer to speak of (uid is -1).
fn peer_ucred(fd: BorrowedFd<'_>) -> Result<Option<Ucred>> {
    let mut buffer = [0; 12];
    let length = option::get(fd, libc::SOL_SOCKET, SO_PEERCRED, &mut buffer)?;
    let ucred = Ucred::decode(&buffer[..length]).ok_or(Errno::EINVAL)?;
    Ok((ucred.uid != u32::MAX || ucred.pid != 0).then_some(ucred))
}

/// SO_PEERGROUPS: the supplementary groups of the peer when it connected. Empty is a true answer; `ENODATA` means no peer.
fn peer_groups(fd: BorrowedFd<'_>) -> Result<Vec<u32>> {
    let mut usual = [0; 4 * GROUPS_USUAL];
    match option::get(fd, libc::SOL_SOCKET, SO_PEERGROUPS, &mut usual) {
        Ok(length) => Ok(numbers(&usual[..length])),
        Err(Errno::ERANGE) => {
            let mut most = vec![0; 4 * GROUPS_MAX];
            option::get(fd, libc::SOL_SOCKET, SO_PEERGROUPS, &mut most).map(|length| numbers(&most[..length]))
        }
        Err(errno) => Err(errno),
    }
}

fn numbers(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|id| u32::from_ne_bytes([id[0], id[1], id[2], id[3]])).collect()
}

/// SO_PEERSEC: the security label of the peer. `ENOPROTOOPT` where no security module keeps one.
fn peer_label(fd: BorrowedFd<'_>) -> Result<Vec<u8>> {
    let mut buffer = [0; LABEL_MAX];
    let length = option::get(fd, libc::SOL_SOCKET, SO_PEERSEC, &mut buffer)?;
    let label = &buffer[..length];
    Ok(label.strip_suffix(&[0]).unwrap_or(label).to_vec())
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
