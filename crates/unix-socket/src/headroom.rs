//! How many descriptors the process has left, so that receiving and accepting can wait before its table is full: what a receive
//! finds no room for is lost.
//!
//! While there is plenty, nobody counts more than now and then. Where it gets tight each receive asks how many descriptors its
//! queue holds. Knows nothing of who waits, and how.

use crate::control::FDS_MAX;
use crate::numbers::UNREAD;
use crate::syscall::{self, retry};
use crate::{receive, Result};
use nix::sys::resource::{getrlimit, Resource};
use nix::sys::socket::MsgFlags;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Descriptors that are left to the rest of the process: its files, its own sockets, the next connection.
pub const RESERVE: usize = 16;
/// With so many free a count holds for a while. What we take in this time is added; what others take is not seen.
const PLENTY: usize = 4 * (FDS_MAX + RESERVE);
const FRESH: Duration = Duration::from_millis(10);
/// So many times as long as counting took we do not count again, at the earliest: with plenty, and where it is tight.
const RARELY: u32 = 100;
const OFTEN: u32 = 10;
const TABLE: &str = "/proc/self/fd";

/// A count of the open descriptors.
#[derive(Clone, Copy)]
struct Count {
    open: usize,
    limit: usize,
    at: Instant,
    cost: Duration,
    /// Linux before 6.2: the whole directory had to be read.
    slow: bool,
}

#[derive(Default)]
struct Gauge {
    last: Option<Count>,
    /// The fewest that were ever seen: what the process needs by itself.
    fewest: Option<usize>,
}

static GAUGE: Mutex<Gauge> = Mutex::new(Gauge { last: None, fewest: None });
/// Descriptors that came since the last count.
static TAKEN: AtomicUsize = AtomicUsize::new(0);

/// What a receive may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// Take up to so many messages.
    Messages(usize),
    /// Take one message, of a stream at most so many bytes: its descriptors have been counted, and fit.
    One(usize),
    /// Wait until some descriptors are closed.
    None,
}

/// Says that we have got more descriptors from the kernel.
pub fn taken(count: usize) {
    TAKEN.fetch_add(count, Ordering::Relaxed);
}

/// Whether all descriptors of the next message fit, with the reserve. `most`: how many it may bring; those of a message with more are
/// not wanted. Where the limit is so low that there can never be room for so many, or nobody can count: as much as you like.
///
/// An error is that of the receive: nothing there, or a lost connection.
pub fn for_messages(fd: BorrowedFd<'_>, is_stream: bool, most: usize) -> Result<Room> {
    let Some(free) = free(false) else { return Ok(Room::Messages(usize::MAX)) };
    if free >= FDS_MAX + RESERVE {
        return Ok(Room::Messages((free - RESERVE) / FDS_MAX));
    }
    // In this order: what comes after the look at the bytes is not read, and so need not be counted.
    let bytes = if is_stream { bytes_there(fd)? } else { receive::next_length(fd).map(|_| usize::MAX)? };
    let brings = descriptors_there(fd).map_or(most, |count| count.min(most));
    Ok(if brings == 0 || fits(brings, most) { Room::One(bytes) } else { Room::None })
}

/// Whether there is room for a descriptor of our own, such as a connection.
pub fn for_own() -> bool {
    free(false).is_none_or(|free| free >= RESERVE) || fits(0, 0)
}

/// Open descriptors, where they can be counted, and how many the process may have.
pub fn usage() -> (Option<usize>, usize) {
    let limit = limit();
    (free(true).map(|free| limit.saturating_sub(free)), limit)
}

/// Whether so many are free beside the reserve, or there is not always room for `most`, whatever is closed.
fn fits(count: usize, most: usize) -> bool {
    if free(true).is_none_or(|free| free >= count + RESERVE) {
        return true;
    }
    let gauge = lock();
    let room = gauge.last.zip(gauge.fewest).map(|(count, fewest)| count.limit.saturating_sub(fewest));
    room.is_some_and(|room| room < most + RESERVE)
}

fn lock() -> MutexGuard<'static, Gauge> {
    GAUGE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many more the process may open; `None`: nobody can tell. `now`: the last count is not good enough.
fn free(now: bool) -> Option<usize> {
    let mut gauge = lock();
    let count = match gauge.last {
        Some(count) if count.holds(now || count.free() < PLENTY) => count,
        _ => {
            let count = count()?;
            TAKEN.store(0, Ordering::Relaxed);
            gauge.last = Some(count);
            gauge.fewest = Some(gauge.fewest.map_or(count.open, |fewest| fewest.min(count.open)));
            count
        }
    };
    Some(count.free())
}

impl Count {
    /// At the most: what others have taken since is not seen.
    fn free(&self) -> usize {
        self.limit.saturating_sub(self.open + TAKEN.load(Ordering::Relaxed))
    }

    fn holds(&self, now: bool) -> bool {
        let age = self.at.elapsed();
        match (now, self.slow) {
            (true, false) => false,
            (true, true) => age < self.cost * OFTEN,
            (false, _) => age < FRESH.max(self.cost * RARELY),
        }
    }
}

fn count() -> Option<Count> {
    let at = Instant::now();
    // Linux 6.2: the size is the number of entries.
    let size = nix::sys::stat::stat(TABLE).ok()?.st_size as usize;
    let open = if size > 0 { size } else { entries()? };
    Some(Count { open, limit: limit(), at, cost: at.elapsed(), slow: size == 0 })
}

fn entries() -> Option<usize> {
    match std::fs::read_dir(TABLE) {
        // One of them is the directory itself.
        Ok(entries) => Some(entries.count().saturating_sub(1)),
        // No descriptor is left to open it with.
        Err(error) if error.raw_os_error() == Some(libc::EMFILE) => Some(limit()),
        Err(_) => None,
    }
}

fn limit() -> usize {
    getrlimit(Resource::RLIMIT_NOFILE).map_or(usize::MAX, |(soft, _)| soft.try_into().unwrap_or(usize::MAX))
}

/// How far a stream can be read now; at its end as far as one likes.
fn bytes_there(fd: BorrowedFd<'_>) -> Result<usize> {
    let flags = MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT;
    // No control buffer: a peek would install descriptors. And first, because 0 bytes may be the end, or an error.
    if retry(|| nix::sys::socket::recv(fd.as_raw_fd(), &mut [0], flags))? == 0 {
        return Ok(usize::MAX);
    }
    let mut bytes = [0; 4];
    syscall::ioctl_buffer(fd, UNREAD.into(), &mut bytes)?;
    Ok(u32::from_ne_bytes(bytes) as usize)
}

/// Linux 5.6: how many descriptors all messages in the queue of a socket have together.
fn descriptors_there(fd: BorrowedFd<'_>) -> Option<usize> {
    let facts = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", fd.as_raw_fd())).ok()?;
    facts.lines().find_map(|line| line.strip_prefix("scm_fds:"))?.trim().parse().ok()
}
