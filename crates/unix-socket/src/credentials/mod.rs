//! Credentials: who a process is. Each fact comes with its source (which mechanism told it) and with the time at which it was true.
//!
//! One file per operating system decodes that system's structures into the types here and asks it for the peer of a socket; the file
//! is chosen by our own alias `unix_os`. Nothing here decides what to do with an identity, and nothing guesses: what is not told is `None`.

// A fuzzer has the decoders of all systems and asks none of them for a peer.
#![cfg_attr(fuzzing, allow(dead_code))]

use crate::{Errno, Result};
use std::os::fd::BorrowedFd;

// For the tests and the fuzzers every system's decoders are compiled, so that their byte fixtures run on any machine.
// That of Linux also serves the receiving code, which is Linux's whatever the alias says.
#[cfg_attr(not(any(unix_os = "linux", unix_os = "android")), allow(dead_code))]
#[cfg(any(target_os = "linux", target_os = "android", fuzzing, test))]
pub mod linux;

#[cfg(any(unix_os = "freebsd", unix_os = "dragonfly", fuzzing, test))]
pub mod freebsd;
#[cfg(any(unix_os = "illumos", fuzzing, test))]
pub mod illumos;
#[cfg(any(unix_os = "macos", fuzzing, test))]
pub mod macos;
#[cfg(any(unix_os = "netbsd", fuzzing, test))]
pub mod netbsd;
#[cfg(any(unix_os = "openbsd", fuzzing, test))]
pub mod openbsd;
#[cfg(any(unix_os = "nto", fuzzing, test))]
pub mod qnx;

// No system uses all of it, and Linux nothing.
#[cfg_attr(not(test), allow(dead_code))]
#[cfg(any(not(any(unix_os = "linux", unix_os = "android")), fuzzing, test))]
mod common;

#[cfg(any(unix_os = "freebsd", unix_os = "dragonfly"))]
use freebsd as system;
#[cfg(unix_os = "illumos")]
use illumos as system;
#[cfg(any(unix_os = "linux", unix_os = "android"))]
use linux as system;
#[cfg(unix_os = "macos")]
use macos as system;
#[cfg(unix_os = "netbsd")]
use netbsd as system;
#[cfg(unix_os = "openbsd")]
use openbsd as system;
#[cfg(unix_os = "nto")]
use qnx as system;

#[cfg(not(any(
    unix_os = "android",
    unix_os = "dragonfly",
    unix_os = "freebsd",
    unix_os = "illumos",
    unix_os = "linux",
    unix_os = "macos",
    unix_os = "netbsd",
    unix_os = "nto",
    unix_os = "openbsd"
)))]
mod system {
    /// No mechanism of this system is known.
    pub(super) fn peer(_fd: super::BorrowedFd<'_>) -> super::Result<super::Peer> {
        Err(super::Errno::EOPNOTSUPP)
    }

    pub(super) fn received(_level: i32, _kind: i32, _data: &[u8]) -> Option<super::Credentials> {
        None
    }
}

/// A user id and a group id that belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ids {
    /// User id.
    pub uid: u32,
    /// Group id.
    pub gid: u32,
}

/// The mechanism that told a fact. The numbers cross into JavaScript; [`Source::NAMES`] names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Source {
    /// Linux, OpenBSD: socket option.
    PeerCred = 1,
    /// Linux: socket option.
    PeerGroups,
    /// Linux: socket option.
    PeerSec,
    /// Linux: ioctl of a pidfd.
    PidfdInfo,
    /// Linux: control message.
    ScmCredentials,
    /// FreeBSD, macOS: socket option with `struct xucred`.
    LocalPeerCred,
    /// macOS: socket option.
    LocalPeerPid,
    /// macOS: socket option with an audit token.
    LocalPeerToken,
    /// NetBSD, QNX: socket option with `struct unpcbid`.
    LocalPeerEid,
    /// FreeBSD, NetBSD, QNX: control message.
    ScmCreds,
    /// FreeBSD 13: control message.
    ScmCreds2,
    /// illumos: function of libc.
    GetPeerUcred,
    /// illumos: control message.
    ScmUcred,
}

impl Source {
    /// Names by number; number 0 is "not told".
    pub const NAMES: [&'static str; 14] = [
        "",
        "SO_PEERCRED",
        "SO_PEERGROUPS",
        "SO_PEERSEC",
        "PIDFD_GET_INFO",
        "SCM_CREDENTIALS",
        "LOCAL_PEERCRED",
        "LOCAL_PEERPID",
        "LOCAL_PEERTOKEN",
        "LOCAL_PEEREID",
        "SCM_CREDS",
        "SCM_CREDS2",
        "getpeerucred",
        "SCM_UCRED",
    ];
}

/// When a fact was true.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum When {
    /// As the connection was made.
    Connect,
    /// As the message was sent.
    Send,
    /// As it was asked for.
    Query,
}

/// Something that the kernel told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact<T> {
    /// What it told.
    pub value: T,
    /// Who told it.
    pub source: Source,
    /// When it was true.
    pub when: When,
}

impl<T> Fact<T> {
    /// A fact.
    pub const fn new(value: T, source: Source, when: When) -> Self {
        Self { value, source, when }
    }
}

/// Everything that is known of a process; `None` for what this system does not tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Process id, never 0.
    pub pid: Option<Fact<i32>>,
    /// User id of the mechanism itself.
    pub uid: Option<Fact<u32>>,
    /// Group id of the mechanism itself.
    pub gid: Option<Fact<u32>>,
    /// Real ids.
    pub real: Option<Fact<Ids>>,
    /// Effective ids.
    pub effective: Option<Fact<Ids>>,
    /// Saved ids.
    pub saved: Option<Fact<Ids>>,
    /// Supplementary groups. Empty is an answer.
    pub groups: Option<Fact<Vec<u32>>>,
    /// Security label, without its trailing NUL.
    pub label: Option<Fact<Vec<u8>>>,
}

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

/// The sender of a message as a control message tells it, whatever this system calls that; `None` where it tells something else, or
/// does not name a user and a group. A process that is not told has the id 0.
pub(crate) fn received(level: i32, kind: i32, data: &[u8]) -> Option<Ucred> {
    #[cfg(any(unix_os = "linux", unix_os = "android"))]
    return linux::received(level, kind, data);
    // The sender chooses `cmsgcred`, LOCAL_CREDS brings `sockcred`: both have one number.
    #[cfg(any(unix_os = "freebsd", unix_os = "dragonfly"))]
    return freebsd::received(level, kind, data, freebsd::Form::Either).and_then(brief);
    #[cfg(not(any(unix_os = "linux", unix_os = "android", unix_os = "freebsd", unix_os = "dragonfly")))]
    return system::received(level, kind, data).and_then(brief);
}

#[cfg_attr(any(unix_os = "linux", unix_os = "android"), allow(dead_code))]
fn brief(found: Credentials) -> Option<Ucred> {
    Some(Ucred { pid: found.pid.map_or(0, |fact| fact.value), uid: found.uid?.value, gid: found.gid?.value })
}

/// Why a descriptor has no peer identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Absence {
    /// It is no socket.
    NotSocket = 2,
    /// It is a socket of another family.
    NotUnix,
    /// It listens: the kernel would answer with our own ids.
    Listening,
    /// It is not connected, or a datagram socket that was connected by name.
    NotConnected,
}

/// What the kernel knows of the peer of a socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Peer {
    /// It knows who that is.
    Known(Credentials),
    /// There is none.
    Absent(Absence),
}

/// Who made the connection that this socket is an end of. Never waits and leaves the socket as it is.
pub fn peer(fd: BorrowedFd<'_>) -> Result<Peer> {
    match system::peer(fd) {
        Err(Errno::ENOTSOCK) => Ok(Peer::Absent(Absence::NotSocket)),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn what_other_systems_send_becomes_process_user_and_group() {
        let words: Vec<u8> = [12345, 1001, 1002, 2001, 2002, 0_i32].into_iter().flat_map(i32::to_ne_bytes).collect();
        let netbsd = netbsd::received(netbsd::LEVEL_SOCKET, netbsd::SCM_CREDS, &words).and_then(brief);
        assert_eq!(netbsd, Some(Ucred { pid: 12345, uid: 1001, gid: 2001 }));
        let freebsd = freebsd::received(freebsd::LEVEL_SOCKET, freebsd::SCM_CREDS, &words[4..], freebsd::Form::Either);
        assert_eq!(freebsd.and_then(brief), Some(Ucred { pid: 0, uid: 1001, gid: 2001 }));
        assert_eq!(brief(Credentials { uid: None, ..Credentials::default() }), None);
    }

    #[test]
    fn every_system_asks_only_sockets() {
        let file = std::fs::File::open("/").unwrap();
        for ask in [freebsd::peer, macos::peer, netbsd::peer, openbsd::peer, qnx::peer] {
            assert_eq!(ask(file.as_fd()), Err(Errno::ENOTSOCK));
        }
        assert_eq!(peer(file.as_fd()), Ok(Peer::Absent(Absence::NotSocket)));
    }
}
