#![allow(unsafe_code)]
//! How far a read from a stream may go, so that a message with descriptors begins at the byte to which they were attached.
//!
//! Linux: one recvmsg(2) gives what is queued up to the end of the first buffer that carries descriptors. Two looks (MSG_PEEK) tell
//! the length of that run and where its last buffer begins. Neither has room for control messages, so neither installs anything.

use crate::control::{ControlMessage, Encoder};
use crate::message::{self, Outgoing};
use crate::receive::{self, Look, Received};
use crate::syscall::{self, retry};
use crate::{socket, Errno, Result};
use libc::{c_void, iovec};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::sync::OnceLock;

/// A read of one byte begins where its descriptors are, whatever the queue looks like.
const ALWAYS_EXACT: usize = 1;

/// Says for each of several reads in a row how far it may go.
#[derive(Default)]
pub struct Reach {
    /// Bytes before the last buffer of the run.
    before: usize,
    /// Bytes of that buffer, once those before it have been read.
    last: usize,
}

impl Reach {
    /// How many bytes the next read may take, `room` at most, whose contents are overwritten. Where [`works`] said no: no use.
    ///
    /// An error is the socket's and has been told by this: no read will tell it again.
    pub fn next(&mut self, fd: BorrowedFd<'_>, room: &mut [u8]) -> Result<usize> {
        let known = std::mem::take(&mut self.last);
        if known > 0 {
            return Ok(known.min(room.len()));
        }
        if room.len() <= ALWAYS_EXACT {
            return Ok(room.len());
        }
        let run = match look(fd, room, None) {
            // Linux: only a read takes a byte out of band away; while it stays, the poller says “ready” without end.
            Err(Errno::EAGAIN) if syscall::at_mark(fd) => return Ok(ALWAYS_EXACT),
            run => run?,
        };
        // A carrier ends the run; with credentials switched on every run looks like that, and is divided for nothing.
        if run.length <= ALWAYS_EXACT || !run.may_carry {
            return Ok(run.length.max(ALWAYS_EXACT));
        }
        let before = match look(fd, &mut room[..run.length], Some(unreadable()?)) {
            Err(Errno::EFAULT) => 0,
            run => run?.length,
        };
        if before == 0 {
            return Ok(run.length);
        }
        (self.before, self.last) = (before, run.length.saturating_sub(before));
        Ok(before)
    }

    /// What that read brought: only if it went all the way is it known what comes next.
    pub fn took(&mut self, length: usize) {
        if length != self.before {
            self.last = 0;
        }
    }
}

/// What one look saw.
struct Run {
    length: usize,
    may_carry: bool,
}

/// One recvmsg(2) that takes nothing, as far as `room` goes. With `wall` the last byte of `room` cannot be written: the kernel gives
/// up in the buffer that holds it and tells the length of what came before; `EFAULT`: nothing did.
fn look(fd: BorrowedFd<'_>, room: &mut [u8], wall: Option<*mut c_void>) -> Result<Run> {
    let mut parts = [
        iovec { iov_base: room.as_mut_ptr().cast(), iov_len: room.len() - usize::from(wall.is_some()) },
        iovec { iov_base: wall.unwrap_or(std::ptr::null_mut()), iov_len: 1 },
    ];
    // SAFETY: all zeros is a valid msghdr; musl has padding fields that must be zero.
    let mut header: libc::msghdr = unsafe { std::mem::zeroed() };
    header.msg_iov = parts.as_mut_ptr();
    header.msg_iovlen = if wall.is_some() { 2 } else { 1 };
    // SAFETY: the first part is exclusively borrowed; the second, where it counts, is for the kernel to fail on: nothing is
    // written there. No control buffer and no name.
    let length = retry(|| unsafe { syscall::recvmsg(fd, &mut header, libc::MSG_PEEK | libc::MSG_DONTWAIT) })?;
    Ok(Run { length, may_carry: header.msg_flags & libc::MSG_CTRUNC != 0 })
}

/// A page of the process that nobody can write to; made once, and never given back.
fn unreadable() -> Result<*mut c_void> {
    static PAGE: OnceLock<usize> = OnceLock::new();
    if let Some(page) = PAGE.get() {
        return Ok(*page as *mut c_void);
    }
    let page = syscall::unreadable_page()?;
    Ok(*PAGE.get_or_init(|| page as usize) as *mut c_void)
}

/// Whether all this is so on this kernel: tried once on sockets of our own. `ENOTSUP`: it is not.
pub fn works() -> Result<()> {
    static FOUND: OnceLock<Result<()>> = OnceLock::new();
    if let Some(found) = FOUND.get() {
        return *found;
    }
    match prove() {
        Err(errno) if SHORTAGES.contains(&errno) => Err(errno),
        found => *FOUND.get_or_init(|| found.map_err(|_| Errno::ENOTSUP)),
    }
}

/// They say nothing of the kernel. ETOOMANYREFS: other processes of the same user have too many descriptors on their way.
const SHORTAGES: [Errno; 5] = [Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM, Errno::ENOBUFS, Errno::ETOOMANYREFS];

/// Lengths of messages, those that carry a descriptor marked; long ones, because the kernel keeps these in another way.
const SENT: [(usize, bool); 6] = [(100, false), (5000, false), (6000, true), (70, false), (1, true), (9, true)];
/// The reads that must come of them.
const EXPECTED: [(usize, usize); 5] = [(5100, 0), (6000, 1), (70, 0), (1, 1), (9, 1)];

fn prove() -> Result<()> {
    let (left, right) = socket::pair(libc::SOCK_STREAM)?;
    let mut room = [0; 16384];
    let mut control = Encoder::default();
    let rights = left.as_raw_fd().to_ne_bytes();
    control.push(ControlMessage { level: libc::SOL_SOCKET, kind: libc::SCM_RIGHTS, data: &rights });
    let control = control.finish();
    for (length, carries) in SENT {
        let parts = [iovec { iov_base: room.as_mut_ptr().cast(), iov_len: length }];
        let control: &[u8] = if carries { &control } else { &[] };
        // SAFETY: the one part is live and initialised memory.
        unsafe {
            message::send(left.as_fd(), &Outgoing { parts: &parts, control, to: None, flags: 0, unnamed: false })
        }?;
    }
    let mut reach = Reach::default();
    for (length, fds) in EXPECTED {
        let received = read(right.as_fd(), &mut reach, &mut room)?;
        if received.fds_truncated {
            return Err(Errno::EMFILE);
        }
        if (received.length, received.fds.len()) != (length, fds) {
            return Err(Errno::ENOTSUP);
        }
    }
    Ok(())
}

fn read(fd: BorrowedFd<'_>, reach: &mut Reach, room: &mut [u8]) -> Result<Received> {
    let length = reach.next(fd, room)?;
    // SAFETY: the place lies inside `room`, which is exclusively borrowed.
    let received = unsafe { receive::receive(fd, receive::place(&mut room[..length]), Look::default()) }?;
    reach.took(received.length);
    Ok(received)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_works_here_and_is_found_out_once() {
        assert_eq!((works(), works()), (Ok(()), Ok(())));
    }

    #[test]
    fn what_is_known_of_the_next_read_is_forgotten_when_this_one_fell_short() {
        let mut reach = Reach { before: 10, last: 5 };
        reach.took(10);
        assert_eq!(reach.last, 5);
        reach.took(9);
        assert_eq!(reach.last, 0);
    }
}
