#![allow(unsafe_code)]
//! illumos: `ucred_t`, of a connected peer by getpeerucred(3C) and of the sender of a message by SCM_UCRED.
//!
//! The structure is opaque: libc's functions read it, and [`Numbers`] is what they say. Before that a message's bytes are checked against
//! uts/common/sys/ucred.h and procfs.h, because those functions follow offsets in them: sizes, offsets or counts that lie are refused.

use super::common::{self, number, Told};
#[cfg(unix_os = "illumos")]
use super::Peer;
use super::{Credentials, Fact, Ids, Source, When};

/// SOL_SOCKET: the level of option and control message.
pub const LEVEL_SOCKET: i32 = common::SOL_SOCKET;
/// SO_RECVUCRED: a `ucred_t` of the sender with each datagram.
pub const SO_RECVUCRED: i32 = 0x0400;
/// SCM_UCRED: `ucred_t`.
pub const SCM_UCRED: i32 = 0x1012;

const PEER: Told = Told { source: Source::GetPeerUcred, when: When::Connect };
const SENDER: Told = Told { source: Source::ScmUcred, when: When::Send };

/// What the functions of libc say of one `ucred_t`; -1 (as unsigned, [`u32::MAX`]) is their word for "not known".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Numbers {
    /// ucred_getpid(3C).
    pub pid: i32,
    /// ucred_geteuid(3C) and ucred_getegid(3C).
    pub effective: Ids,
    /// ucred_getruid(3C) and ucred_getrgid(3C).
    pub real: Ids,
    /// ucred_getsuid(3C) and ucred_getsgid(3C).
    pub saved: Ids,
    /// ucred_getgroups(3C): the supplementary groups.
    pub groups: Option<Vec<u32>>,
}

impl Numbers {
    /// The credentials of a peer; the mechanism's own ids are the effective ones.
    pub fn of_peer(self) -> Credentials {
        self.told(PEER, |numbers| numbers.effective)
    }

    /// The credentials of a sender; the mechanism's own ids are the real ones.
    pub fn of_sender(self) -> Credentials {
        self.told(SENDER, |numbers| numbers.real)
    }

    fn told(self, told: Told, own: fn(&Self) -> Ids) -> Credentials {
        let known = |id: u32| (id != u32::MAX).then_some(id);
        let pair = |ids: Ids| -> Option<Fact<Ids>> { told.ids(known(ids.uid), known(ids.gid)) };
        let Ids { uid, gid } = own(&self);
        Credentials {
            pid: told.pid(self.pid),
            uid: known(uid).and_then(|uid| told.fact(uid)),
            gid: known(gid).and_then(|gid| told.fact(gid)),
            real: pair(self.real),
            effective: pair(self.effective),
            saved: pair(self.saved),
            groups: self.groups.and_then(|groups| told.fact(groups)),
            label: None,
        }
    }
}

/// Whether libc's functions stay inside these bytes.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 4 | `uc_size`: all of it |
/// | 4 | 4 | `uc_credoff`: where the `prcred_t` is; 0 for none |
/// | 8 | 4 | `uc_privoff` |
/// | 12 | 4 | `uc_pid` |
/// | 16 | 16 | audit, zone, project, label |
///
/// and in `prcred_t` six ids of 4 bytes, at 24 an `int` count of groups, and from 28 the groups.
pub fn is_sound(data: &[u8]) -> bool {
    is_sound_or_none(data).is_some()
}

fn is_sound_or_none(data: &[u8]) -> Option<()> {
    let size = usize::try_from(number(data, 0)?).ok()?;
    let whole = data.get(..size).filter(|_| size >= HEADER)?;
    let at = usize::try_from(number(whole, 4)?).ok()?;
    if at == 0 {
        return Some(());
    }
    // The functions read aligned words, and nothing of the header is an identity.
    let cred = whole.get(at..).filter(|_| at >= HEADER && at % 4 == 0)?;
    common::numbers(cred, 28, common::signed(cred, 24)?).map(drop)
}

const HEADER: usize = 32;

#[cfg(unix_os = "illumos")]
pub(super) use library::peer;

/// Credentials of a received control message; `None` for other messages.
#[cfg(unix_os = "illumos")]
pub fn received(level: i32, kind: i32, data: &[u8]) -> Option<Credentials> {
    received_by(level, kind, data, library::read)
}

/// [`received`], with the reading of a sound `ucred_t` left to `read`.
// On a big-endian processor there are no fixtures that would try it.
#[cfg_attr(all(test, target_endian = "big"), allow(dead_code))]
fn received_by(level: i32, kind: i32, data: &[u8], read: fn(&[u8]) -> Numbers) -> Option<Credentials> {
    let ours = (level, kind) == (LEVEL_SOCKET, SCM_UCRED) && is_sound(data);
    ours.then(|| read(data).of_sender())
}

/// The functions of libc (ucred.h).
#[cfg(unix_os = "illumos")]
mod library {
    use super::{common, Ids, Numbers, Peer};
    use crate::{Errno, Result};
    use std::os::fd::{AsRawFd, BorrowedFd};

    #[repr(C)]
    struct Ucred {
        opaque: [u64; 0],
    }

    extern "C" {
        fn getpeerucred(fd: i32, ucred: *mut *mut Ucred) -> i32;
        fn ucred_free(ucred: *mut Ucred);
        fn ucred_getpid(ucred: *const Ucred) -> i32;
        fn ucred_geteuid(ucred: *const Ucred) -> u32;
        fn ucred_getruid(ucred: *const Ucred) -> u32;
        fn ucred_getsuid(ucred: *const Ucred) -> u32;
        fn ucred_getegid(ucred: *const Ucred) -> u32;
        fn ucred_getrgid(ucred: *const Ucred) -> u32;
        fn ucred_getsgid(ucred: *const Ucred) -> u32;
        fn ucred_getgroups(ucred: *const Ucred, groups: *mut *const u32) -> i32;
    }

    /// getpeerucred(3C): what the kernel kept of the peer as the connection was made.
    pub(crate) fn peer(fd: BorrowedFd<'_>) -> Result<Peer> {
        if let Some(absence) = common::absence(fd)? {
            return Ok(Peer::Absent(absence));
        }
        common::answer(peer_numbers(fd).map(|numbers| Some(numbers.of_peer())))
    }

    fn peer_numbers(fd: BorrowedFd<'_>) -> Result<Numbers> {
        // Null: the library allocates.
        let mut ucred = std::ptr::null_mut();
        // SAFETY: the pointer is written to a live local variable.
        if unsafe { getpeerucred(fd.as_raw_fd(), &mut ucred) } != 0 {
            return Err(Errno::last());
        }
        // SAFETY: the library has just made this structure; it lives until it is freed below.
        let numbers = unsafe { ask(ucred) };
        // SAFETY: it is ours, and nothing points into it any more: the groups have been copied.
        unsafe { ucred_free(ucred) };
        Ok(numbers)
    }

    /// Reads bytes that [`super::is_sound`] has accepted.
    pub(super) fn read(data: &[u8]) -> Numbers {
        let mut copy = vec![0_u64; data.len().div_ceil(8)];
        for (word, bytes) in copy.iter_mut().zip(data.chunks(8)) {
            let mut padded = [0; 8];
            padded[..bytes.len()].copy_from_slice(bytes);
            *word = u64::from_ne_bytes(padded);
        }
        // SAFETY: an 8-aligned copy that lives for the call, whose offsets and counts stay inside it: the caller has checked that.
        unsafe { ask(copy.as_ptr().cast::<Ucred>()) }
    }

    /// # Safety
    /// `ucred` must point to a whole `ucred_t` that lives for the call.
    unsafe fn ask(ucred: *const Ucred) -> Numbers {
        // SAFETY: upheld by the caller; these functions only read.
        unsafe {
            Numbers {
                pid: ucred_getpid(ucred),
                effective: Ids { uid: ucred_geteuid(ucred), gid: ucred_getegid(ucred) },
                real: Ids { uid: ucred_getruid(ucred), gid: ucred_getrgid(ucred) },
                saved: Ids { uid: ucred_getsuid(ucred), gid: ucred_getsgid(ucred) },
                groups: groups(ucred),
            }
        }
    }

    /// # Safety
    /// As [`ask`].
    unsafe fn groups(ucred: *const Ucred) -> Option<Vec<u32>> {
        let mut first = std::ptr::null();
        // SAFETY: upheld by the caller; the pointer is written to a live local variable.
        let count = usize::try_from(unsafe { ucred_getgroups(ucred, &mut first) }).ok()?;
        if count == 0 || first.is_null() {
            return Some(Vec::new());
        }
        // SAFETY: the library gives the address of so many groups inside the structure, which the caller keeps alive.
        Some(unsafe { std::slice::from_raw_parts(first, count) }.to_vec())
    }
}

// The fixtures are bytes of a little-endian machine.
#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::*;

    /// `struct ucred_s` and its `prcred_t`, uts/common/sys/ucred.h and procfs.h, 68 bytes.
    #[rustfmt::skip]
    const UCRED: [u8; 68] = [
        68, 0, 0, 0, // 0 uc_size
        32, 0, 0, 0, // 4 uc_credoff
        0, 0, 0, 0, // 8 uc_privoff
        0x39, 0x30, 0, 0, // 12 uc_pid 12345
        0, 0, 0, 0, // 16 uc_audoff
        0, 0, 0, 0, // 20 uc_zoneid
        0, 0, 0, 0, // 24 uc_projid
        0, 0, 0, 0, // 28 uc_labeloff
        0xea, 0x03, 0, 0, // 32 pr_euid 1002
        0xe9, 0x03, 0, 0, // 36 pr_ruid 1001
        0xeb, 0x03, 0, 0, // 40 pr_suid 1003
        0xd2, 0x07, 0, 0, // 44 pr_egid 2002
        0xd1, 0x07, 0, 0, // 48 pr_rgid 2001
        0xd3, 0x07, 0, 0, // 52 pr_sgid 2003
        2, 0, 0, 0, // 56 pr_ngroups
        7, 0, 0, 0, // 60 pr_groups[0]
        0, 0, 0, 0, // 64 pr_groups[1]
    ];

    fn numbers() -> Numbers {
        Numbers {
            pid: 12345,
            effective: Ids { uid: 1002, gid: 2002 },
            real: Ids { uid: 1001, gid: 2001 },
            saved: Ids { uid: 1003, gid: 2003 },
            groups: Some(vec![7, 0]),
        }
    }

    #[test]
    fn a_peer_is_known_by_its_effective_ids_a_sender_by_its_real_ones() {
        let expected = |told: Told, own: Ids| Credentials {
            pid: told.fact(12345),
            uid: told.fact(own.uid),
            gid: told.fact(own.gid),
            real: told.fact(Ids { uid: 1001, gid: 2001 }),
            effective: told.fact(Ids { uid: 1002, gid: 2002 }),
            saved: told.fact(Ids { uid: 1003, gid: 2003 }),
            groups: told.fact(vec![7, 0]),
            label: None,
        };
        assert_eq!(numbers().of_peer(), expected(PEER, numbers().effective));
        assert_eq!(numbers().of_sender(), expected(SENDER, numbers().real));
    }

    #[test]
    fn what_the_library_does_not_know_is_missing() {
        let unknown = Ids { uid: u32::MAX, gid: u32::MAX };
        let nothing = Numbers { pid: -1, effective: unknown, real: unknown, saved: unknown, groups: None };
        assert_eq!(nothing.of_peer(), Credentials::default());
        let half = Numbers { effective: Ids { uid: 5, gid: u32::MAX }, ..numbers() }.of_peer();
        assert_eq!((half.uid, half.gid, half.effective), (PEER.fact(5), None, None));
    }

    #[test]
    fn only_sound_bytes_reach_the_library() {
        for length in 0..=UCRED.len() {
            assert_eq!(is_sound(&UCRED[..length]), length == UCRED.len(), "{length}");
        }
        assert!(is_sound(&[&UCRED[..], &[0; 8]].concat()));
        let lies = [(0, 69), (0, 31), (4, 31), (4, 33), (4, 36), (4, 68), (7, 0xff), (56, 3), (59, 0x80)];
        for (at, value) in lies {
            let mut bytes = UCRED;
            bytes[at] = value;
            assert!(!is_sound(&bytes), "{value} at {at}");
        }
        let mut nobody = UCRED;
        nobody[4] = 0;
        assert!(is_sound(&nobody));
        common::fixtures::noise(|data| received_by(LEVEL_SOCKET, SCM_UCRED, data, |_| numbers()));
    }

    #[test]
    fn only_the_message_of_this_system_is_read() {
        let read = |level, kind, data: &[u8]| received_by(level, kind, data, |_| numbers());
        assert_eq!(read(LEVEL_SOCKET, SCM_UCRED, &UCRED), Some(numbers().of_sender()));
        assert_eq!(read(LEVEL_SOCKET, SCM_UCRED, &UCRED[..67]), None);
        assert_eq!(read(LEVEL_SOCKET, 0x1010, &UCRED), None);
        assert_eq!(read(0, SCM_UCRED, &UCRED), None);
    }
}
