//! NetBSD: `unpcbid` of a connected peer, and `sockcred` of the sender of a message, with and without its process.
//!
//! Layouts: NetBSD's sys/un.h and sys/socket.h. A count that the bytes do not hold is refused.

use super::common::{self, signed, Told};
use super::{Credentials, Peer, Source, When};
use crate::Result;
use std::os::fd::BorrowedFd;

/// The level of the options of Unix sockets, which has no name here.
pub const LEVEL_LOCAL: i32 = 0;
/// SOL_SOCKET: the level of the control messages.
pub const LEVEL_SOCKET: i32 = common::SOL_SOCKET;
/// LOCAL_CREDS: `struct sockcred` with the first message of a stream and with each datagram (NetBSD 8).
pub const LOCAL_CREDS: i32 = 4;
/// LOCAL_CREDS before NetBSD 8; its number still gives messages of the old type.
pub const LOCAL_CREDS_70: i32 = 1;
/// LOCAL_PEEREID: the peer as `struct unpcbid`.
pub const LOCAL_PEEREID: i32 = 3;
/// SCM_CREDS: `struct sockcred` (NetBSD 8).
pub const SCM_CREDS: i32 = 0x10;
/// SCM_CREDS before NetBSD 8: the header still reserves the number for the structure without a process, `sockcred70`.
pub const SCM_CREDS_70: i32 = 0x04;

const UNPCBID_SIZE: usize = 12;
const PEER: Told = Told { source: Source::LocalPeerEid, when: When::Connect };
const SENDER: Told = Told { source: Source::ScmCreds, when: When::Send };

/// LOCAL_PEEREID: what the kernel kept of the peer when it called connect(2) or bind(2). `EINVAL` is its word for "nothing kept".
pub(super) fn peer(fd: BorrowedFd<'_>) -> Result<Peer> {
    common::peer(fd, (LEVEL_LOCAL, LOCAL_PEEREID), &mut [0; UNPCBID_SIZE], decode_unpcbid)
}

/// Reads `struct unpcbid`. The ids are the effective ones; groups are not told.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 4 | `unp_pid` |
/// | 4 | 4 | `unp_euid` |
/// | 8 | 4 | `unp_egid` |
pub fn decode_unpcbid(data: &[u8]) -> Option<Credentials> {
    common::three_words(data, 0, 4, PEER)
}

/// Reads `struct sockcred`. The mechanism's own ids are the real ones; the groups are the supplementary ones.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 4 | `sc_pid` |
/// | 4 | 20 + 4 each | as in `common::sockcred` |
pub fn decode_sockcred(data: &[u8]) -> Option<Credentials> {
    let pid = SENDER.pid(signed(data, 0)?);
    common::sockcred(data, 4, SENDER).map(|found| Credentials { pid, ..found })
}

/// Reads `struct sockcred70`: the same without `sc_pid`.
pub fn decode_sockcred70(data: &[u8]) -> Option<Credentials> {
    common::sockcred(data, 0, SENDER)
}

/// Credentials of a received control message; `None` for other messages.
pub fn received(level: i32, kind: i32, data: &[u8]) -> Option<Credentials> {
    match (level, kind) {
        (LEVEL_SOCKET, SCM_CREDS) => decode_sockcred(data),
        (LEVEL_SOCKET, SCM_CREDS_70) => decode_sockcred70(data),
        _ => None,
    }
}

// The fixtures are bytes of a little-endian machine.
#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::common::fixtures::{cuts, noise};
    use super::*;
    use crate::credentials::Ids;

    /// `struct unpcbid`, sys/un.h, 12 bytes.
    #[rustfmt::skip]
    const UNPCBID: [u8; 12] = [
        0x39, 0x30, 0, 0, // 0 unp_pid 12345
        0xe9, 0x03, 0, 0, // 4 unp_euid 1001
        0xd1, 0x07, 0, 0, // 8 unp_egid 2001
    ];

    /// `struct sockcred`, sys/socket.h, 24 bytes and 4 for each group.
    #[rustfmt::skip]
    const SOCKCRED: [u8; 32] = [
        0x39, 0x30, 0, 0, // 0 sc_pid 12345
        0xe9, 0x03, 0, 0, // 4 sc_uid 1001
        0xea, 0x03, 0, 0, // 8 sc_euid 1002
        0xd1, 0x07, 0, 0, // 12 sc_gid 2001
        0xd2, 0x07, 0, 0, // 16 sc_egid 2002
        2, 0, 0, 0, // 20 sc_ngroups
        7, 0, 0, 0, // 24 sc_groups[0]
        0, 0, 0, 0, // 28 sc_groups[1]: 0 is a group as any other
    ];

    #[test]
    fn unpcbid_tells_effective_ids_and_the_process() {
        let expected = Credentials {
            pid: PEER.fact(12345),
            uid: PEER.fact(1001),
            gid: PEER.fact(2001),
            effective: PEER.fact(Ids { uid: 1001, gid: 2001 }),
            ..Credentials::default()
        };
        assert_eq!(decode_unpcbid(&UNPCBID), Some(expected));
        assert_eq!(decode_unpcbid(&[0; 12]).unwrap().pid, None);
        cuts(&UNPCBID, 12, decode_unpcbid);
        noise(decode_unpcbid);
    }

    #[test]
    fn sockcred_tells_all_ids_and_the_process() {
        let expected = Credentials {
            pid: SENDER.fact(12345),
            uid: SENDER.fact(1001),
            gid: SENDER.fact(2001),
            real: SENDER.fact(Ids { uid: 1001, gid: 2001 }),
            effective: SENDER.fact(Ids { uid: 1002, gid: 2002 }),
            groups: SENDER.fact(vec![7, 0]),
            ..Credentials::default()
        };
        assert_eq!(received(LEVEL_SOCKET, SCM_CREDS, &SOCKCRED), Some(expected.clone()));
        // The old structure is the same four bytes later.
        assert_eq!(received(LEVEL_SOCKET, SCM_CREDS_70, &SOCKCRED[4..]), Some(Credentials { pid: None, ..expected }));
        assert_eq!(received(LEVEL_LOCAL, SCM_CREDS, &SOCKCRED), None);
        assert_eq!(received(LEVEL_SOCKET, 1, &SOCKCRED), None);
        cuts(&SOCKCRED, 32, decode_sockcred);
        cuts(&SOCKCRED[4..], 28, decode_sockcred70);
        noise(decode_sockcred);
        noise(decode_sockcred70);
    }

    #[test]
    fn sockcred_refuses_a_lying_count() {
        for count in [3_i32, -1, i32::MAX, i32::MIN] {
            let mut bytes = SOCKCRED;
            bytes[20..24].copy_from_slice(&count.to_ne_bytes());
            assert_eq!(decode_sockcred(&bytes), None);
        }
    }
}
