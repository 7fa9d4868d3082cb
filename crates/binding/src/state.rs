//! What one environment (main thread or worker) holds: its descriptors, its socket files, its poller and its threads.
//!
//! When the environment ends, everything that JavaScript did not close is closed here. Nothing is shared between environments.

use crate::memory::Kept;
use crate::receiving::Memory;
use napi::{Env, Error, Result};
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::os::fd::{BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::rc::Rc;
use unix_socket::bind::BoundFile;
use unix_socket::closing;
use unix_socket::jobs::Jobs;
use unix_socket::poller::Poller;
use unix_socket::Errno;

/// Per-environment state, reached through [`of`].
#[derive(Default)]
pub(crate) struct State {
    owned: RefCell<Numbers>,
    files: RefCell<(u32, HashMap<u32, BoundFile>)>,
    pub(crate) memory: OnceCell<RefCell<Memory>>,
    /// Descriptors on their way out.
    pub(crate) rights: OnceCell<Kept<i32>>,
    pub(crate) polling: OnceCell<Polling>,
}

/// A set of descriptor numbers: these are small and dense, and every received one passes through here.
#[derive(Default)]
struct Numbers(Vec<bool>);

impl Numbers {
    /// Whether it was not there yet.
    fn insert(&mut self, number: RawFd) -> bool {
        let at = number as usize;
        if at >= self.0.len() {
            self.0.resize((at + 1).next_power_of_two(), false);
        }
        !std::mem::replace(&mut self.0[at], true)
    }

    /// Whether it was there.
    fn remove(&mut self, number: RawFd) -> bool {
        usize::try_from(number).ok().and_then(|at| self.0.get_mut(at)).is_some_and(std::mem::take)
    }

    fn all(&self) -> Vec<RawFd> {
        self.0.iter().enumerate().filter(|(_, there)| **there).map(|(at, _)| at as RawFd).collect()
    }
}

/// The poller and the threads that wake it.
pub(crate) struct Polling {
    pub(crate) poller: Poller,
    pub(crate) jobs: Jobs,
}

/// The state of the calling environment, made at first use.
pub(crate) fn of(env: &Env) -> Result<Rc<State>> {
    if let Some(state) = env.get_instance_data::<Rc<State>>()? {
        return Ok(Rc::clone(state));
    }
    // The first count tells what the process needs by itself.
    let _ = unix_socket::headroom::for_own();
    let state = Rc::new(State::default());
    env.set_instance_data(Rc::clone(&state), (), |_| ())?;
    Ok(state)
}

impl State {
    /// Registers a descriptor and gives its number to JavaScript.
    pub(crate) fn give(&self, fd: OwnedFd) -> i32 {
        let number = fd.into_raw_fd();
        self.owned.borrow_mut().insert(number);
        number
    }

    /// Takes charge of a number that JavaScript says is its own.
    pub(crate) fn adopt(&self, number: RawFd) -> std::result::Result<(), Errno> {
        unix_socket::descriptor::flags(borrow(number)?)?;
        if self.owned.borrow_mut().insert(number) {
            Ok(())
        } else {
            Err(Errno::EEXIST)
        }
    }

    /// Stops being in charge. `None`: the number is not ours, and no system call may name it.
    #[allow(unsafe_code)]
    pub(crate) fn take(&self, number: RawFd) -> Option<OwnedFd> {
        let ours = self.owned.borrow_mut().remove(number);
        // SAFETY: it was registered by `give` or `adopt`, and is no more: this is its only owner.
        ours.then(|| unsafe { OwnedFd::from_raw_fd(number) })
    }

    /// One call has brought so many messages or connections: the poller learns from it.
    pub(crate) fn brought(&self, count: usize) {
        if let Some(polling) = self.polling.get() {
            polling.poller.brought(count);
        }
    }

    /// Keeps the file of a bound socket under a number.
    pub(crate) fn keep_file(&self, file: BoundFile) -> u32 {
        let (next, files) = &mut *self.files.borrow_mut();
        *next += 1;
        files.insert(*next, file);
        *next
    }

    /// Forgets the file of a bound socket.
    pub(crate) fn take_file(&self, id: u32) -> Option<BoundFile> {
        self.files.borrow_mut().1.remove(&id)
    }
}

impl Drop for State {
    fn drop(&mut self) {
        for file in self.files.get_mut().1.values() {
            let _ = file.unlink();
        }
        let numbers = self.owned.get_mut().all();
        closing::close(numbers.into_iter().filter_map(|number| self.take(number)));
    }
}

/// A number for the time of one call. Negative: `EBADF` without a system call.
#[allow(unsafe_code)]
pub(crate) fn borrow<'a>(number: RawFd) -> std::result::Result<BorrowedFd<'a>, Errno> {
    if number < 0 {
        return Err(Errno::EBADF);
    }
    // SAFETY: used within the calling function only; a number that is not open makes the kernel answer EBADF.
    Ok(unsafe { BorrowedFd::borrow_raw(number) })
}

/// A negative errno for JavaScript.
pub(crate) fn negative(errno: Errno) -> i32 {
    -(errno as i32)
}

/// A count or a negative errno for JavaScript.
pub(crate) fn code<T: TryInto<i32>>(result: std::result::Result<T, Errno>) -> i32 {
    match result {
        Ok(value) => value.try_into().unwrap_or(i32::MAX),
        Err(errno) => negative(errno),
    }
}

/// 0 or a negative errno for JavaScript.
pub(crate) fn done(result: std::result::Result<(), Errno>) -> i32 {
    code(result.map(|()| 0))
}

/// A Node-API call failed: only possible while the environment is being torn down.
pub(crate) fn failed(what: &str) -> Error {
    Error::from_reason(format!("ancillary: {what} failed"))
}
