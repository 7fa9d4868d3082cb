//! What the systems' files share: numbers out of a structure's bytes, facts with their source and time, and the reasons why a socket has
//! no peer. It knows no system call's number but those that all systems except Linux have in common.

use super::{Absence, Credentials, Fact, Ids, Peer, Source, When};
use crate::syscall::{self, End};
use crate::{address, option, Errno, Result};
use std::os::fd::BorrowedFd;

/// All systems but Linux (BSD, Apple, QNX, illumos: sys/socket.h).
pub(super) const SOL_SOCKET: i32 = 0xffff;
const SO_ACCEPTCONN: i32 = 0x0002;
const AF_UNIX: u16 = 1;

/// Who tells, and of which time: what all facts of one structure share.
#[derive(Clone, Copy)]
pub(super) struct Told {
    pub(super) source: Source,
    pub(super) when: When,
}

impl Told {
    pub(super) fn fact<T>(self, value: T) -> Option<Fact<T>> {
        Some(Fact::new(value, self.source, self.when))
    }

    /// 0 and -1 stand for "none" everywhere.
    pub(super) fn pid(self, pid: i32) -> Option<Fact<i32>> {
        (pid > 0).then_some(Fact::new(pid, self.source, self.when))
    }

    /// Ids of which each may be missing; a pair needs both.
    pub(super) fn ids(self, uid: Option<u32>, gid: Option<u32>) -> Option<Fact<Ids>> {
        self.fact(Ids { uid: uid?, gid: gid? })
    }
}

/// An unsigned 32-bit field: uid_t and gid_t of all systems here.
pub(super) fn number(data: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(data.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// A signed 32-bit field: pid_t and int.
pub(super) fn signed(data: &[u8], at: usize) -> Option<i32> {
    number(data, at).map(u32::cast_signed)
}

/// A `short`.
pub(super) fn short(data: &[u8], at: usize) -> Option<i32> {
    Some(i16::from_ne_bytes(data.get(at..at.checked_add(2)?)?.try_into().ok()?).into())
}

/// So many ids from `at` on. A count that is negative, or that the bytes do not hold, is refused: nothing is clamped.
pub(super) fn numbers(data: &[u8], at: usize, count: i32) -> Option<Vec<u32>> {
    let length = usize::try_from(count).ok()?.checked_mul(4)?;
    let bytes = data.get(at..at.checked_add(length)?)?;
    Some(bytes.chunks_exact(4).map(|id| u32::from_ne_bytes([id[0], id[1], id[2], id[3]])).collect())
}

/// `struct xucred` up to its groups, the same in FreeBSD, DragonFly and macOS; version and effective user, then the effective group and
/// the supplementary ones in one array of 16.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 4 | `cr_version`, 0 |
/// | 4 | 4 | `cr_uid`, effective |
/// | 8 | 2 | `cr_ngroups`, counts the effective group too |
/// | 10 | 2 | padding: `gid_t` is aligned to 4 |
/// | 12 | 64 | `cr_groups[16]`; the first is the effective group, the others are told as groups |
pub(super) fn xucred(data: &[u8], told: Told) -> Option<Credentials> {
    if number(data, 0)? != 0 {
        return None;
    }
    let uid = number(data, 4)?;
    let mut groups = numbers(data.get(..XUCRED_GROUPS_END)?, 12, short(data, 8)?)?;
    let gid = (!groups.is_empty()).then(|| groups.remove(0));
    Some(Credentials {
        uid: told.fact(uid),
        gid: gid.and_then(|gid| told.fact(gid)),
        effective: told.ids(Some(uid), gid),
        // Without the effective group the kernel has filled in no list at all.
        groups: gid.and_then(|_| told.fact(groups)),
        ..Credentials::default()
    })
}

/// Where `cr_groups` of `struct xucred` ends.
const XUCRED_GROUPS_END: usize = 12 + 4 * 16;

/// A process and its effective ids in three words: `struct unpcbid` of NetBSD and QNX, `struct sockpeercred` of OpenBSD. The user stands at
/// `ids`, the group behind it, the process at `pid`; groups are not told.
pub(super) fn three_words(data: &[u8], pid: usize, ids: usize, told: Told) -> Option<Credentials> {
    let ids = Ids { uid: number(data, ids)?, gid: number(data, ids + 4)? };
    Some(Credentials {
        pid: told.pid(signed(data, pid)?),
        uid: told.fact(ids.uid),
        gid: told.fact(ids.gid),
        effective: told.fact(ids),
        ..Credentials::default()
    })
}

/// The part of `struct sockcred` that all its versions share, from `at` on; before it some have a version or a process id.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 4 | `sc_uid`, real |
/// | 4 | 4 | `sc_euid` |
/// | 8 | 4 | `sc_gid`, real |
/// | 12 | 4 | `sc_egid` |
/// | 16 | 4 | `sc_ngroups`, an `int` |
/// | 20 | 4 each | `sc_groups` |
pub(super) fn sockcred(data: &[u8], at: usize, told: Told) -> Option<Credentials> {
    let body = data.get(at..)?;
    let real = Ids { uid: number(body, 0)?, gid: number(body, 8)? };
    let effective = Ids { uid: number(body, 4)?, gid: number(body, 12)? };
    let groups = numbers(body, SOCKCRED_GROUPS, signed(body, 16)?)?;
    Some(Credentials {
        uid: told.fact(real.uid),
        gid: told.fact(real.gid),
        real: told.fact(real),
        effective: told.fact(effective),
        groups: told.fact(groups),
        ..Credentials::default()
    })
}

/// Where the groups of `struct sockcred` begin.
pub(super) const SOCKCRED_GROUPS: usize = 20;

/// Asks a socket option for the peer. No connection is `ENOTCONN` or, for datagram sockets, `EINVAL`.
pub(super) fn peer(
    fd: BorrowedFd<'_>,
    (level, name): (i32, i32),
    buffer: &mut [u8],
    decode: fn(&[u8]) -> Option<Credentials>,
) -> Result<Peer> {
    if let Some(absence) = absence(fd)? {
        return Ok(Peer::Absent(absence));
    }
    answer(option::get(fd, level, name, buffer).map(|length| decode(&buffer[..length])))
}

/// What the kernel's answer means. A structure that is not the one we know is no answer.
pub(super) fn answer(found: Result<Option<Credentials>>) -> Result<Peer> {
    match found {
        Ok(Some(credentials)) => Ok(Peer::Known(credentials)),
        Ok(None) => Err(Errno::EOPNOTSUPP),
        Err(Errno::ENOTCONN | Errno::EINVAL) => Ok(Peer::Absent(Absence::NotConnected)),
        Err(errno) => Err(errno),
    }
}

/// Why this socket has no peer that could be asked for: level 0 means the Internet Protocol to sockets of other families, which would
/// answer with something else.
pub(super) fn absence(fd: BorrowedFd<'_>) -> Result<Option<Absence>> {
    let mut name = [0; 128];
    let length = syscall::name(fd, End::Local, &mut name)?.min(name.len());
    // None: the empty name that some systems give a socket without one.
    if address::family(&name[..length]).is_some_and(|family| family != AF_UNIX) {
        return Ok(Some(Absence::NotUnix));
    }
    let mut flag = [0; 4];
    let length = option::get(fd, SOL_SOCKET, SO_ACCEPTCONN, &mut flag)?;
    Ok(flag[..length].iter().any(|byte| *byte != 0).then_some(Absence::Listening))
}

/// What the tests of all decoders do with their fixtures.
// They are bytes of a little-endian machine.
#[cfg(all(test, target_endian = "little"))]
pub(super) mod fixtures {
    use super::Credentials;

    /// Nothing shorter than `needed` bytes is decoded, everything from there on is.
    pub(crate) fn cuts(bytes: &[u8], needed: usize, decode: impl Fn(&[u8]) -> Option<Credentials>) {
        for length in 0..=bytes.len() {
            assert_eq!(decode(&bytes[..length]).is_some(), length >= needed, "{length} bytes of {}", bytes.len());
        }
    }

    /// No bytes make a decoder panic: every byte repeated, and random ones.
    pub(crate) fn noise(decode: impl Fn(&[u8]) -> Option<Credentials>) {
        for byte in 0..=u8::MAX {
            (0..128).for_each(|length| drop(decode(&vec![byte; length])));
        }
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 0..4000 {
            let mut bytes = Vec::new();
            for _ in 0..round % 32 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                // Small numbers are plausible counts.
                bytes.extend_from_slice(&(state >> (round % 60)).to_ne_bytes());
            }
            drop(decode(&bytes));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_peer_an_absence_or_an_error() {
        assert_eq!(answer(Ok(Some(Credentials::default()))), Ok(Peer::Known(Credentials::default())));
        assert_eq!(answer(Err(Errno::ENOTCONN)), Ok(Peer::Absent(Absence::NotConnected)));
        assert_eq!(answer(Err(Errno::EINVAL)), Ok(Peer::Absent(Absence::NotConnected)));
        assert_eq!(answer(Err(Errno::ENOTSOCK)), Err(Errno::ENOTSOCK));
        assert_eq!(answer(Ok(None)), Err(Errno::EOPNOTSUPP));
    }
}
