//! The poller: one queue of the kernel's for all descriptors of an environment, level-triggered, and a way to wake it from a thread.
//!
//! Linux has epoll, the BSDs and macOS kqueue; elsewhere there is none yet and `Poller::new` says `ENOSYS`. It knows keys, not
//! sockets. A key is index and generation together, so that an event of a closed descriptor finds nobody.

#[cfg(any(unix_os = "linux", unix_os = "android"))]
mod epoll;
#[cfg(any(
    unix_os = "macos",
    unix_os = "freebsd",
    unix_os = "dragonfly",
    unix_os = "netbsd",
    unix_os = "openbsd",
    test
))]
mod kqueue;
#[cfg(not(any(unix_os = "linux", unix_os = "android")))]
mod pipe;
mod wake;

pub use wake::{Wake, WeakWake};

#[cfg(any(unix_os = "linux", unix_os = "android"))]
pub use epoll::Poller;
#[cfg(any(unix_os = "linux", unix_os = "android"))]
pub(crate) use epoll::{wake_pair, Bell};
#[cfg(any(
    unix_os = "macos",
    unix_os = "freebsd",
    unix_os = "dragonfly",
    unix_os = "netbsd",
    unix_os = "openbsd"
))]
pub use kqueue::Poller;
#[cfg(not(any(unix_os = "linux", unix_os = "android")))]
pub(crate) use pipe::{wake_pair, Bell};

#[cfg(not(any(
    unix_os = "linux",
    unix_os = "android",
    unix_os = "macos",
    unix_os = "freebsd",
    unix_os = "dragonfly",
    unix_os = "netbsd",
    unix_os = "openbsd"
)))]
mod none;
#[cfg(not(any(
    unix_os = "linux",
    unix_os = "android",
    unix_os = "macos",
    unix_os = "freebsd",
    unix_os = "dragonfly",
    unix_os = "netbsd",
    unix_os = "openbsd"
)))]
pub use none::Poller;

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
