#![allow(unsafe_code)]
//! Sending one message, and receiving a batch into a slab of slots with its facts in an Int32Array.
//!
//! `meta` is rows of META_STRIDE numbers. Row 0 tells how the batch ended; row 1 + i describes message i, whose data is in slot i,
//! whose descriptors are in `fds` from i * 253 on, and whose raw control messages and name are in `extra` from i * EXTRA_SIZE on.

use crate::memory::{Out, Parts};
use crate::process::write_ids;
use crate::state::{self, borrow, code, negative, State};
use napi::{Env, Result};
use napi_derive::napi;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use unix_socket::control::{self, FDS_MAX};
use unix_socket::exact::{self, Reach};
use unix_socket::message::{self, Outgoing};
use unix_socket::process::{self, ProcessIds};
use unix_socket::receive::{self, Received};
use unix_socket::spare::Spare;
use unix_socket::{address, Errno};

/// Messages of one batch.
pub(crate) const SLOTS: usize = 32;
/// Bytes of a slot.
pub(crate) const SLOT_SIZE: usize = 65_536;
/// Bytes of spare memory behind each slot, for longer records.
pub(crate) const SPARE_SIZE: usize = 1 << 20;
/// Bytes beside each slot: raw control messages, then the sender's name.
pub(crate) const EXTRA_SIZE: usize = control::BUFFER_SIZE + address::BUFFER_SIZE;
/// Numbers in a row of `meta`.
pub(crate) const META_STRIDE: usize = 24;

/// sendmsg(2): the bytes that were taken. `control` is the packed list of `unix_socket::control::unpack`.
#[napi(catch_unwind)]
pub fn send(
    fd: i32,
    #[napi(ts_arg_type = "Uint8Array | readonly Uint8Array[]")] data: Parts,
    control: &[u8],
    to: Option<&[u8]>,
    flags: i32,
    unnamed: bool,
) -> i32 {
    let attempt = || {
        let control = control::unpack(control)?;
        let message = Outgoing { parts: &data.0, control: &control, to, flags, unnamed };
        // SAFETY: the parts are JavaScript memory, which nothing moves or frees until this function returns.
        unsafe { message::send(borrow(fd)?, &message) }
    };
    code(attempt())
}

/// What a socket's messages look like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Stream,
    Seqpacket,
    Datagram,
}

/// Receives up to `want` messages of at most `limit` bytes. Returns how many came, or a negative errno when none did.
/// `exact`: a stream's message with descriptors begins at the byte to which they were attached.
///
/// Row 0: \[errno that ended the batch or 0, 1 at the end of the stream].
/// Other rows: \[copied, length, fds, refused, truncated, has credentials, pid, uid, gid, control bytes, name bytes or -1,
/// pidfd or negative errno or 0, ids told, real uid and gid, effective uid and gid, saved uid and gid].
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn receive(
    env: Env,
    fd: i32,
    kind: i32,
    want: u32,
    limit: u32,
    max_fds: u32,
    #[napi(ts_arg_type = "Uint8Array")] mut slab: Out<u8>,
    #[napi(ts_arg_type = "Int32Array")] mut meta: Out<i32>,
    #[napi(ts_arg_type = "Int32Array")] mut fds: Out<i32>,
    #[napi(ts_arg_type = "Uint8Array")] mut extra: Out<u8>,
    exact: Option<bool>,
) -> Result<i32> {
    let state = state::of(&env)?;
    let style = match kind {
        libc::SOCK_STREAM => Style::Stream,
        libc::SOCK_SEQPACKET => Style::Seqpacket,
        _ => Style::Datagram,
    };
    let mut batch = Batch {
        state: &state,
        style,
        reach: (style == Style::Stream && exact == Some(true)).then(Reach::default),
        limit: limit as usize,
        max_fds: max_fds as usize,
        slab: &mut slab,
        meta: &mut meta,
        fds: &mut fds,
        extra: &mut extra,
    };
    Ok(match borrow(fd) {
        Ok(fd) => batch.fill(fd, want as usize),
        Err(errno) => negative(errno),
    })
}

/// 0 where `exact` works on this kernel, else a negative errno.
#[napi(catch_unwind)]
pub fn exact_works() -> i32 {
    state::done(exact::works())
}

/// The length of the next record, without taking it.
#[napi(catch_unwind)]
pub fn next_length(fd: i32) -> i32 {
    code(borrow(fd).and_then(receive::next_length))
}

/// Copies what a long record left in the spare memory of its slot.
#[napi(catch_unwind)]
pub fn take_spare(env: Env, slot: u32, #[napi(ts_arg_type = "Uint8Array")] mut out: Out<u8>) -> Result<()> {
    if let Some(spare) = &mut *state::of(&env)?.spare.borrow_mut() {
        spare.take(slot as usize * SPARE_SIZE, &mut out);
    }
    Ok(())
}

struct Batch<'a> {
    state: &'a State,
    style: Style,
    /// How far the next read may go, where that is to be asked.
    reach: Option<Reach>,
    limit: usize,
    max_fds: usize,
    slab: &'a mut [u8],
    meta: &'a mut [i32],
    fds: &'a mut [i32],
    extra: &'a mut [u8],
}

impl Batch<'_> {
    fn fill(&mut self, fd: BorrowedFd<'_>, want: usize) -> i32 {
        self.meta[..META_STRIDE].fill(0);
        for slot in 0..want {
            match self.one(fd, slot) {
                Err(errno) if slot == 0 => return negative(errno),
                Err(errno) => {
                    self.meta[0] = errno as i32;
                    return slot as i32;
                }
                Ok(received) if self.is_end(&received) => {
                    self.meta[1] = 1;
                    return slot as i32;
                }
                Ok(received) => self.record(slot, received),
            }
        }
        want as i32
    }

    /// Linux: a seqpacket record has at least the timestamp that we asked for; the end has nothing.
    fn is_end(&self, received: &Received) -> bool {
        received.length == 0
            && match self.style {
                Style::Stream => true,
                Style::Seqpacket => !received.any_control,
                Style::Datagram => false,
            }
    }

    fn one(&mut self, fd: BorrowedFd<'_>, slot: usize) -> unix_socket::Result<Received> {
        let size = if self.limit > SLOT_SIZE + SPARE_SIZE { self.slab.len() } else { SLOT_SIZE };
        let place = &mut self.slab[slot * size..(slot + 1) * size];
        let mut first = self.limit.min(size);
        if let Some(reach) = &mut self.reach {
            first = reach.next(fd, &mut place[..first])?;
        }
        let nothing = libc::iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };
        let mut parts = [libc::iovec { iov_base: place.as_mut_ptr().cast(), iov_len: first }, nothing];
        let mut count = 1;
        let mut spare = self.state.spare.borrow_mut();
        if self.limit > size && self.style != Style::Stream {
            if spare.is_none() {
                *spare = Some(Spare::new(SLOTS * SPARE_SIZE)?);
            }
            let spare = spare.as_mut().ok_or(Errno::ENOMEM)?;
            let part = spare.part(slot * SPARE_SIZE, (self.limit - size).min(SPARE_SIZE));
            parts[1] = libc::iovec { iov_base: part.as_mut_ptr().cast(), iov_len: part.len() };
            count = 2;
        }
        let records = self.style != Style::Stream;
        // SAFETY: both parts are exclusively borrowed until the call returns.
        let received = unsafe { receive::receive(fd, &mut parts[..count], records, self.style == Style::Datagram) };
        if let (Some(reach), Ok(received)) = (&mut self.reach, &received) {
            reach.took(received.length);
        }
        received
    }

    fn record(&mut self, slot: usize, received: Received) {
        let brought = received.fds.len();
        let refused = brought > self.max_fds;
        let given = if refused { Vec::new() } else { received.fds };
        let row = &mut self.meta[(slot + 1) * META_STRIDE..(slot + 2) * META_STRIDE];
        row[0] = received.copied as i32;
        row[1] = received.length as i32;
        row[2] = given.len() as i32;
        row[3] = if refused { brought as i32 } else { 0 };
        row[4] = i32::from(received.fds_truncated);
        row[5] = i32::from(received.credentials.is_some());
        if let Some(ucred) = received.credentials {
            row[6..9].copy_from_slice(&[ucred.pid, ucred.uid as i32, ucred.gid as i32]);
        }
        let extra = &mut self.extra[slot * EXTRA_SIZE..(slot + 1) * EXTRA_SIZE];
        // Only we asked for the timestamp of a record, to tell an empty one from the end.
        let is_ours = |level, kind| (level, kind) == (libc::SOL_SOCKET, libc::SCM_TIMESTAMP);
        let hide = self.style == Style::Seqpacket;
        row[9] =
            pack(received.others.iter().filter(|(level, kind, _)| !(hide && is_ours(*level, *kind))), extra) as i32;
        row[10] = received.from.map_or(-1, |name| {
            extra[control::BUFFER_SIZE..][..name.len()].copy_from_slice(&name);
            name.len() as i32
        });
        self.record_process(slot, received.pidfd);
        for (at, fd) in given.into_iter().enumerate() {
            self.fds[slot * FDS_MAX + at] = self.state.give(fd);
        }
    }

    fn record_process(&mut self, slot: usize, pidfd: Option<std::result::Result<OwnedFd, i32>>) {
        let row = &mut self.meta[(slot + 1) * META_STRIDE..(slot + 2) * META_STRIDE];
        row[12..19].fill(0);
        row[11] = match pidfd {
            None => 0,
            Some(Err(errno)) => -errno,
            Some(Ok(pidfd)) => {
                write_ids(ids_of(pidfd.as_fd()), &mut row[12..19]);
                self.state.give(pidfd)
            }
        };
    }
}

/// What is known of the sender at this moment, which may be the last at which anything is.
fn ids_of(pidfd: BorrowedFd<'_>) -> Option<ProcessIds> {
    process::info(pidfd).ok()?.ids
}

/// Control messages as level, type, length and payload; the kernel's own headers were longer, so they fit.
fn pack<'a>(messages: impl Iterator<Item = &'a (i32, i32, Vec<u8>)>, out: &mut [u8]) -> usize {
    let mut at = 0;
    for (level, kind, data) in messages {
        for word in [*level, *kind, data.len() as i32] {
            out[at..at + 4].copy_from_slice(&word.to_ne_bytes());
            at += 4;
        }
        out[at..at + data.len()].copy_from_slice(data);
        at += data.len();
    }
    at
}
