#![cfg_attr(poller = "kqueue", allow(unsafe_code))]
//! kqueue: a filter for reading and one for writing instead of a mask, told in terms of our own bits.
//!
//! The structure and its numbers are written down here, so that both are checked on Linux. What turns masks into filters and back
//! does no system call.

use super::{Event, HANGUP, READABLE, READ_HANGUP, WRITABLE};
use std::ffi::c_void;

#[cfg(unix_os = "netbsd")]
type Short = u32;
#[cfg(not(unix_os = "netbsd"))]
type Short = u16;

/// EVFILT_READ and EVFILT_WRITE: -1 and -2, or 0 and 1 of NetBSD.
const FILTERS: [Short; 2] = if cfg!(unix_os = "netbsd") { [0, 1] } else { [Short::MAX, Short::MAX - 1] };
const EV_ADD: Short = 1;
const EV_DELETE: Short = 2;
/// Told once for each change.
const EV_CLEAR: Short = 0x20;
#[cfg(test)]
const EV_ERROR: Short = 0x4000;
const EV_EOF: Short = 0x8000;

/// `struct kevent`. The filter is signed in C; only its bits matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
struct Kevent {
    ident: usize,
    filter: Short,
    flags: Short,
    fflags: u32,
    data: i64,
    udata: *mut c_void,
    /// FreeBSD 12 and newer.
    #[cfg(unix_os = "freebsd")]
    ext: [u64; 4],
}

/// What has to be told to the kernel so that it watches for `mask` and nothing else.
fn changes(fd: usize, key: u64, mask: u32) -> [Kevent; 2] {
    // Nobody wants to read: only the end is news, and it must not be told again for what stays unread.
    let read = match (mask & READABLE != 0, mask & READ_HANGUP != 0) {
        (true, _) => EV_ADD,
        (false, true) => EV_ADD | EV_CLEAR,
        (false, false) => EV_DELETE,
    };
    let write = if mask & WRITABLE == 0 { EV_DELETE } else { EV_ADD };
    [(FILTERS[0], read), (FILTERS[1], write)].map(|(filter, flags)| Kevent {
        ident: fd,
        filter,
        flags,
        fflags: 0,
        data: 0,
        udata: key as usize as *mut c_void,
        #[cfg(unix_os = "freebsd")]
        ext: [0; 4],
    })
}

/// What the kernel told. `None`: somebody wants to know of the end, and it is not.
fn event(told: &Kevent) -> Option<Event> {
    let (key, ended) = (told.udata as usize as u64, told.flags & EV_EOF != 0);
    let mask = match (told.filter == FILTERS[0], ended) {
        (true, true) => READABLE | READ_HANGUP,
        (true, false) if told.flags & EV_CLEAR != 0 => return None,
        (true, false) => READABLE,
        (false, true) => WRITABLE | HANGUP,
        (false, false) => WRITABLE,
    };
    Some(Event { key, mask })
}

#[cfg(poller = "kqueue")]
mod calls {
    use super::super::{pipe, Wake, WAKE_KEY};
    use super::*;
    use crate::descriptor::{above_stdio, close_on_exec};
    use crate::{Errno, Result};
    use std::cell::RefCell;
    use std::ffi::c_int;
    use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
    use std::ptr;

    extern "C" {
        fn kqueue() -> c_int;
        #[cfg_attr(unix_os = "netbsd", link_name = "__kevent50")]
        fn kevent(
            queue: c_int,
            changes: *const Kevent,
            change_count: Count,
            events: *mut Kevent,
            event_count: Count,
            timeout: *const libc::timespec,
        ) -> c_int;
    }

    #[cfg(unix_os = "netbsd")]
    type Count = usize;
    #[cfg(not(unix_os = "netbsd"))]
    type Count = c_int;

    /// The kqueue and its wake-up.
    pub struct Poller {
        queue: OwnedFd,
        bell: pipe::Bell,
        wake: Wake,
        buffer: RefCell<Vec<Kevent>>,
    }

    impl Poller {
        /// A new poller; needs three descriptors.
        pub fn new() -> Result<Self> {
            // SAFETY: takes nothing.
            let number = Errno::result(unsafe { kqueue() })?;
            // SAFETY: the kernel has just given us this number; nobody else owns it.
            let queue = above_stdio(unsafe { OwnedFd::from_raw_fd(number) })?;
            close_on_exec(queue.as_fd())?;
            let (wake, bell) = pipe::wake_pair()?;
            let poller = Self { queue, bell, wake, buffer: RefCell::default() };
            poller.change(&changes(poller.bell.as_fd().as_raw_fd() as usize, WAKE_KEY, READABLE)[..1])?;
            Ok(poller)
        }

        /// The descriptor that is readable while events wait.
        pub fn as_fd(&self) -> BorrowedFd<'_> {
            self.queue.as_fd()
        }

        /// A handle for other threads.
        pub fn waker(&self) -> Wake {
            self.wake.clone()
        }

        /// Starts watching. `EPERM` for files that are always ready: kqueue would be silent at their end.
        pub fn add(&self, fd: BorrowedFd<'_>, key: u64, mask: u32) -> Result<()> {
            let kind = nix::sys::stat::fstat(fd)?.st_mode & libc::S_IFMT;
            if kind == libc::S_IFREG || kind == libc::S_IFDIR {
                return Err(Errno::EPERM);
            }
            self.modify(fd, key, mask)
        }

        /// Changes what is watched for.
        pub fn modify(&self, fd: BorrowedFd<'_>, key: u64, mask: u32) -> Result<()> {
            for change in changes(fd.as_raw_fd() as usize, key, mask) {
                match self.change(&[change]) {
                    Err(Errno::ENOENT) if change.flags == EV_DELETE => {}
                    other => other?,
                }
            }
            Ok(())
        }

        /// Stops watching; must come before the descriptor is closed.
        pub fn remove(&self, fd: BorrowedFd<'_>) -> Result<()> {
            self.modify(fd, 0, 0)
        }

        /// A receive or an accept has brought so many: nothing is learned from that here.
        pub const fn brought(&self, _: usize) {}

        /// Writes the events that hold now into `events`; never waits. The wake-up is reset by being reported.
        pub fn take(&self, events: &mut Vec<Event>, limit: usize) -> Result<()> {
            let mut buffer = self.buffer.borrow_mut();
            buffer.resize(limit, changes(0, 0, 0)[0]);
            let now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
            // SAFETY: no changes; room for `limit` events, which live as the timeout does.
            let count =
                unsafe { kevent(self.queue.as_raw_fd(), ptr::null(), 0, buffer.as_mut_ptr(), limit as Count, &now) };
            let count = match Errno::result(count) {
                Err(Errno::EINTR) => 0,
                other => other? as usize,
            };
            events.clear();
            events.extend(buffer[..count].iter().filter_map(event));
            if events.iter().any(|event| event.key == WAKE_KEY) {
                self.bell.drain();
            }
            Ok(())
        }

        fn change(&self, list: &[Kevent]) -> Result<()> {
            let (start, count) = (list.as_ptr(), list.len() as Count);
            // SAFETY: a live list, and no room for events: an error is the result.
            let result = unsafe { kevent(self.queue.as_raw_fd(), start, count, ptr::null_mut(), 0, ptr::null()) };
            Errno::result(result).map(drop)
        }
    }
}

#[cfg(poller = "kqueue")]
pub use calls::Poller;

#[cfg(test)]
mod tests {
    use super::*;

    /// As the kernel would tell it.
    fn told(change: Kevent, more: Short) -> Option<Event> {
        event(&Kevent { flags: (change.flags & EV_CLEAR) | more, ..change })
    }

    #[test]
    fn what_is_wanted_is_added_and_everything_else_deleted() {
        for (mask, flags) in [
            (0, [EV_DELETE, EV_DELETE]),
            (READABLE, [EV_ADD, EV_DELETE]),
            (READABLE | READ_HANGUP, [EV_ADD, EV_DELETE]),
            (READ_HANGUP, [EV_ADD | EV_CLEAR, EV_DELETE]),
            (READABLE | WRITABLE, [EV_ADD, EV_ADD]),
        ] {
            assert_eq!(changes(7, 9, mask).map(|change| change.flags), flags);
        }
        assert_eq!(changes(7, 9, READABLE).map(|change| change.filter), [0xffff, 0xfffe]);
        assert_eq!(changes(7, 9, READABLE)[0].ident, 7);
    }

    #[test]
    fn an_event_becomes_the_bits_of_linux_under_its_key() {
        let key = 3 << 32 | 5;
        let [read, write] = changes(7, key, READABLE | WRITABLE);
        assert_eq!(told(read, 0), Some(Event { key, mask: READABLE }));
        assert_eq!(told(read, EV_EOF), Some(Event { key, mask: READABLE | READ_HANGUP }));
        assert_eq!(told(write, 0), Some(Event { key, mask: WRITABLE }));
        assert_eq!(told(write, EV_EOF), Some(Event { key, mask: WRITABLE | HANGUP }));
        assert_eq!(told(write, EV_ERROR), Some(Event { key, mask: WRITABLE }));
    }

    #[test]
    fn who_waits_for_the_end_alone_is_not_told_of_data() {
        let [read, _] = changes(7, 9, READ_HANGUP);
        assert_eq!(told(read, 0), None);
        assert_eq!(told(read, EV_EOF), Some(Event { key: 9, mask: READABLE | READ_HANGUP }));
    }

    #[test]
    fn the_structure_is_as_long_as_that_of_c() {
        if size_of::<usize>() == 8 {
            assert_eq!(size_of::<Kevent>(), 32);
        }
    }
}
