#![allow(unsafe_code)]
//! Sending one message, or several in one call. Knows JavaScript's memory for the length of a call, and no queue.

use crate::memory::{Bytes, Kept, Messages, Out, Parts};
use crate::state::{self, borrow, code, negative, State};
use napi::bindgen_prelude::Object;
use napi::{Env, Result};
use napi_derive::napi;
use unix_socket::control;
use unix_socket::message::{self, Outgoing};
use unix_socket::Errno;

/// Registers the array from which `sendFds`, `send` and `sendMany` take descriptors. It is never given to anybody else, so that
/// nobody detaches it.
#[napi(catch_unwind, ts_args_type = "rights: Int32Array")]
pub fn register_rights(env: Env, rights: Object<'_>) -> Result<()> {
    let _ = state::of(&env)?.rights.set(Kept::new(&env, &rights)?);
    Ok(())
}

/// sendmsg(2) of nothing but data, as most messages are: the bytes that were taken.
#[napi(catch_unwind)]
pub fn send_data(fd: i32, #[napi(ts_arg_type = "Uint8Array")] data: Bytes) -> i32 {
    plain(fd, &data, &[])
}

/// The same with the first `count` of the registered descriptors.
#[napi(catch_unwind)]
pub fn send_fds(env: Env, fd: i32, #[napi(ts_arg_type = "Uint8Array")] data: Bytes, count: u32) -> Result<i32> {
    let state = state::of(&env)?;
    Ok(match rights(&state, 0, count as usize).and_then(|fds| control::unpack(&[], fds)) {
        Ok(control) => plain(fd, &data, &control),
        Err(errno) => negative(errno),
    })
}

fn plain(fd: i32, data: &Bytes, control: &[u8]) -> i32 {
    let message = Outgoing { parts: &[data.0], control, to: None, flags: 0, unnamed: false };
    // SAFETY: the part is JavaScript memory, which nothing moves or frees until the native function returns.
    code(borrow(fd).and_then(|fd| unsafe { message::send(fd, &message) }))
}

/// Some of the registered descriptors.
fn rights(state: &State, start: usize, count: usize) -> unix_socket::Result<&[i32]> {
    if count == 0 {
        return Ok(&[]);
    }
    state.rights.get().and_then(|rights| rights.get(start..start + count)).ok_or(Errno::EINVAL)
}

/// sendmsg(2): the bytes that were taken. `control` is the packed list of `unix_socket::control::unpack`; `fds` is how many of the
/// registered descriptors go with it.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn send(
    env: Env,
    fd: i32,
    #[napi(ts_arg_type = "Uint8Array | readonly Uint8Array[]")] data: Parts,
    control: &[u8],
    fds: u32,
    to: Option<&[u8]>,
    flags: i32,
    unnamed: bool,
) -> Result<i32> {
    let state = state::of(&env)?;
    let attempt = || {
        let control = control::unpack(control, rights(&state, 0, fds as usize)?)?;
        let message = Outgoing { parts: &data.0, control: &control, to, flags, unnamed };
        // SAFETY: the parts are JavaScript memory, which nothing moves or frees until this function returns.
        unsafe { message::send(borrow(fd)?, &message) }
    };
    Ok(code(attempt()))
}

/// sendmmsg(2): how many messages were taken, with the bytes of each in `counts`. All go to the same destination.
/// `controls` has a packed list for each message, or is empty: none has any. `counts` says how many of the registered descriptors go
/// with each, one after the other.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn send_many(
    env: Env,
    fd: i32,
    #[napi(ts_arg_type = "readonly (Uint8Array | readonly Uint8Array[])[]")] data: Messages,
    #[napi(ts_arg_type = "readonly Uint8Array[]")] controls: Parts,
    to: Option<&[u8]>,
    flags: i32,
    unnamed: bool,
    #[napi(ts_arg_type = "Int32Array")] mut counts: Out<i32>,
) -> Result<i32> {
    let state = state::of(&env)?;
    let mut attempt = || {
        let controls = encode(&state, &controls, counts.get(..data.count()).ok_or(Errno::EINVAL)?)?;
        let messages: Vec<_> = (0..data.count())
            .map(|at| Outgoing { parts: data.parts(at), control: &controls[at], to, flags, unnamed })
            .collect();
        let mut sizes = vec![0; messages.len()];
        // SAFETY: the parts are JavaScript memory, which nothing moves or frees until this function returns.
        let count = unsafe { message::send_many(borrow(fd)?, &messages, &mut sizes) }?;
        for (place, size) in counts.iter_mut().zip(&sizes[..count]) {
            *place = *size as i32;
        }
        Ok(count)
    };
    Ok(code(attempt()))
}

/// The control buffer of each message.
fn encode(state: &State, packed: &Parts, counts: &[i32]) -> unix_socket::Result<Vec<Vec<u8>>> {
    let mut start = 0;
    let one = |(at, count): (usize, &i32)| {
        let count = usize::try_from(*count).map_err(|_| Errno::EINVAL)?;
        let fds = rights(state, start, count)?;
        start += count;
        // SAFETY: the parts are JavaScript memory, which nothing moves or frees until the native function returns.
        control::unpack(packed.0.get(at).map_or(&[], |part| unsafe { bytes(part) }), fds)
    };
    counts.iter().enumerate().map(one).collect()
}

/// # Safety
/// The part must be valid for reading as long as the result is used.
unsafe fn bytes(part: &libc::iovec) -> &[u8] {
    if part.iov_len == 0 {
        return &[];
    }
    // SAFETY: upheld by the caller.
    unsafe { std::slice::from_raw_parts(part.iov_base.cast(), part.iov_len) }
}
