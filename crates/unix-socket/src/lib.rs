//! Unix domain sockets with everything they can carry: addresses, descriptors, credentials, and a poller for their readiness.
//!
//! One function is one system call (or one batch); none of them blocks, none of them knows Node, libuv or JavaScript.
//! Descriptors that the kernel hands over are `OwnedFd`s before anything that can fail.

pub mod address;
pub mod bind;
pub mod closing;
pub mod control;
pub mod credentials;
pub mod descriptor;
pub mod exact;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod headroom;
pub mod inet;
pub mod jobs;
pub mod kind;
pub mod memory_file;
pub mod message;
pub mod numbers;
pub mod option;
mod os;
pub mod path;
mod pin;
pub mod poller;
pub mod process;
pub mod reaper;
pub mod receive;
pub mod sentry;
pub mod socket;
pub mod spare;
mod syscall;

pub use nix::errno::Errno;

/// What every function here returns: the value, or the error number of the system call that failed.
pub type Result<T> = std::result::Result<T, Errno>;
