//! Opening, naming, connecting and accepting sockets, and their options.

use crate::headroom;
use crate::memory::Out;
use crate::state::{self, borrow, code, done, negative};
use napi::{Env, Result};
use napi_derive::napi;
use std::time::Duration;
use unix_socket::bind::{self, BindOptions};
use unix_socket::{option, socket};

/// socket(2): the new descriptor.
#[napi(catch_unwind)]
pub fn open(env: Env, domain: i32, kind: i32, protocol: i32) -> Result<i32> {
    let state = state::of(&env)?;
    Ok(code(socket::open(domain, kind, protocol).map(|fd| state.give(fd))))
}

/// socketpair(2): both descriptors into `out`.
#[napi(catch_unwind)]
pub fn pair(env: Env, kind: i32, #[napi(ts_arg_type = "Int32Array")] mut out: Out<i32>) -> Result<i32> {
    let state = state::of(&env)?;
    // Before there is anything that a panic would leave behind.
    let out = &mut out[..2];
    Ok(done(socket::pair(kind).map(|(left, right)| out.copy_from_slice(&[state.give(left), state.give(right)]))))
}

/// connect(2) to a name.
#[napi(catch_unwind)]
pub fn connect(fd: i32, name: &[u8]) -> i32 {
    done(borrow(fd).and_then(|fd| socket::connect(fd, name)))
}

/// bind(2) to an abstract name, or to one of the kernel's choice. `backlog` -1: do not listen.
#[napi(catch_unwind)]
pub fn bind_name(fd: i32, name: &[u8], backlog: i32) -> i32 {
    done(borrow(fd).and_then(|fd| bind::bind_name(fd, name, (backlog >= 0).then_some(backlog))))
}

/// bind(2) to a path. Returns the number of the file for `unlinkFile` and `forgetFile`. `mode` -1: as the umask says.
#[napi(catch_unwind)]
pub fn bind_path(env: Env, fd: i32, path: &[u8], mode: i32, replace_stale: bool, backlog: i32) -> Result<i32> {
    let state = state::of(&env)?;
    let options =
        BindOptions { mode: u32::try_from(mode).ok(), replace_stale, backlog: (backlog >= 0).then_some(backlog) };
    Ok(code(borrow(fd).and_then(|fd| bind::bind_path(fd, path, options)).map(|file| state.keep_file(file))))
}

/// Deletes the file of a bound socket if it is still the one that bind made: 1, else 0.
#[napi(catch_unwind)]
pub fn unlink_file(env: Env, file: u32) -> Result<i32> {
    let file = state::of(&env)?.take_file(file);
    Ok(file.map_or(0, |file| code(file.unlink())))
}

/// Leaves the file of a bound socket to others.
#[napi(catch_unwind)]
pub fn forget_file(env: Env, file: u32) -> Result<()> {
    drop(state::of(&env)?.take_file(file));
    Ok(())
}

/// accept4(2): the new descriptor. NO_ROOM where `gauged`, and few descriptors are free.
#[napi(catch_unwind)]
pub fn accept(env: Env, fd: i32, gauged: bool) -> Result<i32> {
    let state = state::of(&env)?;
    if gauged && !headroom::for_own(&state) {
        return Ok(headroom::NO_ROOM);
    }
    let accepted = borrow(fd).and_then(socket::accept).map(|fd| state.give(fd));
    state.brought(usize::from(accepted.is_ok()));
    Ok(code(accepted))
}

/// shutdown(2): 0 read, 1 write, 2 both.
#[napi(catch_unwind)]
pub fn shutdown(fd: i32, how: i32) -> i32 {
    done(borrow(fd).and_then(|fd| socket::shutdown(fd, how)))
}

/// getsockname(2), or getpeername(2) where `peer`: the length of the name in `out`.
#[napi(catch_unwind)]
pub fn socket_name(fd: i32, peer: bool, #[napi(ts_arg_type = "Uint8Array")] mut out: Out<u8>) -> i32 {
    let name = borrow(fd).and_then(if peer { socket::peer_name } else { socket::local_name });
    code(name.map(|name| {
        out[..name.len()].copy_from_slice(&name);
        name.len()
    }))
}

/// The family of a socket, or a negative errno.
#[napi(catch_unwind)]
pub fn socket_family(fd: i32) -> i32 {
    code(borrow(fd).and_then(socket::family))
}

/// 1 listening, 2 connected, 3 unconnected; a negative errno where it is no socket.
#[napi(catch_unwind)]
pub fn socket_state(fd: i32) -> i32 {
    code(borrow(fd).and_then(socket::state).map(|state| state as i32))
}

/// getsockopt(2): the bytes written into `out`.
#[napi(catch_unwind)]
pub fn get_option(fd: i32, level: i32, name: i32, #[napi(ts_arg_type = "Uint8Array")] mut out: Out<u8>) -> i32 {
    code(borrow(fd).and_then(|fd| option::get(fd, level, name, &mut out)))
}

/// setsockopt(2).
#[napi(catch_unwind)]
pub fn set_option(fd: i32, level: i32, name: i32, value: &[u8]) -> i32 {
    done(borrow(fd).and_then(|fd| option::set(fd, level, name, value)))
}

/// An integer option at SOL_SOCKET. Values are never negative, so a negative result is an errno.
#[napi(catch_unwind)]
pub fn get_number(fd: i32, name: i32) -> i32 {
    borrow(fd).and_then(|fd| option::get_number(fd, name)).unwrap_or_else(negative)
}

/// Sets an integer option at SOL_SOCKET.
#[napi(catch_unwind)]
pub fn set_number(fd: i32, name: i32, value: i32) -> i32 {
    done(borrow(fd).and_then(|fd| option::set_number(fd, name, value)))
}

/// poll(2) again and again for so many microseconds, until an event holds.
#[napi(catch_unwind)]
pub fn spin(fd: i32, events: i32, microseconds: u32) -> i32 {
    let time = Duration::from_micros(microseconds.into());
    code(borrow(fd).and_then(|fd| socket::spin(fd, events as i16, time)))
}

/// poll(2) without waiting: the events that hold.
#[napi(catch_unwind)]
pub fn poll_now(fd: i32, events: i32) -> i32 {
    code(borrow(fd).and_then(|fd| socket::poll_now(fd, events as i16)))
}
