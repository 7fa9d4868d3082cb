//! Work that may block, on threads of our own: reads and writes of regular files, FIFOs, ttys and the like.
//!
//! A job owns a duplicate of its descriptor, so the user may close his number at any time. Finished jobs wait in a list that the
//! poller's wake-up announces. Knows nothing of Node's thread pool: one hostile descriptor cannot use that up.

use crate::pin;
use crate::poller::Wake;
use crate::syscall::retry;
use crate::{descriptor, Errno, Result};
use std::collections::VecDeque;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Most threads of one environment; further jobs wait in line.
const THREADS_MAX: usize = 32;
/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(5);

/// What to do with the descriptor.
pub enum Work {
    /// read(2) of at most so many bytes at the current position.
    Read(usize),
    /// write(2) of these bytes at the current position.
    Write(Vec<u8>),
}

/// A finished job.
pub struct Finished {
    /// The number that was given with it.
    pub id: u32,
    /// Bytes read or written, or why not.
    pub result: Result<usize>,
    /// What was read.
    pub data: Vec<u8>,
}

struct Job {
    id: u32,
    fd: OwnedFd,
    work: Work,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Job>,
    finished: VecDeque<Finished>,
    threads: usize,
    idle: usize,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    wake: Wake,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The threads of one environment. Dropping it drops what still waits; a job under way ends by itself.
pub struct Jobs {
    shared: Arc<Shared>,
}

impl Jobs {
    /// No thread starts before the first job.
    pub fn new(wake: Wake) -> Self {
        Self { shared: Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), wake }) }
    }

    /// Starts a job on a duplicate of `fd`.
    pub fn start(&self, id: u32, fd: BorrowedFd<'_>, work: Work) -> Result<()> {
        let fd = descriptor::duplicate(fd)?;
        let mut state = self.shared.lock();
        state.waiting.push_back(Job { id, fd, work });
        if state.idle >= state.waiting.len() || state.threads >= THREADS_MAX {
            self.shared.changed.notify_one();
            return Ok(());
        }
        pin::keep_loaded();
        let shared = Arc::clone(&self.shared);
        match std::thread::Builder::new().name("ancillary".into()).spawn(move || run(&shared)) {
            Ok(_) => state.threads += 1,
            Err(_) if state.threads > 0 => {}
            Err(_) => {
                state.waiting.pop_back();
                return Err(Errno::EAGAIN);
            }
        }
        Ok(())
    }

    /// For work that somebody else does: what it calls at the end makes this one of the finished jobs.
    pub fn finisher(&self, id: u32) -> impl FnOnce() + Send + 'static {
        let shared = Arc::clone(&self.shared);
        move || {
            shared.lock().finished.push_back(Finished { id, result: Ok(0), data: Vec::new() });
            shared.wake.wake();
        }
    }

    /// The next finished job, if any.
    pub fn take(&self) -> Option<Finished> {
        self.shared.lock().finished.pop_front()
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.shared.lock().waiting.clear();
    }
}

fn run(shared: &Shared) {
    let mut state = shared.lock();
    loop {
        while let Some(job) = state.waiting.pop_front() {
            drop(state);
            let finished = perform(job);
            state = shared.lock();
            state.finished.push_back(finished);
            shared.wake.wake();
        }
        state.idle += 1;
        let (guard, waited) = shared.changed.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
        state = guard;
        state.idle -= 1;
        if waited.timed_out() && state.waiting.is_empty() {
            state.threads -= 1;
            return;
        }
    }
}

fn perform(job: Job) -> Finished {
    let (result, data) = match job.work {
        Work::Write(data) => (retry(|| nix::unistd::write(&job.fd, &data)), Vec::new()),
        Work::Read(limit) => {
            let mut data = vec![0; limit];
            let result = retry(|| nix::unistd::read(&job.fd, &mut data));
            data.truncate(result.unwrap_or(0));
            (result, data)
        }
    };
    Finished { id: job.id, result, data }
}
