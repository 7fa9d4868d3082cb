//! Waking a poller from any thread. Whether that is an eventfd or a pipe, the system's own file says.

#[cfg(poller = "epoll")]
use super::epoll::{ring, Signal};
#[cfg(not(poller = "epoll"))]
use super::pipe::{ring, Signal};
use std::sync::{Arc, Weak};

/// Wakes a poller, or whoever waits for its bell.
#[derive(Clone)]
pub struct Wake(Arc<Signal>);

impl Wake {
    pub(super) const fn new(signal: Arc<Signal>) -> Self {
        Self(signal)
    }

    /// Makes a poller report [`super::WAKE_KEY`].
    pub fn wake(&self) {
        ring(&self.0);
    }

    /// One that lets the poller go.
    pub fn downgrade(&self) -> WeakWake {
        WeakWake(Arc::downgrade(&self.0))
    }
}

/// The same for somebody who must not keep the poller's descriptor open.
#[derive(Clone)]
pub struct WeakWake(Weak<Signal>);

impl WeakWake {
    /// As [`Wake::wake`], unless the poller is gone.
    pub fn wake(&self) {
        if let Some(signal) = self.0.upgrade() {
            ring(&signal);
        }
    }

    /// Whether both wake the same poller.
    pub fn is(&self, other: &Self) -> bool {
        self.0.ptr_eq(&other.0)
    }
}
