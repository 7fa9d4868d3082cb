//! Processes as descriptors (pidfds), for JavaScript: numbers that the environment owns, like those of sockets.

use crate::memory::{copy, Out};
use crate::state::{self, borrow, code, done};
use napi::{Env, Result};
use napi_derive::napi;
use std::os::fd::AsFd;
use unix_socket::process::{self, ProcessIds};
use unix_socket::Errno;

/// A pidfd of the peer of a socket, or a negative errno. `ESRCH` when that process has ended.
#[napi(catch_unwind)]
pub fn peer_process(env: Env, fd: i32) -> Result<i32> {
    let state = state::of(&env)?;
    let pidfd = borrow(fd).and_then(process::peer).and_then(|pidfd| {
        if process::has_ended(pidfd.as_fd())? {
            Err(Errno::ESRCH)
        } else {
            Ok(pidfd)
        }
    });
    Ok(code(pidfd.map(|pidfd| state.give(pidfd))))
}

/// Whether the peer of a socket runs now: 1, 0, or a negative errno where nobody can tell.
#[napi(catch_unwind)]
pub fn peer_lives(fd: i32) -> i32 {
    let pidfd = borrow(fd).and_then(process::peer);
    code(pidfd.and_then(|pidfd| process::has_ended(pidfd.as_fd())).map(|ended| i32::from(!ended)))
}

/// What PIDFD_GET_INFO tells, into `out`: \[pid or 0, ids told, six ids, exit status told, wait status]. 0 or a negative errno.
#[napi(catch_unwind)]
pub fn process_info(pidfd: i32, #[napi(ts_arg_type = "Int32Array")] mut out: Out<i32>) -> i32 {
    done(borrow(pidfd).and_then(process::info).map(|info| {
        out.fill(0);
        out[0] = info.pid.unwrap_or(0) as i32;
        write_ids(info.ids, &mut out[1..8]);
        out[8] = i32::from(info.exit.is_some());
        out[9] = info.exit.unwrap_or(0);
    }))
}

/// Whether the process has ended: 0 or 1.
#[napi(catch_unwind)]
pub fn process_ended(pidfd: i32) -> i32 {
    code(borrow(pidfd).and_then(process::has_ended).map(i32::from))
}

/// pidfd_send_signal(2).
#[napi(catch_unwind)]
pub fn process_signal(pidfd: i32, signal: i32) -> i32 {
    done(borrow(pidfd).and_then(|pidfd| process::signal(pidfd, signal)))
}

/// The supplementary groups of a living process into `out`: how many there are, which may be more than fit.
#[napi(catch_unwind)]
pub fn process_groups(pidfd: i32, #[napi(ts_arg_type = "Uint32Array")] mut out: Out<u32>) -> i32 {
    code(borrow(pidfd).and_then(process::groups).map(|groups| copy(&groups, &mut out)))
}

/// 1, then real, effective and saved ids; seven zeros where nobody told.
pub(crate) fn write_ids(ids: Option<ProcessIds>, out: &mut [i32]) {
    if let Some(ids) = ids {
        out[0] = 1;
        for (index, pair) in [ids.real, ids.effective, ids.saved].into_iter().enumerate() {
            out[1 + 2 * index] = pair.uid as i32;
            out[2 + 2 * index] = pair.gid as i32;
        }
    }
}
