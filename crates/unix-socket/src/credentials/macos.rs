//! macOS: `xucred` of a connected peer, its process and its audit token. The system has no credentials per message.
//!
//! Layouts and numbers: xnu's bsd/sys/ucred.h, bsd/sys/un.h and libbsm's audit_token_to_euid(3) and its relatives. A count that the
//! bytes do not hold is refused.

use super::common::{self, number, signed, Told};
use super::{Credentials, Ids, Peer, Source, When};
use crate::{option, Result};
use std::os::fd::BorrowedFd;

/// SOL_LOCAL: the level of the options of Unix sockets. To sockets of other families it means IP, and the options below succeed with
/// something else: `peer` looks at the family first.
pub const LEVEL_LOCAL: i32 = 0;
/// LOCAL_PEERCRED: the peer as `struct xucred`.
pub const LOCAL_PEERCRED: i32 = 1;
/// LOCAL_PEERPID: the process that last used the peer's end.
pub const LOCAL_PEERPID: i32 = 2;
/// LOCAL_PEERTOKEN: the audit token of that process.
pub const LOCAL_PEERTOKEN: i32 = 6;

const XUCRED_SIZE: usize = 76;
const TOKEN_SIZE: usize = 32;

const PEER: Told = Told { source: Source::LocalPeerCred, when: When::Connect };
/// xnu's uipc_ctloutput reads `last_pid` of the peer's socket as it is now: a process that got the descriptor later shows up here.
const PROCESS: Told = Told { source: Source::LocalPeerPid, when: When::Query };
/// The token is that of the same process as it is now. Derived from the above; this branch of uipc_ctloutput itself is unverified.
const TOKEN: Told = Told { source: Source::LocalPeerToken, when: When::Query };

/// LOCAL_PEERCRED for what was true as the connection was made; LOCAL_PEERPID and LOCAL_PEERTOKEN for the process that holds the peer's
/// end now. They fail once the peer has closed, and LOCAL_PEERTOKEN is not on old systems: then those facts are missing.
pub(super) fn peer(fd: BorrowedFd<'_>) -> Result<Peer> {
    let found = common::peer(fd, (LEVEL_LOCAL, LOCAL_PEERCRED), &mut [0; XUCRED_SIZE], decode_xucred)?;
    let Peer::Known(known) = found else {
        return Ok(found);
    };
    let read = |name, buffer: &mut [u8], decode: fn(&[u8]) -> Option<Credentials>| {
        let length = option::get(fd, LEVEL_LOCAL, name, buffer).ok()?;
        decode(&buffer[..length])
    };
    let process = read(LOCAL_PEERPID, &mut [0; 4], decode_peerpid);
    let token = read(LOCAL_PEERTOKEN, &mut [0; TOKEN_SIZE], decode_peertoken);
    Ok(Peer::Known(join(known, process, token)))
}

/// One object of three answers: effective ids and groups are those of the connection, the real ids only the token has.
fn join(known: Credentials, process: Option<Credentials>, token: Option<Credentials>) -> Credentials {
    let token = token.unwrap_or_default();
    Credentials { pid: process.and_then(|found| found.pid).or(token.pid), real: token.real, ..known }
}

/// Reads `struct xucred`, 76 bytes laid out as in `common::xucred`: no process here. The ids are the effective ones.
pub fn decode_xucred(data: &[u8]) -> Option<Credentials> {
    common::xucred(data, PEER)
}

/// Reads the value of LOCAL_PEERPID, one `pid_t`.
pub fn decode_peerpid(data: &[u8]) -> Option<Credentials> {
    Some(Credentials { pid: PROCESS.pid(signed(data, 0)?), ..Credentials::default() })
}

/// Reads an `audit_token_t`. What tells two processes of one number apart, `pidversion`, has no place in [`Credentials`].
///
/// | offset | size | field |
/// | --- | --- | --- |
/// | 0 | 4 | audit user |
/// | 4 | 4 | effective user |
/// | 8 | 4 | effective group |
/// | 12 | 4 | real user |
/// | 16 | 4 | real group |
/// | 20 | 4 | process |
/// | 24 | 4 | audit session |
/// | 28 | 4 | version of the process number |
pub fn decode_peertoken(data: &[u8]) -> Option<Credentials> {
    let token = data.get(..TOKEN_SIZE)?;
    let effective = Ids { uid: number(token, 4)?, gid: number(token, 8)? };
    Some(Credentials {
        pid: TOKEN.pid(signed(token, 20)?),
        uid: TOKEN.fact(effective.uid),
        gid: TOKEN.fact(effective.gid),
        real: TOKEN.fact(Ids { uid: number(token, 12)?, gid: number(token, 16)? }),
        effective: TOKEN.fact(effective),
        ..Credentials::default()
    })
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

    /// `struct xucred`, bsd/sys/ucred.h, 76 bytes.
    fn xucred() -> Vec<u8> {
        let mut bytes = vec![
            0, 0, 0, 0, // 0 cr_version
            0xf5, 0x01, 0, 0, // 4 cr_uid 501
            3, 0, 0xaa, 0xaa, // 8 cr_ngroups 3, padding
            20, 0, 0, 0, // 12 cr_groups[0]: effective, staff
            12, 0, 0, 0, // 16 cr_groups[1]
            61, 0, 0, 0, // 20 cr_groups[2]
        ];
        bytes.resize(76, 0);
        bytes
    }

    /// `audit_token_t`, 32 bytes.
    #[rustfmt::skip]
    const TOKEN_BYTES: [u8; 32] = [
        1, 0, 0, 0, // 0 audit user
        0xf5, 0x01, 0, 0, // 4 effective user 501
        20, 0, 0, 0, // 8 effective group
        0xf6, 0x01, 0, 0, // 12 real user 502
        21, 0, 0, 0, // 16 real group
        0x39, 0x30, 0, 0, // 20 process 12345
        2, 0, 0, 0, // 24 audit session
        3, 0, 0, 0, // 28 version of the process number
    ];

    #[test]
    fn xucred_tells_effective_ids_and_groups() {
        let bytes = xucred();
        let expected = Credentials {
            uid: PEER.fact(501),
            gid: PEER.fact(20),
            effective: PEER.fact(Ids { uid: 501, gid: 20 }),
            groups: PEER.fact(vec![12, 61]),
            ..Credentials::default()
        };
        assert_eq!(decode_xucred(&bytes), Some(expected));
        cuts(&bytes, 76, decode_xucred);
        noise(decode_xucred);
        for (at, value) in [(8, 17), (9, 0x80), (0, 1)] {
            let mut lying = bytes.clone();
            lying[at] = value;
            assert_eq!(decode_xucred(&lying), None);
        }
    }

    #[test]
    fn the_token_tells_both_pairs_of_ids_and_the_process() {
        let expected = Credentials {
            pid: TOKEN.fact(12345),
            uid: TOKEN.fact(501),
            gid: TOKEN.fact(20),
            real: TOKEN.fact(Ids { uid: 502, gid: 21 }),
            effective: TOKEN.fact(Ids { uid: 501, gid: 20 }),
            ..Credentials::default()
        };
        assert_eq!(decode_peertoken(&TOKEN_BYTES), Some(expected));
        cuts(&TOKEN_BYTES, 32, decode_peertoken);
        cuts(&[0x39, 0x30, 0, 0], 4, decode_peerpid);
        noise(decode_peertoken);
        noise(decode_peerpid);
    }

    #[test]
    fn each_fact_keeps_its_source_and_time() {
        let known = || decode_xucred(&xucred()).unwrap();
        let process = decode_peerpid(&[0x38, 0x30, 0, 0]);
        let all = join(known(), process, decode_peertoken(&TOKEN_BYTES));
        assert_eq!(all.pid, PROCESS.fact(12344));
        assert_eq!(all.real, TOKEN.fact(Ids { uid: 502, gid: 21 }));
        assert_eq!((all.uid, all.effective, all.groups), (known().uid, known().effective, known().groups));
        // Without LOCAL_PEERPID the token's process stands in; with neither, nothing does.
        assert_eq!(join(known(), None, decode_peertoken(&TOKEN_BYTES)).pid, TOKEN.fact(12345));
        assert_eq!(join(known(), decode_peerpid(&[0; 4]), None), known());
        assert_eq!(received(0xffff, 3, &xucred()), None);
    }
}
