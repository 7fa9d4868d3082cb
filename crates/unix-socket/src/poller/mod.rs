//! The poller: one queue of the kernel's for all descriptors of an environment, level-triggered, and a way to wake it from a thread.
//!
//! Linux has epoll, the BSDs and macOS kqueue; elsewhere there is none yet and `Poller::new` says `ENOSYS`. It knows keys, not
//! sockets. A key is index and generation together, so that an event of a closed descriptor finds nobody.

#[cfg(poller = "epoll")]
mod epoll;
#[cfg(poller = "epoll")]
mod guess;
#[cfg(any(poller = "kqueue", test))]
mod kqueue;
#[cfg(poller = "none")]
mod none;
#[cfg(not(poller = "epoll"))]
mod pipe;
mod wake;

#[cfg(poller = "epoll")]
pub use epoll::Poller;
#[cfg(poller = "epoll")]
pub(crate) use epoll::{wake_pair, Bell};
#[cfg(poller = "kqueue")]
pub use kqueue::Poller;
#[cfg(poller = "none")]
pub use none::Poller;
#[cfg(not(poller = "epoll"))]
pub(crate) use pipe::{wake_pair, Bell};
pub use wake::{Wake, WeakWake};

/// The key of the poller's own wake-up, which no descriptor may have.
pub const WAKE_KEY: u64 = u64::MAX;

// The bits of a mask are those of Linux on every system.
/// There is something to read, or the end.
pub const READABLE: u32 = 1;
/// Something may be written.
pub const WRITABLE: u32 = 4;
/// An error waits.
pub const ERROR: u32 = 8;
/// Both directions have ended.
pub const HANGUP: u32 = 0x10;
/// The peer will write no more.
pub const READ_HANGUP: u32 = 0x2000;

/// One readiness event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// The key that was given with the descriptor.
    pub key: u64,
    /// [`READABLE`], [`WRITABLE`], [`READ_HANGUP`], [`ERROR`], [`HANGUP`].
    pub mask: u32,
}
