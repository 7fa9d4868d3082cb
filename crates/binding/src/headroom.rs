//! Room for descriptors before something that brings some. Who finds none is told by his poller when the reaper has closed one.

use crate::state::{self, borrow, code, State};
use napi::Env;
use napi_derive::napi;
use std::os::fd::BorrowedFd;
use unix_socket::headroom::{self, Room};
use unix_socket::{reaper, Result};

/// "Too few descriptors are free": outside the range of error numbers.
pub(crate) const NO_ROOM: i32 = -1_000_002;

/// What a receive may do now.
pub(crate) fn for_messages(state: &State, fd: BorrowedFd<'_>, is_stream: bool, most: usize) -> Result<Room> {
    let look = || headroom::for_messages(fd, is_stream, most);
    let room = look()?;
    if room != Room::None {
        return Ok(room);
    }
    ask_reaper(state);
    look()
}

/// Whether there is room for a connection.
pub(crate) fn for_own(state: &State) -> bool {
    headroom::for_own() || {
        ask_reaper(state);
        headroom::for_own()
    }
}

/// To be done before a last look: what is closed after that look is told.
fn ask_reaper(state: &State) {
    if let Some(polling) = state.polling.get() {
        reaper::announce_to(polling.poller.waker().downgrade());
    }
}

/// Whether a receive would find room: 0, NO_ROOM, or the errno that it would bring.
#[napi(catch_unwind)]
pub fn has_room(env: Env, fd: i32, is_stream: bool, most: u32) -> napi::Result<i32> {
    let state = state::of(&env)?;
    let room = borrow(fd).and_then(|fd| for_messages(&state, fd, is_stream, most as usize));
    Ok(code(room.map(|room| if room == Room::None { NO_ROOM } else { 0 })))
}

/// Open descriptors, or -1 where nobody can count them, and the most that the process may have.
#[napi(catch_unwind)]
pub fn descriptor_usage() -> Vec<f64> {
    let (open, limit) = headroom::usage();
    vec![open.map_or(-1.0, |open| open as f64), limit as f64]
}
