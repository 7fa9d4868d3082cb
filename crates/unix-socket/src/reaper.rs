//! Closes that may block, on threads of our own (what cannot is closed at once, see `closing.rs`): the last close of a descriptor
//! that somebody else made can take as long as that somebody likes (a TCP socket with SO_LINGER, a file of a FUSE server), and so
//! can that of a socket which still holds such descriptors in its queue.
//!
//! One for the whole process. A close that takes long keeps its thread, and others go on. Knows nothing of who gave a descriptor.
//! `tests/wakeups.rs` is a model of it: whoever changes what wakes whom changes it there, too.

use crate::pin;
use crate::poller::WeakWake;
use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Most threads that may be stuck in a close at a time.
pub const THREADS_MAX: usize = 16;
/// A close that has taken longer has got stuck: the next one needs another thread.
const STUCK: Duration = Duration::from_millis(50);
/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(5);
/// Descriptors that may wait before whoever brings more is made to wait for a moment: closing can be slower than receiving, and
/// must not use up the table of descriptors. Not longer, because the closes may be stuck.
const BACKLOG: usize = 256;
const PATIENCE: Duration = Duration::from_millis(5);

/// What to do when a descriptor has been closed.
type Then = Box<dyn FnOnce() + Send>;

struct Item {
    fd: OwnedFd,
    then: Option<Then>,
}

impl Item {
    fn close(self) {
        drop(self.fd);
        if let Some(then) = self.then {
            then();
        }
    }
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Item>,
    threads: usize,
    /// Those that have been started and have not run yet: they look for work first.
    starting: usize,
    /// Those that wait for work.
    idle: usize,
    /// Those that look after a close of another one, and hear of nothing else meanwhile.
    watchers: usize,
    /// One of the idle ones has been told, and has not run yet: nobody else need be told.
    told: bool,
    /// Those that are in a close.
    closing: usize,
    /// When a thread last took a descriptor to close it, and how many have been taken.
    taken: Option<Instant>,
    turn: u64,
    /// Who is to be told of the next close.
    listeners: Vec<WeakWake>,
}

static STATE: Mutex<State> = Mutex::new(State {
    waiting: VecDeque::new(),
    threads: 0,
    starting: 0,
    idle: 0,
    watchers: 0,
    told: false,
    closing: 0,
    taken: None,
    turn: 0,
    listeners: Vec::new(),
});
/// Work has come, or a watcher is wanted.
static CHANGED: Condvar = Condvar::new();
/// Nobody tells those that watch: they come by themselves. Else each batch of descriptors would wake two threads.
static WATCHING: Condvar = Condvar::new();
/// Half of a backlog has been closed.
static SHORTER: Condvar = Condvar::new();
/// Nothing waits and nothing is being closed.
static QUIET: Condvar = Condvar::new();

type Locked = MutexGuard<'static, State>;

fn lock() -> Locked {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Closes descriptors soon, in order as far as none of them gets stuck. Where no thread can be had, closes them at once.
pub fn close(fds: impl IntoIterator<Item = OwnedFd>) {
    take_on(fds.into_iter().map(|fd| Item { fd, then: None }));
}

/// The same for one, and says when its number is free, on whichever thread that is.
pub fn close_then(fd: OwnedFd, then: impl FnOnce() + Send + 'static) {
    take_on(std::iter::once(Item { fd, then: Some(Box::new(then)) }));
}

fn take_on(items: impl Iterator<Item = Item>) {
    let mut state = lock();
    state.waiting.extend(items);
    if state.waiting.is_empty() {
        return;
    }
    if state.closing > 0 {
        want_watcher(&mut state);
    } else if state.idle > 0 {
        tell(&mut state);
    } else if state.starting == 0 && !start(&mut state) && state.threads == 0 {
        let left = std::mem::take(&mut state.waiting);
        drop(state);
        left.into_iter().for_each(Item::close);
        return;
    }
    if state.waiting.len() > BACKLOG {
        let too_many = |state: &mut State| state.waiting.len() > BACKLOG / 2;
        let _ = SHORTER.wait_timeout_while(state, PATIENCE, too_many);
    }
}

/// Wakes somebody, once, when the next descriptor has been closed. Who then looks how many are open misses none, if he asks first
/// and looks afterwards.
pub fn announce_to(wake: WeakWake) {
    let listeners = &mut lock().listeners;
    if !listeners.iter().any(|one| one.is(&wake)) {
        listeners.push(wake);
    }
}

/// Somebody else has closed descriptors.
pub fn tell_closed() {
    ring(&mut lock());
}

fn ring(state: &mut State) {
    for wake in state.listeners.drain(..) {
        wake.wake();
    }
}

/// Waits until everything that was given has been closed. `false`: not within this time.
pub fn wait_quiet(limit: Duration) -> bool {
    let is_busy = |state: &mut State| !state.waiting.is_empty() || state.closing > 0;
    let (_state, waited) = QUIET.wait_timeout_while(lock(), limit, is_busy).unwrap_or_else(PoisonError::into_inner);
    !waited.timed_out()
}

fn start(state: &mut State) -> bool {
    pin::keep_loaded();
    let started = std::thread::Builder::new().name("ancillary-close".into()).spawn(run).is_ok();
    state.threads += usize::from(started);
    state.starting += usize::from(started);
    started
}

fn run() {
    let mut state = lock();
    state.starting -= 1;
    loop {
        state = work(state);
        if state.closing == 0 {
            QUIET.notify_all();
        }
        // While another thread closes, somebody must see to it that a close which gets stuck does not hold up the others.
        if state.closing > 0 && !state.waiting.is_empty() {
            state = watch(state);
            continue;
        }
        let timed_out;
        (state, timed_out) = wait(state);
        if timed_out && state.waiting.is_empty() {
            state.threads -= 1;
            return;
        }
    }
}

fn watch(mut state: Locked) -> Locked {
    state.watchers += 1;
    let (mut state, _) = WATCHING.wait_timeout(state, STUCK).unwrap_or_else(PoisonError::into_inner);
    state.watchers -= 1;
    state
}

/// Until it is told, or has had nothing to do for long.
fn wait(mut state: Locked) -> (Locked, bool) {
    state.idle += 1;
    let (mut state, waited) = CHANGED.wait_timeout(state, IDLE).unwrap_or_else(PoisonError::into_inner);
    state.told = false;
    state.idle -= 1;
    (state, waited.timed_out())
}

/// Closes one after the other, as long as it is this thread's turn: one thread works at a time, until its close gets stuck and
/// another takes its turn. Other closes may be stuck meanwhile.
fn work(mut state: Locked) -> Locked {
    let mut turn = None;
    while turn == Some(state.turn) || is_free(&state) {
        let Some(item) = state.waiting.pop_front() else { break };
        state.closing += 1;
        state.taken = Some(Instant::now());
        state.turn += 1;
        turn = Some(state.turn);
        // Somebody to watch while this one closes.
        if !state.waiting.is_empty() {
            want_watcher(&mut state);
        }
        drop(state);
        item.close();
        state = lock();
        state.closing -= 1;
        ring(&mut state);
        if state.waiting.len() == BACKLOG / 2 {
            SHORTER.notify_all();
        }
    }
    state
}

/// Wakes an idle thread.
fn tell(state: &mut State) {
    if !std::mem::replace(&mut state.told, true) {
        CHANGED.notify_one();
    }
}

fn want_watcher(state: &mut State) {
    if state.watchers > 0 || state.starting > 0 {
        return;
    }
    if state.idle > 0 {
        tell(state);
    } else if state.threads < THREADS_MAX {
        start(state);
    }
}

/// Nobody closes, or those who do are stuck.
fn is_free(state: &State) -> bool {
    state.closing == 0 || state.taken.is_none_or(|taken| taken.elapsed() >= STUCK)
}
