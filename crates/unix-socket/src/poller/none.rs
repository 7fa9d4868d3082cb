//! Systems whose kernel queue is not known here: nothing waits, and everything that need not wait works.

use super::{Event, Wake};
use crate::{Errno, Result};
use std::convert::Infallible;
use std::os::fd::BorrowedFd;

/// There is none.
pub struct Poller(Infallible);

impl Poller {
    /// `ENOSYS`.
    pub const fn new() -> Result<Self> {
        Err(Errno::ENOSYS)
    }

    /// Never called.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        match self.0 {}
    }

    /// Never called.
    pub fn waker(&self) -> Wake {
        match self.0 {}
    }

    /// Never called.
    pub fn add(&self, _: BorrowedFd<'_>, _: u64, _: u32) -> Result<()> {
        match self.0 {}
    }

    /// Never called.
    pub fn modify(&self, _: BorrowedFd<'_>, _: u64, _: u32) -> Result<()> {
        match self.0 {}
    }

    /// Never called.
    pub fn remove(&self, _: BorrowedFd<'_>) -> Result<()> {
        match self.0 {}
    }

    /// Never called.
    pub fn brought(&self, _: usize) {
        match self.0 {}
    }

    /// Never called.
    pub fn take(&self, _: &mut Vec<Event>, _: usize) -> Result<()> {
        match self.0 {}
    }
}
