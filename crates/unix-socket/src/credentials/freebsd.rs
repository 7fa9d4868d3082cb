//! FreeBSD and DragonFly: `xucred` of a connected peer, and `cmsgcred`, `sockcred` and `sockcred2` of the sender of a message.
//!
//! DragonFly has the first two in the same layout (sys/ucred.h, sys/un.h), but tells no process id in `xucred` and has neither
//! LOCAL_CREDS nor SCM_CREDS2. Layouts: FreeBSD's sys/ucred.h, sys/socket.h and unix(4); a count that the bytes do not hold is refused.

use super::common::{self, number, numbers, short, signed, Told};
use super::{Credentials, Ids, Peer, Source, When};
use crate::Result;
use std::os::fd::BorrowedFd;

/// SOL_LOCAL: the level of the options of Unix sockets.
pub const LEVEL_LOCAL: i32 = 0;
/// SOL_SOCKET: the level of the control messages.
pub const LEVEL_SOCKET: i32 = common::SOL_SOCKET;
/// LOCAL_PEERCRED: the peer as `struct xucred`.
pub const LOCAL_PEERCRED: i32 = 1;
/// LOCAL_CREDS: `struct sockcred` with the first message of a stream and with each datagram. Not on DragonFly.
pub const LOCAL_CREDS: i32 = 2;
/// LOCAL_CREDS_PERSISTENT: `struct sockcred2` with each message (FreeBSD 13). Excludes LOCAL_CREDS.
pub const LOCAL_CREDS_PERSISTENT: i32 = 3;
/// SCM_CREDS: `struct cmsgcred` that the sender asked for, or `struct sockcred` that the receiver asked for.
pub const SCM_CREDS: i32 = 3;
/// SCM_CREDS2: `struct sockcred2`.
pub const SCM_CREDS2: i32 = 8;

/// CMGROUP_MAX.
const CMSGCRED_GROUPS: i32 = 16;
const CMSGCRED_SIZE: usize = 20 + 4 * CMSGCRED_GROUPS as usize;
/// The size of `struct xucred` where pointers have 8 bytes.
const XUCRED_SIZE: usize = 88;
/// The same where they have 4.
const XUCRED_SIZE_32: usize = 80;

const PEER: Told = Told { source: Source::LocalPeerCred, when: When::Connect };
const SENDER: Told = Told { source: Source::ScmCreds, when: When::Send };
const SENDER_2: Told = Told { source: Source::ScmCreds2, when: When::Send };

/// LOCAL_PEERCRED: what the kernel kept of the peer when it called connect(2) or listen(2).
pub(super) fn peer(fd: BorrowedFd<'_>) -> Result<Peer> {
    common::peer(fd, (LEVEL_LOCAL, LOCAL_PEERCRED), &mut [0; XUCRED_SIZE], decode_xucred)
}

/// Reads `struct xucred`. The ids are the effective ones; the real ones are not told.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 76 | as in `common::xucred` |
/// | 76 | 4 | padding, where pointers have 8 bytes |
/// | 80 (76) | 8 (4) | a union of an unused pointer and `cr_pid` (FreeBSD 13); zero before, and on DragonFly |
pub fn decode_xucred(data: &[u8]) -> Option<Credentials> {
    let mut found = common::xucred(data, PEER)?;
    // The union begins with the process id. What has neither size is cut off, and where it stood is not known.
    let at = match data.len() {
        XUCRED_SIZE.. => Some(80),
        XUCRED_SIZE_32 => Some(76),
        _ => None,
    };
    found.pid = at.and_then(|at| signed(data, at)).and_then(|pid| PEER.pid(pid));
    Some(found)
}

/// Reads `struct cmsgcred`, which the sender attaches empty and the kernel fills in. The mechanism's own ids are the real ones.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 4 | `cmcred_pid` |
/// | 4 | 4 | `cmcred_uid`, real |
/// | 8 | 4 | `cmcred_euid` |
/// | 12 | 4 | `cmcred_gid`, real |
/// | 16 | 2 | `cmcred_ngroups`, counts the effective group too |
/// | 18 | 2 | padding |
/// | 20 | 64 | `cmcred_groups[16]`; the first is the effective group, the others are told as groups |
pub fn decode_cmsgcred(data: &[u8]) -> Option<Credentials> {
    let (pid, euid) = (signed(data, 0)?, number(data, 8)?);
    let real = Ids { uid: number(data, 4)?, gid: number(data, 12)? };
    let mut groups = numbers(data.get(..CMSGCRED_SIZE)?, 20, short(data, 16)?)?;
    let egid = (!groups.is_empty()).then(|| groups.remove(0));
    Some(Credentials {
        pid: SENDER.pid(pid),
        uid: SENDER.fact(real.uid),
        gid: SENDER.fact(real.gid),
        real: SENDER.fact(real),
        effective: SENDER.ids(Some(euid), egid),
        groups: egid.and_then(|_| SENDER.fact(groups)),
        ..Credentials::default()
    })
}

/// Reads `struct sockcred`, laid out as in `common::sockcred`: no process id.
pub fn decode_sockcred(data: &[u8]) -> Option<Credentials> {
    common::sockcred(data, 0, SENDER).map(without_effective_group)
}

/// Reads `struct sockcred2` of version 0; other versions are refused.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 4 | `sc_version` |
/// | 4 | 4 | `sc_pid` |
/// | 8 | 20 + 4 each | as in `common::sockcred` |
pub fn decode_sockcred2(data: &[u8]) -> Option<Credentials> {
    if signed(data, 0)? != 0 {
        return None;
    }
    let pid = SENDER_2.pid(signed(data, 4)?);
    common::sockcred(data, 8, SENDER_2).map(|found| without_effective_group(Credentials { pid, ..found }))
}

/// The kernel copies its own list of groups. Before FreeBSD 15 that began with the effective group, which is told elsewhere.
fn without_effective_group(mut found: Credentials) -> Credentials {
    let egid = found.effective.as_ref().map(|ids| ids.value.gid);
    if let Some(groups) = found.groups.as_mut() {
        if groups.value.first().copied() == egid && egid.is_some() {
            groups.value.remove(0);
        }
    }
    found
}

/// Which structure an SCM_CREDS message holds. The number does not say, so the one who set the options must.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// LOCAL_CREDS is off: only what a sender attached can come.
    Cmsgcred,
    /// LOCAL_CREDS is on, and this is a datagram or the first message of a stream: the kernel puts its own in the place of any other.
    Sockcred,
    /// LOCAL_CREDS is on for a stream, and who knows which message this is. What fits both structures is refused.
    Either,
}

/// Credentials of a received control message; `None` for other messages, and for those that do not have the size of their structure.
///
/// Both structures have 84 bytes and the same count in the same place where `sockcred` has 16 groups: no look at the bytes tells them
/// apart then, and to mistake one for the other would take a process id for a user.
pub fn received(level: i32, kind: i32, data: &[u8], form: Form) -> Option<Credentials> {
    match (level, kind) {
        (LEVEL_SOCKET, SCM_CREDS2) => decode_sockcred2(data),
        (LEVEL_SOCKET, SCM_CREDS) => match (form, may_be_cmsgcred(data), may_be_sockcred(data)) {
            (Form::Cmsgcred, true, _) | (Form::Either, true, false) => decode_cmsgcred(data),
            (Form::Sockcred, _, true) | (Form::Either, false, true) => decode_sockcred(data),
            _ => None,
        },
        _ => None,
    }
}

fn may_be_cmsgcred(data: &[u8]) -> bool {
    data.len() == CMSGCRED_SIZE && short(data, 16).is_some_and(|count| (0..=CMSGCRED_GROUPS).contains(&count))
}

fn may_be_sockcred(data: &[u8]) -> bool {
    let length = signed(data, 16).and_then(|count| usize::try_from(count).ok()?.checked_mul(4));
    length.is_some_and(|length| data.len() - common::SOCKCRED_GROUPS == length)
}

// The fixtures are bytes of a little-endian machine.
#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::common::fixtures::{cuts, noise};
    use super::*;

    /// `struct xucred`, sys/ucred.h, 88 bytes.
    const XUCRED: [u8; 88] = {
        let mut bytes = [0; 88];
        let head = [
            0, 0, 0, 0, // 0 cr_version
            0xe9, 0x03, 0, 0, // 4 cr_uid 1001
            3, 0, 0xaa, 0xaa, // 8 cr_ngroups 3, padding
            0xd1, 0x07, 0, 0, // 12 cr_groups[0] 2001: effective
            5, 0, 0, 0, // 16 cr_groups[1]
            0, 0, 0, 0, // 20 cr_groups[2]: 0 is a group as any other
        ];
        let mut at = 0;
        while at < head.len() {
            bytes[at] = head[at];
            at += 1;
        }
        bytes[76] = 0xbb; // 76 padding
        bytes[80] = 0x39; // 80 cr_pid 12345
        bytes[81] = 0x30;
        bytes
    };

    /// `struct cmsgcred`, sys/socket.h, 84 bytes.
    fn cmsgcred(groups: u8) -> Vec<u8> {
        let mut bytes = vec![
            0x39, 0x30, 0, 0, // 0 cmcred_pid 12345
            0xe9, 0x03, 0, 0, // 4 cmcred_uid 1001
            0xea, 0x03, 0, 0, // 8 cmcred_euid 1002
            0xd1, 0x07, 0, 0, // 12 cmcred_gid 2001
            groups, 0, 0, 0, // 16 cmcred_ngroups, padding
        ];
        // 20 cmcred_groups[16]: 3000 (effective), 3001, …
        (0..16_u8).for_each(|index| bytes.extend_from_slice(&[0xb8 + index, 0x0b, 0, 0]));
        bytes
    }

    /// `struct sockcred`, sys/socket.h, 20 bytes and 4 for each group.
    #[rustfmt::skip]
    const SOCKCRED: [u8; 28] = [
        0xe9, 0x03, 0, 0, // 0 sc_uid 1001
        0xea, 0x03, 0, 0, // 4 sc_euid 1002
        0xd1, 0x07, 0, 0, // 8 sc_gid 2001
        0xd2, 0x07, 0, 0, // 12 sc_egid 2002
        2, 0, 0, 0, // 16 sc_ngroups
        0xd2, 0x07, 0, 0, // 20 sc_groups[0] 2002: the effective one again
        7, 0, 0, 0, // 24 sc_groups[1]
    ];

    fn sockcred2() -> Vec<u8> {
        // 0 sc_version, 4 sc_pid 12345, 8 the rest as in sockcred.
        [&[0, 0, 0, 0, 0x39, 0x30, 0, 0][..], &SOCKCRED].concat()
    }

    const REAL: Ids = Ids { uid: 1001, gid: 2001 };

    #[test]
    fn xucred_tells_effective_ids_and_the_process() {
        let found = decode_xucred(&XUCRED).unwrap();
        let expected = Credentials {
            pid: PEER.fact(12345),
            uid: PEER.fact(1001),
            gid: PEER.fact(2001),
            effective: PEER.fact(Ids { uid: 1001, gid: 2001 }),
            groups: PEER.fact(vec![5, 0]),
            ..Credentials::default()
        };
        assert_eq!(found, expected);
        cuts(&XUCRED, 76, decode_xucred);
        noise(decode_xucred);
    }

    #[test]
    fn xucred_without_a_process_is_that_of_an_older_system_or_a_smaller_one() {
        let mut old = XUCRED;
        old[80..82].fill(0);
        assert_eq!(decode_xucred(&old).unwrap().pid, None);
        // 32-bit: no padding, `cr_pid` at 76.
        let mut small = XUCRED[..80].to_vec();
        small[76..].copy_from_slice(&[0x38, 0x30, 0, 0]);
        assert_eq!(decode_xucred(&small).unwrap().pid, PEER.fact(12344));
        assert_eq!(decode_xucred(&XUCRED[..84]).unwrap().pid, None);
    }

    #[test]
    fn xucred_refuses_a_lying_count_and_another_version() {
        for (at, value) in [(8, 17), (9, 0x80), (0, 1)] {
            let mut bytes = XUCRED;
            bytes[at] = value;
            assert_eq!(decode_xucred(&bytes), None);
        }
        let mut none = XUCRED;
        none[8] = 0;
        let found = decode_xucred(&none).unwrap();
        assert_eq!((found.gid, found.effective, found.groups), (None, None, None));
    }

    #[test]
    fn cmsgcred_tells_both_pairs_of_ids() {
        let bytes = cmsgcred(3);
        let expected = Credentials {
            pid: SENDER.fact(12345),
            uid: SENDER.fact(1001),
            gid: SENDER.fact(2001),
            real: SENDER.fact(REAL),
            effective: SENDER.fact(Ids { uid: 1002, gid: 3000 }),
            groups: SENDER.fact(vec![3001, 3002]),
            ..Credentials::default()
        };
        assert_eq!(decode_cmsgcred(&bytes), Some(expected));
        assert_eq!(decode_cmsgcred(&cmsgcred(17)), None);
        assert_eq!(decode_cmsgcred(&cmsgcred(0)).unwrap().effective, None);
        cuts(&bytes, 84, decode_cmsgcred);
        noise(decode_cmsgcred);
    }

    #[test]
    fn sockcred_tells_both_pairs_of_ids_and_no_process() {
        let expected = Credentials {
            uid: SENDER.fact(1001),
            gid: SENDER.fact(2001),
            real: SENDER.fact(REAL),
            effective: SENDER.fact(Ids { uid: 1002, gid: 2002 }),
            groups: SENDER.fact(vec![7]),
            ..Credentials::default()
        };
        assert_eq!(decode_sockcred(&SOCKCRED), Some(expected.clone()));
        // FreeBSD 15: the list has supplementary groups only.
        let mut newer = SOCKCRED;
        newer[20] = 9;
        newer[21] = 0;
        assert_eq!(decode_sockcred(&newer).unwrap().groups, SENDER.fact(vec![9, 7]));
        cuts(&SOCKCRED, 28, decode_sockcred);
        noise(decode_sockcred);
    }

    #[test]
    fn sockcred2_adds_the_process() {
        let bytes = sockcred2();
        let found = decode_sockcred2(&bytes).unwrap();
        assert_eq!(found.pid, SENDER_2.fact(12345));
        assert_eq!(found.real, SENDER_2.fact(REAL));
        assert_eq!(found.effective, SENDER_2.fact(Ids { uid: 1002, gid: 2002 }));
        assert_eq!(found.groups, SENDER_2.fact(vec![7]));
        let mut other = bytes.clone();
        other[0] = 1;
        assert_eq!(decode_sockcred2(&other), None);
        cuts(&bytes, 36, decode_sockcred2);
        noise(decode_sockcred2);
    }

    #[test]
    fn sockcred_refuses_a_lying_count() {
        for count in [3_i32, -1, i32::MAX, i32::MIN] {
            let mut bytes = SOCKCRED;
            bytes[16..20].copy_from_slice(&count.to_ne_bytes());
            assert_eq!(decode_sockcred(&bytes), None);
        }
    }

    #[test]
    fn the_structure_is_the_one_that_was_asked_for() {
        let read = |data: &[u8], form| received(LEVEL_SOCKET, SCM_CREDS, data, form);
        assert_eq!(read(&SOCKCRED, Form::Sockcred), decode_sockcred(&SOCKCRED));
        assert_eq!(read(&SOCKCRED, Form::Either), decode_sockcred(&SOCKCRED));
        assert_eq!(read(&SOCKCRED, Form::Cmsgcred), None);
        assert_eq!(read(&cmsgcred(3), Form::Cmsgcred), decode_cmsgcred(&cmsgcred(3)));
        assert_eq!(read(&cmsgcred(3), Form::Either), decode_cmsgcred(&cmsgcred(3)));
        assert_eq!(read(&cmsgcred(3), Form::Sockcred), None);
        assert_eq!(received(LEVEL_SOCKET, SCM_CREDS2, &sockcred2(), Form::Cmsgcred), decode_sockcred2(&sockcred2()));
        assert_eq!(received(LEVEL_LOCAL, SCM_CREDS, &SOCKCRED, Form::Sockcred), None);
        assert_eq!(received(LEVEL_SOCKET, 1, &SOCKCRED, Form::Sockcred), None);
        noise(|data| read(data, Form::Either));
    }

    #[test]
    fn sixteen_groups_fit_both_structures() {
        let both = cmsgcred(16);
        assert_eq!(received(LEVEL_SOCKET, SCM_CREDS, &both, Form::Either), None);
        assert_eq!(received(LEVEL_SOCKET, SCM_CREDS, &both, Form::Cmsgcred).unwrap().uid, SENDER.fact(1001));
        assert_eq!(received(LEVEL_SOCKET, SCM_CREDS, &both, Form::Sockcred).unwrap().uid, SENDER.fact(12345));
    }
}
