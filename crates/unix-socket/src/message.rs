#![allow(unsafe_code)]
//! Sending: one sendmsg(2) or sendmmsg(2) with data, control messages and a destination, that never waits and never
//! raises SIGPIPE.

use crate::address::{self, SocketAddress};
use crate::os::{SO_PASSCRED, SO_PASSPIDFD, SYSTEM};
use crate::syscall::{self, retry, Header};
use crate::{option, path, socket, Result};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Most parts of one gathered message (IOV_MAX).
pub const PARTS_MAX: usize = 1024;

/// One outgoing message. Everything is borrowed for the call.
#[derive(Clone, Copy)]
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
    let _unnamed = message.unnamed.then(|| Unnamed::new(fd));
    let target = Target::of(message.to)?;
    let header = header(message, &target);
    // SAFETY: parts are the caller's promise; control and name live until the end of this function.
    retry(|| unsafe { syscall::sendmsg(fd, &header, message.flags | ALWAYS) })
}

/// sendmmsg(2): sends messages in order and returns how many the kernel took, with the bytes of each in `taken`; of the last one, on
/// a stream, perhaps only a part. An error is that of the first message. `flags` and `unnamed` are those of the first, for all.
///
/// # Safety
/// As [`send`].
pub unsafe fn send_many(fd: BorrowedFd<'_>, messages: &[Outgoing<'_>], taken: &mut [usize]) -> Result<usize> {
    let Some(first) = messages.first() else { return Ok(0) };
    let _unnamed = first.unnamed.then(|| Unnamed::new(fd));
    let targets = messages.iter().map(|message| Target::of(message.to)).collect::<Result<Vec<_>>>()?;
    let pairs = messages.iter().zip(&targets);
    let mut headers: Vec<_> =
        pairs.map(|(message, target)| Header { msg_hdr: header(message, target), msg_len: 0 }).collect();
    // SAFETY: parts are the caller's promise; controls and names live until the end of this function.
    let count = retry(|| unsafe { syscall::sendmmsg(fd, &mut headers, first.flags | ALWAYS) })?;
    for (bytes, header) in taken.iter_mut().zip(&headers[..count]) {
        *bytes = header.msg_len as usize;
    }
    Ok(count)
}

/// Flags of every send. macOS has no MSG_NOSIGNAL; there each socket is told at its beginning.
const ALWAYS: i32 = libc::MSG_DONTWAIT | SYSTEM.no_signal;

/// Where a datagram goes. A path that is too long for an address is named through a descriptor of its file, kept open meanwhile.
struct Target {
    address: Option<SocketAddress>,
    _file: Option<OwnedFd>,
}

impl Target {
    fn of(name: Option<&[u8]>) -> Result<Self> {
        let Some(name) = name else { return Ok(Self { address: None, _file: None }) };
        if name.len() <= address::PATH_MAX || name[0] == 0 || !SYSTEM.paths_of_descriptors {
            return Ok(Self { address: Some(SocketAddress::encode(name)?), _file: None });
        }
        let file = path::open_file(name)?;
        Ok(Self { address: Some(SocketAddress::encode(&path::of_descriptor(file.as_fd()))?), _file: Some(file) })
    }
}

fn header(message: &Outgoing<'_>, target: &Target) -> libc::msghdr {
    // SAFETY: all zeros is a valid msghdr; musl has padding fields that must be zero.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = message.parts.as_ptr().cast_mut();
    header.msg_iovlen = message.parts.len() as _;
    if !message.control.is_empty() {
        header.msg_control = message.control.as_ptr().cast_mut().cast();
        header.msg_controllen = message.control.len() as _;
    }
    if let Some(address) = &target.address {
        header.msg_name = address.as_bytes().as_ptr().cast_mut().cast();
        header.msg_namelen = address.as_bytes().len() as _;
    }
    header
}

/// The options that make the kernel bind an unnamed socket to a random abstract name when it sends.
const NAMING: [i32; 2] = [SO_PASSCRED, SO_PASSPIDFD];

/// While it lives the options that are on among [`NAMING`] are off, if the socket has no name.
struct Unnamed<'a> {
    fd: BorrowedFd<'a>,
    off: [bool; NAMING.len()],
}

impl<'a> Unnamed<'a> {
    fn new(fd: BorrowedFd<'a>) -> Self {
        // Only Linux has such names.
        let nameless = SYSTEM.abstract_names && socket::local_name(fd).is_ok_and(|name| name.is_empty());
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
