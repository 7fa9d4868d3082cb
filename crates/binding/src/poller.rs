//! The poller for JavaScript: start it with a callback, watch descriptors under a key of index and generation.

use crate::delivery::Delivery;
use crate::state::{self, borrow, done, negative, Polling, State};
use crate::uv::Uv;
use crate::{thread_waker, uv_waker};
use napi::bindgen_prelude::{FnArgs, Function, Object};
use napi::{Env, Result};
use napi_derive::napi;
use std::rc::Rc;
use unix_socket::jobs::Jobs;
use unix_socket::poller::Poller;
use unix_socket::Errno;

/// Starts the poller of this environment. `events` receives index, generation and mask of each event; `callback(count)` is called
/// once per wake-up. Its last two numbers are \[1 during that call, 1 to keep the event loop alive]: what the second one says after the
/// call is done, and need not be said with `keepAlive`. An index of -1 means that a job has finished on a thread. Calling it again does nothing.
/// `threaded`: a thread waits for the poller, and no function of libuv is so much as looked for.
#[napi(catch_unwind, ts_args_type = "events: Int32Array, callback: (count: number) => void, threaded: boolean")]
pub fn start_poller(
    env: Env,
    events: Object<'_>,
    callback: Function<'_, FnArgs<(u32,)>, ()>,
    threaded: bool,
) -> Result<i32> {
    let state = state::of(&env)?;
    if state.polling.get().is_some() {
        return Ok(0);
    }
    let poller = match Poller::new() {
        Ok(poller) => poller,
        Err(errno) => return Ok(negative(errno)),
    };
    let jobs = Jobs::new(poller.waker());
    let _ = state.polling.set(Polling { poller, jobs });
    let delivery = Delivery::new(&env, Rc::clone(&state), &events, &callback)?;
    match if threaded { None } else { Uv::load() } {
        Some(uv) => uv_waker::start(&env, uv, delivery),
        None => thread_waker::start(&env, delivery),
    }
}

fn with_poller(env: &Env, action: impl FnOnce(&Poller) -> unix_socket::Result<()>) -> Result<i32> {
    let state: Rc<State> = state::of(env)?;
    Ok(done(state.polling.get().map_or(Err(Errno::ENOSYS), |polling| action(&polling.poller))))
}

fn key(index: u32, generation: u32) -> u64 {
    u64::from(generation) << 32 | u64::from(index)
}

/// Starts watching a descriptor.
#[napi(catch_unwind)]
pub fn watch(env: Env, fd: i32, index: u32, generation: u32, mask: u32) -> Result<i32> {
    with_poller(&env, |poller| poller.add(borrow(fd)?, key(index, generation), mask))
}

/// Changes what a descriptor is watched for.
#[napi(catch_unwind)]
pub fn rewatch(env: Env, fd: i32, index: u32, generation: u32, mask: u32) -> Result<i32> {
    with_poller(&env, |poller| poller.modify(borrow(fd)?, key(index, generation), mask))
}

/// Stops watching a descriptor; before it is closed.
#[napi(catch_unwind)]
pub fn unwatch(env: Env, fd: i32) -> Result<i32> {
    with_poller(&env, |poller| poller.remove(borrow(fd)?))
}

/// Lets pending operations keep the event loop alive, or not.
#[napi(catch_unwind)]
pub fn keep_alive(env: Env, on: bool) {
    uv_waker::keep_alive(&env, on);
    thread_waker::keep_alive(&env, on);
}
