//! Waking by a pipe, where there is no eventfd.

use crate::descriptor::{above_stdio, close_on_exec, set_nonblocking};
use crate::Result;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Weak};

/// Wakes a poller, or whoever waits for its bell, from any thread.
#[derive(Clone)]
pub struct Wake(Arc<OwnedFd>);

impl Wake {
    /// A pipe that is already full has been seen by nobody yet: also fine.
    pub fn wake(&self) {
        let _ = nix::unistd::write(&*self.0, &[1]);
    }
}

/// The same for somebody who must not keep the poller's descriptor open.
#[derive(Clone)]
pub struct WeakWake(Weak<OwnedFd>);

impl Wake {
    /// One that lets the poller go.
    pub fn downgrade(&self) -> WeakWake {
        WeakWake(Arc::downgrade(&self.0))
    }
}

impl WeakWake {
    /// As [`Wake::wake`], unless the poller is gone.
    pub fn wake(&self) {
        if let Some(wake) = self.0.upgrade() {
            Wake(wake).wake();
        }
    }

    /// Whether both wake the same poller.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }
}

/// The other end: a descriptor that becomes readable and stays so until it is drained.
pub(crate) struct Bell(OwnedFd);

impl Bell {
    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    #[allow(dead_code)]
    pub(crate) fn drain(&self) {
        let mut bytes = [0; 64];
        while nix::unistd::read(&self.0, &mut bytes).is_ok_and(|count| count > 0) {}
    }
}

/// Both ends.
pub(crate) fn wake_pair() -> Result<(Wake, Bell)> {
    let (bell, wake) = nix::unistd::pipe()?;
    let (bell, wake) = (above_stdio(bell)?, above_stdio(wake)?);
    for fd in [bell.as_fd(), wake.as_fd()] {
        close_on_exec(fd)?;
        set_nonblocking(fd, true)?;
    }
    Ok((Wake(Arc::new(wake)), Bell(bell)))
}
