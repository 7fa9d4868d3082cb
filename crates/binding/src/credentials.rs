//! The peer of a connected socket: SO_PEERCRED, SO_PEERGROUPS, SO_PEERSEC as numbers and bytes.

use crate::memory::Out;
use crate::state::{borrow, code, negative};
use napi_derive::napi;
use unix_socket::credentials;

/// SO_PEERCRED as pid, uid, gid into `out`: 1, or 0 where the kernel has no peer.
#[napi(catch_unwind)]
pub fn peer_ucred(fd: i32, #[napi(ts_arg_type = "Int32Array")] mut out: Out<i32>) -> i32 {
    match borrow(fd).and_then(credentials::peer) {
        Err(errno) => negative(errno),
        Ok(None) => 0,
        Ok(Some(ucred)) => {
            out[..3].copy_from_slice(&[ucred.pid, ucred.uid as i32, ucred.gid as i32]);
            1
        }
    }
}

/// SO_PEERGROUPS into `out`: how many there are, which may be more than fit.
#[napi(catch_unwind)]
pub fn peer_groups(fd: i32, #[napi(ts_arg_type = "Uint32Array")] mut out: Out<u32>) -> i32 {
    code(borrow(fd).and_then(credentials::peer_groups).map(|groups| {
        let count = groups.len().min(out.len());
        out[..count].copy_from_slice(&groups[..count]);
        groups.len()
    }))
}

/// SO_PEERSEC into `out`: its length.
#[napi(catch_unwind)]
pub fn peer_label(fd: i32, #[napi(ts_arg_type = "Uint8Array")] mut out: Out<u8>) -> i32 {
    code(borrow(fd).and_then(credentials::peer_label).map(|label| {
        let count = label.len().min(out.len());
        out[..count].copy_from_slice(&label[..count]);
        count
    }))
}
