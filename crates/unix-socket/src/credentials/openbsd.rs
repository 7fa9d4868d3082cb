//! OpenBSD: `sockpeercred` of a connected peer. The system has no credentials per message.
//!
//! Layout: OpenBSD's sys/socket.h.

use super::common::{self, Told};
use super::{Credentials, Peer, Source, When};
use crate::Result;
use std::os::fd::BorrowedFd;

/// SOL_SOCKET: here the option is one of all sockets.
pub const LEVEL_SOCKET: i32 = common::SOL_SOCKET;
/// SO_PEERCRED: the peer as `struct sockpeercred`.
pub const SO_PEERCRED: i32 = 0x1022;

const SOCKPEERCRED_SIZE: usize = 12;
const PEER: Told = Told { source: Source::PeerCred, when: When::Connect };

/// SO_PEERCRED: what the kernel kept of the peer when it called connect(2) or bind(2).
pub(super) fn peer(fd: BorrowedFd<'_>) -> Result<Peer> {
    common::peer(fd, (LEVEL_SOCKET, SO_PEERCRED), &mut [0; SOCKPEERCRED_SIZE], decode_sockpeercred)
}

/// Reads `struct sockpeercred`. The ids are the effective ones; groups are not told. Linux has the process first, OpenBSD last.
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 4 | `uid` |
/// | 4 | 4 | `gid` |
/// | 8 | 4 | `pid` |
pub fn decode_sockpeercred(data: &[u8]) -> Option<Credentials> {
    common::three_words(data, 8, 0, PEER)
}

/// Credentials of a received control message: there are none on this system.
pub fn received(_level: i32, _kind: i32, _data: &[u8]) -> Option<Credentials> {
    None
}

// The fixtures are bytes of a little-endian machine.
#[cfg(all(test, target_endian = "little"))]
mod tests {
    use super::common::fixtures::{cuts, noise};
    use super::*;
    use crate::credentials::Ids;

    /// `struct sockpeercred`, sys/socket.h, 12 bytes.
    #[rustfmt::skip]
    const SOCKPEERCRED: [u8; 12] = [
        0xe9, 0x03, 0, 0, // 0 uid 1001
        0xd1, 0x07, 0, 0, // 4 gid 2001
        0x39, 0x30, 0, 0, // 8 pid 12345
    ];

    #[test]
    fn sockpeercred_tells_effective_ids_and_the_process() {
        let expected = Credentials {
            pid: PEER.fact(12345),
            uid: PEER.fact(1001),
            gid: PEER.fact(2001),
            effective: PEER.fact(Ids { uid: 1001, gid: 2001 }),
            ..Credentials::default()
        };
        assert_eq!(decode_sockpeercred(&SOCKPEERCRED), Some(expected));
        assert_eq!(decode_sockpeercred(&[0; 12]).unwrap().pid, None);
        assert_eq!(received(LEVEL_SOCKET, 3, &SOCKPEERCRED), None);
        cuts(&SOCKPEERCRED, 12, decode_sockpeercred);
        noise(decode_sockpeercred);
    }
}
