#![allow(unsafe_code)]
//! Sending: one sendmsg(2) with data, control messages and a destination, that never waits and never raises SIGPIPE.

use crate::address::{self, SocketAddress};
use crate::syscall::{self, retry};
use crate::{option, path, socket, Result};
use std::os::fd::{AsFd, BorrowedFd};

/// Most parts of one gathered message (IOV_MAX).
pub const PARTS_MAX: usize = 1024;

/// One outgoing message. Everything is borrowed for the call.
pub struct Outgoing<'a> {
    /// The data, in parts that are sent as one.
    pub parts: &'a [libc::iovec],
    /// Encoded control messages; empty for none.
    pub control: &'a [u8],
    /// The destination of a datagram; `None` where the socket is connected.
    pub to: Option<&'a [u8]>,
    /// Flags of sendmsg(2) beside MSG_DONTWAIT and MSG_NOSIGNAL.
    pub flags: i32,
    /// Keep the kernel from binding an unnamed socket that has SO_PASSCRED on, by turning that off for the call.
    pub unnamed: bool,
}

/// sendmsg(2). Returns the bytes that the kernel took; `EAGAIN` where it would have to wait.
///
/// # Safety
/// Each of `parts` must be valid for reading.
pub unsafe fn send(fd: BorrowedFd<'_>, message: &Outgoing<'_>) -> Result<usize> {
    let file = match message.to {
        Some(name) if name.len() > address::PATH_MAX && name[0] != 0 => Some(path::open_file(name)?),
        _ => None,
    };
    let address = match (&file, message.to) {
        (Some(file), _) => Some(SocketAddress::encode(&path::of_descriptor(file.as_fd()))?),
        (None, Some(name)) => Some(SocketAddress::encode(name)?),
        (None, None) => None,
    };
    // SAFETY: all zeros is a valid msghdr; musl has padding fields that must be zero.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = message.parts.as_ptr().cast_mut();
    header.msg_iovlen = message.parts.len() as _;
    if !message.control.is_empty() {
        header.msg_control = message.control.as_ptr().cast_mut().cast();
        header.msg_controllen = message.control.len() as _;
    }
    if let Some(address) = &address {
        header.msg_name = address.as_bytes().as_ptr().cast_mut().cast();
        header.msg_namelen = address.as_bytes().len() as _;
    }
    let flags = message.flags | libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL;
    let _unnamed = message.unnamed.then(|| Unnamed::new(fd));
    // SAFETY: parts are the caller's promise; control and name live until the end of this function.
    retry(|| unsafe { syscall::sendmsg(fd, &header, flags) })
}

/// While it lives SO_PASSCRED is off, if the socket has no name: sending would else bind it to a random abstract one.
struct Unnamed<'a>(Option<BorrowedFd<'a>>);

impl<'a> Unnamed<'a> {
    fn new(fd: BorrowedFd<'a>) -> Self {
        let nameless = socket::local_name(fd).is_ok_and(|name| name.is_empty());
        let off = nameless && option::set_number(fd, libc::SO_PASSCRED, 0).is_ok();
        Self(off.then_some(fd))
    }
}

impl Drop for Unnamed<'_> {
    fn drop(&mut self) {
        if let Some(fd) = self.0 {
            let _ = option::set_number(fd, libc::SO_PASSCRED, 1);
        }
    }
}
