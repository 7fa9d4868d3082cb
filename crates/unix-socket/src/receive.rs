#![allow(unsafe_code)]
//! Receiving: one recvmsg(2) or recvmmsg(2) whose descriptors are owned before anything that can fail, and whose sizes are never
//! cut silently.
//!
//! Knows places for data (a slot, and spare memory behind it for long records), not what the caller does with them.

use crate::address;
use crate::closing;
use crate::control::{self, ControlBuffer};
use crate::credentials::{self, Ucred};
use crate::descriptor::{above_stdio, close_on_exec};
use crate::headroom;
use crate::option;
use crate::os::{IS_LINUX, SCM_PIDFD, SYSTEM};
use crate::syscall::Header;
use crate::syscall::{self, retry};
use crate::{Errno, Result};
use libc::iovec;
use nix::sys::socket::MsgFlags;
use std::cell::RefCell;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

/// One received message, beside its bytes.
#[derive(Default)]
pub struct Received {
    /// Bytes written into its place.
    pub copied: usize,
    /// Length of the message, which for a record may be more than `copied`.
    pub length: usize,
    /// `msg_flags`.
    pub flags: i32,
    /// Descriptors, in the sender's order.
    pub fds: Vec<OwnedFd>,
    /// The kernel could not or would not give all descriptors; those that came were closed.
    pub fds_truncated: bool,
    /// Credentials that came with it: SCM_CREDENTIALS, or what the system has in its place.
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

/// How to read.
#[derive(Clone, Copy, Default)]
pub struct Look {
    /// Tell the true length of a record that is longer than its place.
    pub whole: bool,
    /// Tell the sender's name.
    pub name: bool,
    /// Leave timestamps out: they were asked for only to tell an empty record from the end.
    pub hide_timestamp: bool,
}

/// Where the data of one message goes: one part after the other. A part of no length is not used.
pub type Place = [iovec; 2];

/// A place of one part.
pub fn place(memory: &mut [u8]) -> Place {
    [iovec { iov_base: memory.as_mut_ptr().cast(), iov_len: memory.len() }, NOWHERE]
}

const NOWHERE: iovec = iovec { iov_base: std::ptr::null_mut(), iov_len: 0 };

/// Everything that a receive of several messages needs beside the places for their data. It is made once: to allocate or to clear
/// 4 KiB for each message would cost as much as a small one.
#[derive(Default)]
pub struct Batch {
    headers: Vec<Header>,
    controls: Vec<ControlBuffer>,
    names: Vec<[u8; address::BUFFER_SIZE]>,
    received: Vec<Received>,
    late: Option<Errno>,
}

impl Batch {
    /// Room for `slots` messages.
    pub fn new(slots: usize) -> Self {
        // SAFETY: all zeros is a valid mmsghdr; musl has padding fields that must be zero.
        let header: Header = unsafe { std::mem::zeroed() };
        Self {
            headers: vec![header; slots],
            controls: vec![ControlBuffer::default(); slots],
            names: vec![[0; address::BUFFER_SIZE]; slots],
            received: Vec::with_capacity(slots),
            late: None,
        }
    }

    /// The error that ended the last batch after its first message, which no further call will tell. Linux keeps it for the next one.
    pub const fn take_late(&mut self) -> Option<Errno> {
        self.late.take()
    }

    /// Receives as many messages as there are and as `places` has room for: at least one, or an error. All their descriptors are
    /// owned when it returns; what the caller does not take is closed.
    ///
    /// At the end of a stream or of records every place that is left brings an empty message.
    ///
    /// # Safety
    /// Each part of `places` must be valid for writing.
    pub unsafe fn receive(
        &mut self,
        fd: BorrowedFd<'_>,
        places: &mut [Place],
        look: Look,
    ) -> Result<std::vec::Drain<'_, Received>> {
        let count = places.len().min(self.headers.len());
        let flags = libc::MSG_DONTWAIT | SYSTEM.cmsg_cloexec | if look.whole { libc::MSG_TRUNC } else { 0 };
        let filled = retry(|| {
            self.prepare(&mut places[..count], look);
            // SAFETY: the places are the caller's promise; the control and name buffers are our own.
            unsafe { self.call(fd, count, flags) }
        })?;
        for (slot, place) in places[..filled].iter().enumerate() {
            // SAFETY: the kernel has just filled this slot, and this is the only walk over it.
            let received = unsafe { self.own(slot, place, look) };
            self.received.push(received);
        }
        Ok(self.received.drain(..))
    }

    fn prepare(&mut self, places: &mut [Place], look: Look) {
        for (slot, place) in places.iter_mut().enumerate() {
            let header = &mut self.headers[slot].msg_hdr;
            header.msg_iov = place.as_mut_ptr();
            header.msg_iovlen = if place[1].iov_len == 0 { 1 } else { 2 };
            header.msg_control = self.controls[slot].0.as_mut_ptr().cast();
            header.msg_controllen = control::BUFFER_SIZE as _;
            header.msg_name = if look.name { self.names[slot].as_mut_ptr().cast() } else { std::ptr::null_mut() };
            header.msg_namelen = if look.name { address::BUFFER_SIZE as _ } else { 0 };
        }
    }

    /// One message is fetched faster alone.
    ///
    /// # Safety
    /// The first `count` headers must be prepared with places that are valid for writing.
    unsafe fn call(&mut self, fd: BorrowedFd<'_>, count: usize, flags: i32) -> Result<usize> {
        if count != 1 && SYSTEM.many {
            // SAFETY: upheld by the caller.
            return unsafe { syscall::recvmmsg(fd, &mut self.headers[..count], flags) };
        }
        for slot in 0..count {
            // SAFETY: upheld by the caller.
            match unsafe { self.call_one(fd, slot, flags) } {
                Err(errno) if slot == 0 => return Err(errno),
                Err(errno) => {
                    self.late = (errno != Errno::EAGAIN && errno != Errno::EINTR).then_some(errno);
                    return Ok(slot);
                }
                // The end: where recvmmsg(2) is, it fills what is left with that.
                Ok(0) => return Ok(slot + 1),
                Ok(_) => {}
            }
        }
        Ok(count)
    }

    /// # Safety
    /// As `call`, for one header.
    unsafe fn call_one(&mut self, fd: BorrowedFd<'_>, slot: usize, flags: i32) -> Result<usize> {
        let header = &mut self.headers[slot];
        // SAFETY: upheld by the caller.
        let length = unsafe { syscall::recvmsg(fd, &mut header.msg_hdr, flags) }?;
        header.msg_len = length as _;
        Ok(length)
    }

    /// # Safety
    /// The kernel must have filled this slot, and nobody else may own its descriptors.
    unsafe fn own(&self, slot: usize, place: &Place, look: Look) -> Received {
        let Header { msg_hdr: header, msg_len } = &self.headers[slot];
        // As in msghdr: a socklen_t in musl.
        #[allow(clippy::unnecessary_cast)]
        let filled = (header.msg_controllen as usize).min(control::BUFFER_SIZE);
        // SAFETY: upheld by the caller.
        let mut received = unsafe { own(&self.controls[slot].0[..filled], header.msg_flags, look) };
        received.length = *msg_len as usize;
        received.copied = received.length.min(place[0].iov_len + place[1].iov_len);
        let name_length = (header.msg_namelen as usize).min(address::BUFFER_SIZE);
        if name_length > 0 {
            received.from = address::decode(&self.names[slot][..name_length]).map(<[u8]>::to_vec);
        }
        received
    }
}

thread_local! {
    static ALONE: RefCell<Batch> = RefCell::new(Batch::new(1));
}

/// One message into one place.
///
/// # Safety
/// Each part of `place` must be valid for writing.
pub unsafe fn receive(fd: BorrowedFd<'_>, place: Place, look: Look) -> Result<Received> {
    ALONE.with_borrow_mut(|batch| {
        // SAFETY: upheld by the caller.
        let mut received = unsafe { batch.receive(fd, &mut [place], look) }?;
        Ok(received.next().unwrap_or_default())
    })
}

/// The length of the next record, which stays where it is. No control buffer: a peek would install its descriptors.
pub fn next_length(fd: BorrowedFd<'_>) -> Result<usize> {
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
    let look = |place: &mut [u8], flags| retry(|| nix::sys::socket::recv(fd.as_raw_fd(), place, flags));
    if SYSTEM.next_length == 0 {
        return look(&mut [], flags | MsgFlags::MSG_TRUNC);
    }
    // macOS: a peek tells what it has copied, and one that copies nothing succeeds though nothing is there.
    look(&mut [0], flags)?;
    Ok(option::get_number(fd, SYSTEM.next_length)?.unsigned_abs() as usize)
}

/// Takes ownership of everything in a control buffer, then judges whether it is whole.
///
/// # Safety
/// `bytes` must be what recvmsg(2) wrote, and nobody else may own the descriptors in it.
unsafe fn own(bytes: &[u8], flags: i32, look: Look) -> Received {
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
            // Other systems use its number for something else.
            (libc::SOL_SOCKET, SCM_PIDFD) if IS_LINUX => {
                // SAFETY: upheld by the caller.
                received.pidfd = control::descriptors(message.data).next().map(|number| unsafe { take(number) });
            }
            (libc::SOL_SOCKET, libc::SCM_TIMESTAMP) if look.hide_timestamp => {}
            (level, kind) => match credentials::received(level, kind, message.data) {
                None => received.others.push((level, kind, message.data.to_vec())),
                credentials => received.credentials = credentials,
            },
        }
    }
    if !received.fds.is_empty() {
        headroom::taken(received.fds.len());
    }
    // Whoever asked for the message has room for so many, and no more.
    received.fds_truncated |= flags & libc::MSG_CTRUNC != 0 || received.fds.len() > control::FDS_MAX;
    if received.fds_truncated {
        closing::close(received.fds.drain(..));
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
    let fd = unsafe { OwnedFd::from_raw_fd(number) };
    // macOS: as soon as can be; a child that another thread starts in between has it.
    let marked = if SYSTEM.cmsg_cloexec == 0 { close_on_exec(fd.as_fd()) } else { Ok(()) };
    marked.and_then(|()| above_stdio(fd)).map_err(|errno| errno as i32)
}
