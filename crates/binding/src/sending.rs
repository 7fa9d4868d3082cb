#![allow(unsafe_code)]
//! Sending one message, or several in one call. Knows JavaScript's memory for the length of a call, and no queue.

use crate::memory::{Bytes, Messages, Out, Parts};
use crate::state::{borrow, code};
use napi_derive::napi;
use unix_socket::control;
use unix_socket::message::{self, Outgoing};

/// sendmsg(2) of nothing but data, as most messages are: the bytes that were taken.
#[napi(catch_unwind)]
pub fn send_data(fd: i32, #[napi(ts_arg_type = "Uint8Array")] data: Bytes) -> i32 {
    let message = Outgoing { parts: &[data.0], control: &[], to: None, flags: 0, unnamed: false };
    // SAFETY: the part is JavaScript memory, which nothing moves or frees until this function returns.
    code(borrow(fd).and_then(|fd| unsafe { message::send(fd, &message) }))
}

/// sendmsg(2): the bytes that were taken. `control` is the packed list of `unix_socket::control::unpack`.
#[napi(catch_unwind)]
pub fn send(
    fd: i32,
    #[napi(ts_arg_type = "Uint8Array | readonly Uint8Array[]")] data: Parts,
    control: &[u8],
    to: Option<&[u8]>,
    flags: i32,
    unnamed: bool,
) -> i32 {
    let attempt = || {
        let control = control::unpack(control)?;
        let message = Outgoing { parts: &data.0, control: &control, to, flags, unnamed };
        // SAFETY: the parts are JavaScript memory, which nothing moves or frees until this function returns.
        unsafe { message::send(borrow(fd)?, &message) }
    };
    code(attempt())
}

/// sendmmsg(2): how many messages were taken, with the bytes of each in `taken`. All go to the same destination.
/// `controls` has a packed list for each message, or is empty: none has any.
#[napi(catch_unwind)]
#[allow(clippy::too_many_arguments)]
pub fn send_many(
    fd: i32,
    #[napi(ts_arg_type = "readonly (Uint8Array | readonly Uint8Array[])[]")] data: Messages,
    #[napi(ts_arg_type = "readonly Uint8Array[]")] controls: Parts,
    to: Option<&[u8]>,
    flags: i32,
    unnamed: bool,
    #[napi(ts_arg_type = "Int32Array")] mut taken: Out<i32>,
) -> i32 {
    let mut attempt = || {
        // SAFETY: the parts are JavaScript memory, which nothing moves or frees until this function returns.
        let packed = controls.0.iter().map(|part| unsafe { bytes(part) });
        let controls = packed.map(control::unpack).collect::<unix_socket::Result<Vec<_>>>()?;
        let control = |at: usize| controls.get(at).map_or(&[][..], Vec::as_slice);
        let messages: Vec<_> = (0..data.count())
            .map(|at| Outgoing { parts: data.parts(at), control: control(at), to, flags, unnamed })
            .collect();
        let mut sizes = vec![0; messages.len()];
        // SAFETY: as above.
        let count = unsafe { message::send_many(borrow(fd)?, &messages, &mut sizes) }?;
        for (place, size) in taken.iter_mut().zip(&sizes[..count]) {
            *place = *size as i32;
        }
        Ok(count)
    };
    code(attempt())
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
