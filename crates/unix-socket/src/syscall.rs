#![allow(unsafe_code)]
//! The system calls that nix lacks, or whose nix form loses something: sendmsg and sendmmsg with raw control messages,
//! recvmsg and recvmmsg that keep truncated descriptors reachable, connect and bind with a 108-byte name. Nothing here interprets bytes.
//! Those that only Linux has are in `os`.

use crate::os::uncancelled;
use crate::{Errno, Result};
use libc::{c_int, c_void, msghdr, sockaddr, socklen_t};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

pub(crate) fn check(result: c_int) -> Result<c_int> {
    if result < 0 {
        Err(Errno::last())
    } else {
        Ok(result)
    }
}

pub(crate) fn check_size(result: isize) -> Result<usize> {
    usize::try_from(result).map_err(|_| Errno::last())
}

/// Repeats a call that a signal interrupted.
pub(crate) fn retry<T>(mut call: impl FnMut() -> Result<T>) -> Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            other => return other,
        }
    }
}

/// socket(2) by number: nix knows only some families and protocols.
pub(crate) fn socket(domain: c_int, kind: c_int, protocol: c_int) -> Result<OwnedFd> {
    // SAFETY: takes integers only.
    let fd = check(unsafe { libc::socket(domain, kind, protocol) })?;
    // SAFETY: the kernel has just given us this number; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// accept4(2), or accept(2) where macOS and QNX have no other: flags are for the caller to set then. nix returns a bare number.
pub(crate) fn accept(fd: BorrowedFd<'_>, flags: c_int) -> Result<OwnedFd> {
    let nowhere = std::ptr::null_mut;
    #[cfg(not(any(unix_os = "macos", unix_os = "nto")))]
    // SAFETY: null address pointers are allowed: the peer's name is not wanted.
    let accepted = unsafe { uncancelled::accept4(fd.as_raw_fd(), nowhere(), std::ptr::null_mut(), flags) };
    #[cfg(any(unix_os = "macos", unix_os = "nto"))]
    // SAFETY: as above.
    let accepted = unsafe { libc::accept(fd.as_raw_fd(), nowhere(), std::ptr::null_mut()) } | flags;
    let fd = check(accepted)?;
    // SAFETY: the kernel has just given us this number; nobody else owns it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// socketpair(2) of Unix sockets by number: nix has flags only where the system has them.
pub(crate) fn socketpair(kind: c_int) -> Result<(OwnedFd, OwnedFd)> {
    let mut pair = [-1; 2];
    // SAFETY: room for two numbers.
    check(unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()) })?;
    // SAFETY: the kernel has just given us these numbers; nobody else owns them.
    Ok(unsafe { (OwnedFd::from_raw_fd(pair[0]), OwnedFd::from_raw_fd(pair[1])) })
}

/// bind(2) with an address in bytes. nix refuses a path of 108 bytes, which Linux takes.
pub(crate) fn bind(fd: BorrowedFd<'_>, address: &[u8]) -> Result<()> {
    // SAFETY: pointer and length describe one live slice; the kernel only reads it.
    check(unsafe { libc::bind(fd.as_raw_fd(), address.as_ptr().cast::<sockaddr>(), address.len() as socklen_t) })
        .map(drop)
}

/// connect(2) with an address in bytes.
pub(crate) fn connect(fd: BorrowedFd<'_>, address: &[u8]) -> Result<()> {
    // SAFETY: pointer and length describe one live slice; the kernel only reads it.
    check(unsafe {
        uncancelled::connect(fd.as_raw_fd(), address.as_ptr().cast::<sockaddr>(), address.len() as socklen_t)
    })
    .map(drop)
}

/// Which end of a connection a name is asked of.
#[derive(Clone, Copy)]
pub(crate) enum End {
    Local,
    Peer,
}

/// getsockname(2) and getpeername(2) as bytes. nix reads past a 108-byte name and panics on a nameless peer.
pub(crate) fn name(fd: BorrowedFd<'_>, end: End, buffer: &mut [u8]) -> Result<usize> {
    let mut length = buffer.len() as socklen_t;
    let call = match end {
        End::Local => libc::getsockname,
        End::Peer => libc::getpeername,
    };
    // SAFETY: pointer and length describe one live mutable slice.
    check(unsafe { call(fd.as_raw_fd(), buffer.as_mut_ptr().cast::<sockaddr>(), &mut length) })?;
    Ok(length as usize)
}

/// getsockopt(2) with bytes, for any level and name.
pub(crate) fn get_option(fd: BorrowedFd<'_>, level: c_int, name: c_int, buffer: &mut [u8]) -> Result<usize> {
    let mut length = buffer.len() as socklen_t;
    // SAFETY: pointer and length describe one live mutable slice.
    check(unsafe { libc::getsockopt(fd.as_raw_fd(), level, name, buffer.as_mut_ptr().cast::<c_void>(), &mut length) })?;
    Ok((length as usize).min(buffer.len()))
}

/// setsockopt(2) with bytes, for any level and name.
pub(crate) fn set_option(fd: BorrowedFd<'_>, level: c_int, name: c_int, value: &[u8]) -> Result<()> {
    // SAFETY: pointer and length describe one live slice; the kernel only reads it.
    check(unsafe {
        libc::setsockopt(fd.as_raw_fd(), level, name, value.as_ptr().cast::<c_void>(), value.len() as socklen_t)
    })
    .map(drop)
}

/// sendmsg(2): the header's pointers are the caller's.
///
/// # Safety
/// Every pointer in `header` must be valid for reading the length beside it.
pub(crate) unsafe fn sendmsg(fd: BorrowedFd<'_>, header: &msghdr, flags: c_int) -> Result<usize> {
    // SAFETY: upheld by the caller.
    check_size(unsafe { uncancelled::sendmsg(fd.as_raw_fd(), header, flags) })
}

/// recvmsg(2): the header's pointers are the caller's.
///
/// # Safety
/// Every pointer in `header` must be valid for writing the length beside it.
pub(crate) unsafe fn recvmsg(fd: BorrowedFd<'_>, header: &mut msghdr, flags: c_int) -> Result<usize> {
    // SAFETY: upheld by the caller.
    check_size(unsafe { uncancelled::recvmsg(fd.as_raw_fd(), header, flags) })
}

/// `struct mmsghdr`, which libc does not have for every system: a header and the bytes that went.
#[derive(Clone, Copy)]
#[repr(C)]
pub(crate) struct Header {
    pub(crate) msg_hdr: msghdr,
    pub(crate) msg_len: libc::c_uint,
}

/// recvmmsg(2), which nix has only with control buffers of its own: how many of `headers` were filled. `ENOSYS` where it is not used.
///
/// # Safety
/// As [`recvmsg`], for every header.
pub(crate) unsafe fn recvmmsg(fd: BorrowedFd<'_>, headers: &mut [Header], flags: c_int) -> Result<usize> {
    #[cfg(any(unix_os = "linux", unix_os = "android"))]
    {
        let (start, count) = (headers.as_mut_ptr().cast(), headers.len());
        // SAFETY: upheld by the caller; our structure is libc's. Without a timeout. The flags are unsigned in musl.
        let filled = unsafe {
            uncancelled::recvmmsg(fd.as_raw_fd(), start, count as _, flags as _, std::ptr::null_mut()) as isize
        };
        check_size(filled)
    }
    #[cfg(not(any(unix_os = "linux", unix_os = "android")))]
    {
        let _ = (fd, headers, flags);
        Err(Errno::ENOSYS)
    }
}

/// sendmmsg(2): how many of `headers` were taken, the last of them perhaps in part, with the bytes of each in its `msg_len`. Where it is
/// not used, one sendmsg(2) after the other.
///
/// # Safety
/// As [`sendmsg`], for every header.
pub(crate) unsafe fn sendmmsg(fd: BorrowedFd<'_>, headers: &mut [Header], flags: c_int) -> Result<usize> {
    #[cfg(any(unix_os = "linux", unix_os = "android"))]
    {
        let (start, count) = (headers.as_mut_ptr().cast(), headers.len());
        // SAFETY: upheld by the caller; our structure is libc's. The flags are unsigned in musl.
        check_size(unsafe { uncancelled::sendmmsg(fd.as_raw_fd(), start, count as _, flags as _) as isize })
    }
    #[cfg(not(any(unix_os = "linux", unix_os = "android")))]
    // SAFETY: upheld by the caller.
    unsafe {
        send_each(fd, headers, flags)
    }
}

/// An error behind the first message is told by the next call: sending keeps no errors back. A message that went in part is the last.
///
/// # Safety
/// As [`sendmmsg`].
#[cfg(any(test, not(any(unix_os = "linux", unix_os = "android"))))]
pub(crate) unsafe fn send_each(fd: BorrowedFd<'_>, headers: &mut [Header], flags: c_int) -> Result<usize> {
    for (at, header) in headers.iter_mut().enumerate() {
        // SAFETY: upheld by the caller.
        match unsafe { sendmsg(fd, &header.msg_hdr, flags) } {
            Err(errno) if at == 0 => return Err(errno),
            Err(_) => return Ok(at),
            Ok(length) => header.msg_len = length as _,
        }
        // SAFETY: the header's parts are the caller's promise; only their lengths are read.
        if (header.msg_len as usize) < unsafe { total(&header.msg_hdr) } {
            return Ok(at + 1);
        }
    }
    Ok(headers.len())
}

/// # Safety
/// The parts of the header must be there.
#[cfg(any(test, not(any(unix_os = "linux", unix_os = "android"))))]
unsafe fn total(header: &msghdr) -> usize {
    if header.msg_iovlen == 0 {
        return 0;
    }
    // SAFETY: upheld by the caller. The count is an int in some systems.
    #[allow(clippy::unnecessary_cast)]
    let parts = unsafe { std::slice::from_raw_parts(header.msg_iov, header.msg_iovlen as usize) };
    parts.iter().map(|part| part.iov_len).sum()
}

extern "C" {
    /// sockatmark(3), which the libc crate does not know.
    fn sockatmark(fd: c_int) -> c_int;
}

/// Whether a byte that was sent out of band is all that stands at the head of the queue. False where sockets have no such thing.
pub(crate) fn at_mark(fd: BorrowedFd<'_>) -> bool {
    // SAFETY: takes an integer only.
    unsafe { sockatmark(fd.as_raw_fd()) == 1 }
}

/// mmap(2) of a page that may be neither read nor written.
pub(crate) fn unreadable_page() -> Result<*mut c_void> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: a fresh anonymous mapping aliases nothing. The kernel rounds its length up to a page.
    let page = unsafe { libc::mmap(std::ptr::null_mut(), 1, libc::PROT_NONE, flags, -1, 0) };
    if page == libc::MAP_FAILED {
        Err(Errno::last())
    } else {
        Ok(page)
    }
}

/// ioctl(2) whose argument is a number.
pub(crate) fn ioctl_number(fd: BorrowedFd<'_>, request: u64, argument: i64) -> Result<c_int> {
    // SAFETY: the request is the user's word that its argument is a number; a wrong one gives EFAULT.
    check(unsafe { libc::ioctl(fd.as_raw_fd(), request as _, argument) })
}

/// ioctl(2) whose argument is a buffer that the kernel may read and write.
///
/// The copy is at least one page long, so that a request which transfers more than the caller gave stays in bounds:
/// the size field of a request number is 14 bits wide.
pub(crate) fn ioctl_buffer(fd: BorrowedFd<'_>, request: u64, argument: &mut [u8]) -> Result<c_int> {
    let mut page = vec![0_u64; argument.len().max(16384).div_ceil(8)];
    // SAFETY: a u64 buffer may be viewed as bytes; it is larger than `argument`.
    let bytes = unsafe { std::slice::from_raw_parts_mut(page.as_mut_ptr().cast::<u8>(), argument.len()) };
    bytes.copy_from_slice(argument);
    // SAFETY: the pointer is valid for at least 16 KiB, the most that a request number can name.
    let result = check(unsafe { libc::ioctl(fd.as_raw_fd(), request as _, page.as_mut_ptr()) })?;
    // SAFETY: as above, and the kernel's write has ended.
    let bytes = unsafe { std::slice::from_raw_parts(page.as_ptr().cast::<u8>(), argument.len()) };
    argument.copy_from_slice(bytes);
    Ok(result)
}

/// poll(2) of one descriptor that returns at once.
pub(crate) fn poll_now(fd: BorrowedFd<'_>, events: i16) -> Result<i16> {
    // Only Linux knows the bit for a peer that will write no more; elsewhere that is asked for as something to read.
    let events = if cfg!(any(unix_os = "linux", unix_os = "android")) { events } else { events & 0xfff };
    let mut entry = libc::pollfd { fd: fd.as_raw_fd(), events, revents: 0 };
    // SAFETY: one live entry.
    check(unsafe { libc::poll(&mut entry, 1, 0) })?;
    Ok(entry.revents)
}

/// poll(2) of two descriptors that waits until one of them is readable; whether the first one is, or has anything else to tell.
pub(crate) fn poll_two(first: BorrowedFd<'_>, second: BorrowedFd<'_>) -> Result<bool> {
    let mut entries = [first, second].map(|fd| libc::pollfd { fd: fd.as_raw_fd(), events: libc::POLLIN, revents: 0 });
    // SAFETY: two live entries.
    check(unsafe { libc::poll(entries.as_mut_ptr(), 2, -1) })?;
    Ok(entries[0].revents != 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn without_sendmmsg_messages_go_one_by_one_until_one_is_not_taken() {
        let (left, right) = socketpair(libc::SOCK_SEQPACKET).unwrap();
        let mut byte = [7_u8];
        let mut part = libc::iovec { iov_base: byte.as_mut_ptr().cast(), iov_len: 1 };
        // SAFETY: all zeros is a valid header.
        let mut header: Header = unsafe { std::mem::zeroed() };
        (header.msg_hdr.msg_iov, header.msg_hdr.msg_iovlen) = (&mut part, 1);
        let mut headers = vec![header; 4096];
        // SAFETY: the one part of all headers is alive.
        let sent = unsafe { send_each(left.as_fd(), &mut headers, libc::MSG_DONTWAIT) }.unwrap();
        assert!((1..4096).contains(&sent), "the queue is full before that");
        assert!(headers[..sent].iter().all(|header| header.msg_len == 1));
        assert_eq!(headers[sent].msg_len, 0);
        drop(right);
        // SAFETY: as above.
        let refused = unsafe { send_each(left.as_fd(), &mut headers, libc::MSG_DONTWAIT | libc::MSG_NOSIGNAL) };
        assert!(matches!(refused, Err(Errno::EPIPE | Errno::ECONNRESET)), "the error of the first one is told");
    }
}
