#![allow(unsafe_code)]
//! Receiving: one recvmsg(2) whose descriptors are owned before anything that can fail, and whose size is never cut silently.
//!
//! Knows slots (a place for the data, and spare memory behind it for long records), not what the caller does with them.

use crate::address;
use crate::control::{self, ControlBuffer};
use crate::credentials::linux::Ucred;
use crate::descriptor::above_stdio;
use crate::os::SCM_PIDFD;
use crate::syscall::{self, retry};
use crate::Result;
use libc::iovec;
use nix::sys::socket::MsgFlags;
use std::cell::RefCell;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// What one recvmsg(2) brought, beside the bytes in the slot.
#[derive(Default)]
pub struct Received {
    /// Bytes written into the slot and its spare memory.
    pub copied: usize,
    /// Length of the message, which for a record may be more than `copied`.
    pub length: usize,
    /// `msg_flags`.
    pub flags: i32,
    /// Descriptors, in the sender's order.
    pub fds: Vec<OwnedFd>,
    /// The kernel could not or would not give all descriptors; those that came were closed.
    pub fds_truncated: bool,
    /// Credentials of SCM_CREDENTIALS.
    pub credentials: Option<Ucred>,
    /// The pidfd of SCM_PIDFD, or the kernel's error number for it.
    pub pidfd: Option<std::result::Result<OwnedFd, i32>>,
    /// Control messages that have no field of their own: level, type, payload.
    pub others: Vec<(i32, i32, Vec<u8>)>,
    /// Whether any control message came: on seqpacket this tells an empty record from the end.
    pub any_control: bool,
    /// The sender's name (see [`address`]), where the kernel gave one.
    pub from: Option<Vec<u8>>,
}

/// recvmsg(2) into `parts`. `whole` asks for the true length of a record that is longer than the parts.
///
/// # Safety
/// Each of `parts` must be valid for writing.
pub unsafe fn receive(fd: BorrowedFd<'_>, parts: &mut [iovec], whole: bool, name: bool) -> Result<Received> {
    // One buffer per thread: to clear 4 KiB for each message would cost as much as a small one.
    CONTROL.with_borrow_mut(|buffer| {
        // SAFETY: upheld by the caller.
        unsafe { receive_with(buffer, fd, parts, whole, name) }
    })
}

thread_local! {
    static CONTROL: RefCell<ControlBuffer> = RefCell::default();
}

/// # Safety
/// As [`receive`].
unsafe fn receive_with(
    buffer: &mut ControlBuffer,
    fd: BorrowedFd<'_>,
    parts: &mut [iovec],
    whole: bool,
    name: bool,
) -> Result<Received> {
    let mut from = [0_u8; address::BUFFER_SIZE];
    // SAFETY: all zeros is a valid msghdr; musl has padding fields that must be zero.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = parts.as_mut_ptr();
    header.msg_iovlen = parts.len() as _;
    header.msg_control = buffer.0.as_mut_ptr().cast();
    if name {
        header.msg_name = from.as_mut_ptr().cast();
    }
    let flags = libc::MSG_DONTWAIT | libc::MSG_CMSG_CLOEXEC | if whole { libc::MSG_TRUNC } else { 0 };
    let length = retry(|| {
        header.msg_controllen = control::BUFFER_SIZE as _;
        header.msg_namelen = if name { from.len() as _ } else { 0 };
        // SAFETY: parts are the caller's promise; the control and name buffers live until the end of this function.
        unsafe { syscall::recvmsg(fd, &mut header, flags) }
    })?;
    let filled = (header.msg_controllen as usize).min(control::BUFFER_SIZE);
    // SAFETY: the kernel has just written these bytes, and this is the only walk over them.
    let mut received = unsafe { own(&buffer.0[..filled], header.msg_flags) };
    let room: usize = parts.iter().map(|part| part.iov_len).sum();
    received.copied = length.min(room);
    received.length = length;
    let name_length = (header.msg_namelen as usize).min(from.len());
    if name_length > 0 {
        received.from = address::decode(&from[..name_length]).map(<[u8]>::to_vec);
    }
    Ok(received)
}

/// The length of the next record, which stays where it is. No control buffer: a peek would install its descriptors.
pub fn next_length(fd: BorrowedFd<'_>) -> Result<usize> {
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_TRUNC | MsgFlags::MSG_DONTWAIT;
    retry(|| nix::sys::socket::recv(fd.as_raw_fd(), &mut [], flags))
}

/// Takes ownership of everything in a control buffer, then judges whether it is whole.
///
/// # Safety
/// `bytes` must be what recvmsg(2) wrote, and nobody else may own the descriptors in it.
unsafe fn own(bytes: &[u8], flags: i32) -> Received {
    let mut received = Received { flags, any_control: !bytes.is_empty(), ..Received::default() };
    for message in control::walk(bytes) {
        match (message.level, message.kind) {
            (libc::SOL_SOCKET, libc::SCM_RIGHTS) => {
                for number in control::descriptors(message.data) {
                    // SAFETY: upheld by the caller.
                    match unsafe { take(number) } {
                        Ok(fd) => received.fds.push(fd),
                        Err(_) => received.fds_truncated = true,
                    }
                }
            }
            (libc::SOL_SOCKET, SCM_PIDFD) => {
                // SAFETY: upheld by the caller.
                received.pidfd = control::descriptors(message.data).next().map(|number| unsafe { take(number) });
            }
            (libc::SOL_SOCKET, libc::SCM_CREDENTIALS) => received.credentials = Ucred::decode(message.data),
            (level, kind) => received.others.push((level, kind, message.data.to_vec())),
        }
    }
    received.fds_truncated |= flags & libc::MSG_CTRUNC != 0;
    if received.fds_truncated {
        received.fds.clear();
    }
    received
}

/// A received number as an owner; a negative one is the kernel's refusal (its error number is returned).
///
/// # Safety
/// The kernel must have just installed the number for us.
unsafe fn take(number: i32) -> std::result::Result<OwnedFd, i32> {
    if number < 0 {
        return Err(-number);
    }
    // SAFETY: upheld by the caller.
    above_stdio(unsafe { OwnedFd::from_raw_fd(number) }).map_err(|errno| errno as i32)
}
