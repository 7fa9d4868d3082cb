//! A thread that waits for a poller and calls when something is ready: for runtimes whose own event loop cannot watch a descriptor.
//!
//! After a call it rests until it is told to go on, because a poller stays ready until its events are taken. It knows a descriptor
//! and a function, not what the events are. `tests/watches.rs` is a model of it: whoever changes what tells whom changes it there, too.

use crate::poller::{wake_pair, Bell, Wake};
use crate::syscall::{self, retry};
use crate::{descriptor, pin, Errno, Result};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Duty {
    /// Waits for the poller.
    Watch,
    /// Has called and waits for `go_on`.
    Rest,
    /// Ends.
    End,
}

struct Shared {
    duty: Mutex<Duty>,
    changed: Condvar,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Duty> {
        self.duty.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread. Dropping it ends the thread and waits for that, so that no call comes afterwards.
pub struct Sentry {
    shared: Arc<Shared>,
    stop: Wake,
    thread: Option<JoinHandle<()>>,
}

impl Sentry {
    /// Starts a thread that calls `call` whenever `fd` is readable. `call` must not wait for whoever drops the sentry.
    pub fn start(fd: BorrowedFd<'_>, call: impl Fn() + Send + 'static) -> Result<Self> {
        let watched = descriptor::duplicate(fd)?;
        let (stop, bell) = wake_pair()?;
        let shared = Arc::new(Shared { duty: Mutex::new(Duty::Watch), changed: Condvar::new() });
        pin::keep_loaded();
        let theirs = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("ancillary-poll".into());
        let thread = thread.spawn(move || run(&theirs, &watched, &bell, call)).map_err(|_| Errno::EAGAIN)?;
        Ok(Self { shared, stop, thread: Some(thread) })
    }

    /// The events were taken: call again when there are more.
    pub fn go_on(&self) {
        let mut duty = self.shared.lock();
        if *duty == Duty::Rest {
            *duty = Duty::Watch;
            self.shared.changed.notify_one();
        }
    }
}

impl Drop for Sentry {
    fn drop(&mut self) {
        *self.shared.lock() = Duty::End;
        self.shared.changed.notify_one();
        self.stop.wake();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn run(shared: &Shared, watched: &OwnedFd, bell: &Bell, call: impl Fn()) {
    while on_duty(shared) {
        // A poller that cannot be waited for would be called for without end: nobody is served by that.
        let Ok(ready) = retry(|| syscall::poll_two(watched.as_fd(), bell.as_fd())) else { return };
        if ready && rest(shared) {
            call();
        }
    }
}

/// Waits while it rests. `false`: it is to end.
fn on_duty(shared: &Shared) -> bool {
    let duty = shared.changed.wait_while(shared.lock(), |duty| *duty == Duty::Rest);
    *duty.unwrap_or_else(PoisonError::into_inner) != Duty::End
}

/// From here on it rests, before the call: who is called may say `go_on` at once.
fn rest(shared: &Shared) -> bool {
    let mut duty = shared.lock();
    if *duty == Duty::Watch {
        *duty = Duty::Rest;
    }
    *duty == Duty::Rest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::poller::{Poller, READABLE};
    use std::sync::mpsc::channel;

    #[test]
    fn it_calls_once_for_each_time_it_is_told_to_go_on() {
        let poller = Poller::new().unwrap();
        let (sender, calls) = channel();
        let sentry = Sentry::start(poller.as_fd(), move || sender.send(()).unwrap()).unwrap();
        let (left, right) = crate::socket::pair(libc::SOCK_STREAM).unwrap();
        poller.add(left.as_fd(), 7, READABLE).unwrap();
        nix::unistd::write(&right, b"x").unwrap();
        for _ in 0..100 {
            calls.recv().unwrap();
            // Still ready, but it rests.
            assert!(calls.try_recv().is_err());
            sentry.go_on();
        }
        drop(sentry);
        assert!(calls.try_iter().count() <= 1);
        assert!(calls.recv().is_err(), "the thread has ended, and with it the function");
    }

    #[test]
    fn it_ends_while_it_waits_and_while_it_rests() {
        let poller = Poller::new().unwrap();
        drop(Sentry::start(poller.as_fd(), || ()).unwrap());
        let (sender, calls) = channel();
        let sentry = Sentry::start(poller.as_fd(), move || sender.send(()).unwrap()).unwrap();
        poller.waker().wake();
        calls.recv().unwrap();
        drop(sentry);
    }
}
