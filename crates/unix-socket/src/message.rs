#![allow(unsafe_code)]
//! Sending: one sendmsg(2) with data, control messages and a destination, that never waits and never raises SIGPIPE.

use crate::address::{self, SocketAddress};
use crate::os::SO_PASSPIDFD;
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
    /// Keep the kernel from binding an unnamed socket that has SO_PASSCRED or SO_PASSPIDFD on, by turning them off for the call.
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

/// The options that make the kernel bind an unnamed socket to a random abstract name when it sends.
const NAMING: [i32; 2] = [libc::SO_PASSCRED, SO_PASSPIDFD];

/// While it lives the options that are on among [`NAMING`] are off, if the socket has no name.
struct Unnamed<'a> {
    fd: BorrowedFd<'a>,
    off: [bool; NAMING.len()],
}

impl<'a> Unnamed<'a> {
    fn new(fd: BorrowedFd<'a>) -> Self {
        let nameless = socket::local_name(fd).is_ok_and(|name| name.is_empty());
        let off = NAMING.map(|name| {
            let on = nameless && option::get_number(fd, name).is_ok_and(|value| value != 0);
            on && option::set_number(fd, name, 0).is_ok()
        });
        Self { fd, off }
    }
}

impl Drop for Unnamed<'_> {
    fn drop(&mut self) {
        for (name, _) in NAMING.iter().zip(self.off).filter(|(_, off)| *off) {
            let _ = option::set_number(self.fd, *name, 1);
        }
    }
}
