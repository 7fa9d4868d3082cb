//! Any descriptor: ownership, reading and writing without waiting, and on a thread where that is not possible.

use crate::memory::Out;
use crate::state::{self, borrow, code, done, negative};
use napi::bindgen_prelude::{BufferSlice, Either};
use napi::{Env, Result};
use napi_derive::napi;
use std::time::Duration;
use unix_socket::descriptor::{self, Progress};
use unix_socket::jobs::Work;
use unix_socket::{closing, kind, reaper, Errno};

/// "This kind cannot promise not to wait": outside the range of error numbers.
const THREAD: i32 = -1_000_000;

/// Takes charge of a number. `EBADF`: not open. `EEXIST`: already in our charge.
#[napi(catch_unwind)]
pub fn adopt(env: Env, fd: i32) -> Result<i32> {
    Ok(done(state::of(&env)?.adopt(fd)))
}

/// Gives a number up without closing it.
#[napi(catch_unwind)]
pub fn release(env: Env, fd: i32) -> Result<i32> {
    use std::os::fd::IntoRawFd;
    Ok(state::of(&env)?.take(fd).map_or(negative(Errno::EBADF), IntoRawFd::into_raw_fd))
}

/// close(2) of a number in our charge. Never repeated: after EINTR the number is free as well (Linux).
#[napi(catch_unwind)]
pub fn close(env: Env, fd: i32) -> Result<i32> {
    Ok(state::of(&env)?.take(fd).map_or(negative(Errno::EBADF), |_closed| 0))
}

/// close(2) of a number in our charge, on a thread where its last close may block.
#[napi(catch_unwind)]
pub fn close_elsewhere(env: Env, fd: i32) -> Result<()> {
    closing::close(state::of(&env)?.take(fd));
    Ok(())
}

/// The same always on a thread; the poller announces when the number is free. Negative: still open.
#[napi(catch_unwind)]
pub fn start_close(env: Env, id: u32, fd: i32) -> Result<i32> {
    let state = state::of(&env)?;
    let Some(polling) = state.polling.get() else { return Ok(negative(Errno::ENOSYS)) };
    let Some(fd) = state.take(fd) else { return Ok(negative(Errno::EBADF)) };
    reaper::close_then(fd, polling.jobs.finisher(id));
    Ok(0)
}

/// close(2) on threads, as `closeElsewhere`, of the first `count` of many.
#[napi(catch_unwind)]
pub fn close_all_elsewhere(env: Env, #[napi(ts_arg_type = "Int32Array")] fds: Out<i32>, count: u32) -> Result<()> {
    let state = state::of(&env)?;
    closing::close(fds.iter().take(count as usize).filter_map(|fd| state.take(*fd)));
    Ok(())
}

/// Waits until everything that `closeElsewhere` and `closeAllElsewhere` were given has been closed; `false`: not within so many milliseconds. For tests.
#[napi(catch_unwind)]
pub fn await_closed(milliseconds: u32) -> bool {
    reaper::wait_quiet(Duration::from_millis(u64::from(milliseconds)))
}

/// dup(2), close-on-exec: the new descriptor.
#[napi(catch_unwind)]
pub fn duplicate(env: Env, fd: i32) -> Result<i32> {
    let state = state::of(&env)?;
    Ok(code(borrow(fd).and_then(descriptor::duplicate).map(|fd| state.give(fd))))
}

/// F_GETFL.
#[napi(catch_unwind)]
pub fn status_flags(fd: i32) -> i32 {
    code(borrow(fd).and_then(descriptor::flags))
}

/// Sets O_NONBLOCK; 1 if it was on before, 0 if not.
#[napi(catch_unwind)]
pub fn set_nonblocking(fd: i32, on: bool) -> i32 {
    code(borrow(fd).and_then(|fd| descriptor::set_nonblocking(fd, on)).map(i32::from))
}

/// What the descriptor is, in one word.
#[napi(catch_unwind)]
pub fn kind_of(fd: i32) -> Either<String, i32> {
    match borrow(fd).and_then(kind::of) {
        Ok(kind) => Either::A(kind),
        Err(errno) => Either::B(negative(errno)),
    }
}

fn progress(result: unix_socket::Result<Progress>) -> i32 {
    match result {
        Ok(Progress::Done(count)) => count as i32,
        Ok(Progress::Again) => negative(Errno::EAGAIN),
        Ok(Progress::Thread) => THREAD,
        Err(errno) => negative(errno),
    }
}

/// read(2) without waiting; -1000000: use `startRead`.
#[napi(catch_unwind)]
pub fn read(fd: i32, #[napi(ts_arg_type = "Uint8Array")] mut out: Out<u8>) -> i32 {
    progress(borrow(fd).and_then(|fd| descriptor::read(fd, &mut out)))
}

/// write(2) without waiting; -1000000: use `startWrite`.
#[napi(catch_unwind)]
pub fn write(fd: i32, data: &[u8]) -> i32 {
    progress(borrow(fd).and_then(|fd| descriptor::write(fd, data)))
}

fn start(env: &Env, id: u32, fd: i32, work: Work) -> Result<i32> {
    let state = state::of(env)?;
    let Some(polling) = state.polling.get() else { return Ok(negative(Errno::ENOSYS)) };
    Ok(done(borrow(fd).and_then(|fd| polling.jobs.start(id, fd, work))))
}

/// Reads on a thread; the poller announces the end.
#[napi(catch_unwind)]
pub fn start_read(env: Env, id: u32, fd: i32, limit: u32) -> Result<i32> {
    start(&env, id, fd, Work::Read(limit as usize))
}

/// Writes a copy of `data` on a thread; the poller announces the end.
#[napi(catch_unwind)]
pub fn start_write(env: Env, id: u32, fd: i32, data: &[u8]) -> Result<i32> {
    start(&env, id, fd, Work::Write(data.to_vec()))
}

/// The next job that a thread has finished: its number and result in `out`, and what it read. `null`: none.
#[napi(catch_unwind)]
pub fn take_finished<'env>(
    env: &'env Env,
    #[napi(ts_arg_type = "Int32Array")] mut out: Out<i32>,
) -> Result<Option<BufferSlice<'env>>> {
    let state = state::of(env)?;
    let Some(finished) = state.polling.get().and_then(|polling| polling.jobs.take()) else { return Ok(None) };
    out[0] = finished.id as i32;
    out[1] = code(finished.result);
    BufferSlice::copy_from(env, &finished.data).map(Some)
}

/// ioctl(2) with a number.
#[napi(catch_unwind)]
pub fn ioctl_number(fd: i32, request: f64, argument: f64) -> i32 {
    code(borrow(fd).and_then(|fd| descriptor::ioctl_number(fd, request as u64, argument as i64)))
}

/// ioctl(2) with a buffer.
#[napi(catch_unwind)]
pub fn ioctl_buffer(fd: i32, request: f64, #[napi(ts_arg_type = "Uint8Array")] mut argument: Out<u8>) -> i32 {
    code(borrow(fd).and_then(|fd| descriptor::ioctl_buffer(fd, request as u64, &mut argument)))
}
