//! Waking by a pipe, where there is no eventfd.

use super::Wake;
use crate::descriptor::{above_stdio, close_on_exec, set_nonblocking};
use crate::Result;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

/// What wakes a poller: the writing end.
pub(super) type Signal = OwnedFd;

/// Makes it be seen. A pipe that is already full has been seen by nobody yet: also fine.
pub(super) fn ring(signal: &Signal) {
    let _ = nix::unistd::write(signal, &[1]);
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
    Ok((Wake::new(Arc::new(wake)), Bell(bell)))
}
