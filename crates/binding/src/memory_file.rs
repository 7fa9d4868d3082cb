//! Memory files for JavaScript.

use crate::state::{self, borrow, code, done};
use napi::{Env, Result};
use napi_derive::napi;
use unix_socket::memory_file;

/// memfd_create(2): the number, or a negative errno.
#[napi(catch_unwind)]
pub fn create_memfd(env: Env, name: String) -> Result<i32> {
    let state = state::of(&env)?;
    Ok(code(memory_file::create(&name).map(|fd| state.give(fd))))
}

/// F_GET_SEALS.
#[napi(catch_unwind)]
pub fn seals_of(fd: i32) -> i32 {
    code(borrow(fd).and_then(memory_file::seals))
}

/// F_ADD_SEALS.
#[napi(catch_unwind)]
pub fn add_seals(fd: i32, seals: i32) -> i32 {
    done(borrow(fd).and_then(|fd| memory_file::add_seals(fd, seals)))
}
