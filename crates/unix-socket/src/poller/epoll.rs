//! Linux: epoll, and an eventfd to wake it. The bits of a mask are epoll's own.

use super::guess::Guess;
use super::{Event, Wake, WAKE_KEY};
use crate::{Errno, Result};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::eventfd::{EfdFlags, EventFd};
use std::cell::RefCell;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

/// The epoll and its wake-up.
pub struct Poller {
    epoll: Epoll,
    wake: Arc<EventFd>,
    /// Where the kernel writes events: kept, because there is a wake-up for each small message of a conversation.
    buffer: RefCell<Vec<EpollEvent>>,
    guess: RefCell<Guess>,
}

/// What wakes a poller.
pub(super) type Signal = EventFd;

/// Makes it be seen. A counter that is already full has been seen by nobody yet: also fine.
pub(super) fn ring(signal: &Signal) {
    let _ = signal.write(1);
}

/// The other end of a [`Wake`]: a descriptor that becomes readable and stays so.
pub(crate) struct Bell(Arc<EventFd>);

impl Bell {
    pub(crate) fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Something to wait for beside a poller.
pub(crate) fn wake_pair() -> Result<(Wake, Bell)> {
    let bell = Arc::new(EventFd::from_value_and_flags(0, EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
    Ok((Wake::new(Arc::clone(&bell)), Bell(bell)))
}

impl Poller {
    /// A new poller; needs two descriptors.
    pub fn new() -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let wake = Arc::new(EventFd::from_value_and_flags(0, EfdFlags::EFD_CLOEXEC | EfdFlags::EFD_NONBLOCK)?);
        epoll.add(&*wake, EpollEvent::new(EpollFlags::EPOLLIN, WAKE_KEY))?;
        Ok(Self { epoll, wake, buffer: RefCell::default(), guess: RefCell::default() })
    }

    /// The descriptor that is readable while events wait.
    pub fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }

    /// A handle for other threads.
    pub fn waker(&self) -> Wake {
        Wake::new(Arc::clone(&self.wake))
    }

    /// Starts watching. `EPERM` for files that are always ready, `EEXIST` for a number that is watched already.
    pub fn add(&self, fd: BorrowedFd<'_>, key: u64, mask: u32) -> Result<()> {
        self.guess.borrow_mut().forget();
        self.epoll.add(fd, EpollEvent::new(EpollFlags::from_bits_retain(mask as i32), key))
    }

    /// Changes what is watched for.
    pub fn modify(&self, fd: BorrowedFd<'_>, key: u64, mask: u32) -> Result<()> {
        self.guess.borrow_mut().forget();
        self.epoll.modify(fd, &mut EpollEvent::new(EpollFlags::from_bits_retain(mask as i32), key))
    }

    /// Stops watching; must come before the descriptor is closed.
    pub fn remove(&self, fd: BorrowedFd<'_>) -> Result<()> {
        self.guess.borrow_mut().forget();
        self.epoll.delete(fd)
    }

    /// A receive or an accept has brought so many: what that tells of the next event.
    pub fn brought(&self, count: usize) {
        self.guess.borrow_mut().brought(count);
    }

    /// Writes the events that hold now into `events`; never waits. The wake-up is reset by being reported. In a conversation it may
    /// name the one descriptor that was ready so far without asking: then what else holds is told the next time.
    pub fn take(&self, events: &mut Vec<Event>, limit: usize) -> Result<()> {
        events.clear();
        let mut guess = self.guess.borrow_mut();
        if let Some(event) = guess.next() {
            events.push(event);
            return Ok(());
        }
        let mut buffer = self.buffer.borrow_mut();
        buffer.resize(limit, EpollEvent::empty());
        let count = match self.epoll.wait(&mut buffer, EpollTimeout::ZERO) {
            Err(Errno::EINTR) => 0,
            other => other?,
        };
        for event in &buffer[..count] {
            if event.data() == WAKE_KEY {
                let _ = self.wake.read();
            }
            events.push(Event { key: event.data(), mask: event.events().bits() as u32 });
        }
        guess.asked(events);
        Ok(())
    }
}
