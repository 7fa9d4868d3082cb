#![allow(unsafe_code)]
//! The uv_poll waker: one handle on our epoll tells libuv's loop that something is ready, and JavaScript is entered once for it.
//!
//! It uses the environment's own loop, calls through napi_make_callback so that nextTick and promises run afterwards, and is taken
//! down by an async cleanup hook that is removed only when libuv has let go of the handle.

use crate::delivery::{resource_name, Delivery};
use crate::state::failed;
use crate::uv::{CloseCallback, Handle, PollCallback, Uv, UV_POLL, UV_READABLE};
use napi::{sys, Env, Result};
use std::alloc::{alloc_zeroed, dealloc, Layout};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::os::fd::AsRawFd;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;

struct Waker {
    uv: &'static Uv,
    delivery: Delivery,
    handle: Handle,
    layout: Layout,
    context: sys::napi_async_context,
    /// Whether the handle keeps the event loop alive.
    referenced: Cell<bool>,
    hook: sys::napi_async_cleanup_hook_handle,
}

thread_local! {
    /// The waker of each environment on this thread; emptied when the environment ends.
    static WAKERS: RefCell<HashMap<usize, *const Waker>> = RefCell::default();
}

/// Starts the waker of an environment whose poller exists.
pub(crate) fn start(env: &Env, uv: &'static Uv, delivery: Delivery) -> Result<i32> {
    let context = async_context(env.raw())?;
    // SAFETY: asks libuv for a size only.
    let size = unsafe { (uv.uv_handle_size)(UV_POLL) };
    let layout = Layout::from_size_align(size, 16).map_err(|_| failed("uv_handle_size"))?;
    // SAFETY: the size of a handle is never zero.
    let handle: Handle = unsafe { alloc_zeroed(layout) }.cast();
    let referenced = Cell::new(true);
    let waker = Waker { uv, delivery, handle, layout, context, referenced, hook: ptr::null_mut() };
    run(env, Box::into_raw(Box::new(waker)))
}

/// Puts the handle on the loop and registers the clean-up.
fn run(env: &Env, waker: *mut Waker) -> Result<i32> {
    let uv_loop = env.get_uv_event_loop()?.cast::<c_void>();
    // SAFETY: just made by `start`, and nobody else has it yet.
    let this = unsafe { &mut *waker };
    let uv = this.uv;
    let fd = this.delivery.state.polling.get().ok_or_else(|| failed("the poller"))?.poller.as_fd().as_raw_fd();
    // SAFETY: the loop is the environment's own, the handle is fresh memory of libuv's own size, the epoll lives as long as it.
    let status = unsafe {
        match (uv.uv_poll_init)(uv_loop, this.handle, fd) {
            0 => {
                (uv.uv_handle_set_data)(this.handle, waker.cast());
                (uv.uv_poll_start)(this.handle, UV_READABLE, on_poll as PollCallback)
            }
            error => error,
        }
    };
    if status != 0 {
        return Ok(status);
    }
    reference(this, false);
    WAKERS.with_borrow_mut(|wakers| wakers.insert(env.raw() as usize, waker.cast_const()));
    // SAFETY: `waker` stays valid until the close callback, which removes the hook first.
    let added = unsafe { sys::napi_add_async_cleanup_hook(env.raw(), Some(on_env_end), waker.cast(), &mut this.hook) };
    if added == sys::Status::napi_ok {
        Ok(0)
    } else {
        Err(failed("napi_add_async_cleanup_hook"))
    }
}

/// uv_ref and uv_unref of the handle, where this environment has one.
pub(crate) fn keep_alive(env: &Env, on: bool) {
    let waker = WAKERS.with_borrow(|wakers| wakers.get(&(env.raw() as usize)).copied());
    if let Some(waker) = waker {
        // SAFETY: registered wakers are valid until `on_env_end` removes them, on this thread.
        reference(unsafe { &*waker }, on);
    }
}

fn reference(this: &Waker, on: bool) {
    if this.referenced.replace(on) == on {
        return;
    }
    // SAFETY: the handle is initialised, and not closed while somebody can reach its waker.
    unsafe {
        if on {
            (this.uv.uv_ref)(this.handle)
        } else {
            (this.uv.uv_unref)(this.handle)
        }
    }
}

/// # Safety
/// Called by libuv with the handle whose data is a live `Waker`.
unsafe extern "C" fn on_poll(handle: Handle, _status: c_int, _events: c_int) {
    // A panic must not cross into C; there is nobody to report it to but the next call.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let Some(uv) = Uv::load() else { return };
        // SAFETY: set by `run`; the waker outlives the handle.
        let this = unsafe { &*(uv.uv_handle_get_data)(handle).cast::<Waker>() };
        let count = this.delivery.collect();
        if count > 0 {
            // SAFETY: on the environment's own thread, outside any JavaScript.
            unsafe { enter(this, count) };
        }
    }));
}

/// # Safety
/// Must run on the environment's thread while no JavaScript of it runs.
unsafe fn enter(this: &Waker, count: usize) {
    let env = this.delivery.env;
    let mut scope = ptr::null_mut();
    // SAFETY: env is alive: its clean-up would have closed the handle. The handle may be closing afterwards, but is there.
    unsafe {
        if sys::napi_open_handle_scope(env, &mut scope) != sys::Status::napi_ok {
            return;
        }
        reference(this, this.delivery.enter(Some(this.context), count));
        sys::napi_close_handle_scope(env, scope);
    }
}

/// # Safety
/// Called by Node-API with the `Waker` that was registered.
unsafe extern "C" fn on_env_end(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: registered by `run`, and valid until the close callback.
    let this = unsafe { &*data.cast::<Waker>() };
    WAKERS.with_borrow_mut(|wakers| wakers.remove(&(this.delivery.env as usize)));
    // SAFETY: the handle is initialised and not yet closing: this hook runs once.
    unsafe {
        (this.uv.uv_poll_stop)(this.handle);
        (this.uv.uv_close)(this.handle, on_close as CloseCallback);
    }
}

/// # Safety
/// Called by libuv once, with the handle of a live `Waker`, when the loop has let go of it.
unsafe extern "C" fn on_close(handle: Handle) {
    let Some(uv) = Uv::load() else { return };
    // SAFETY: the box of `start`, whose last user this is.
    let waker = unsafe { Box::from_raw((uv.uv_handle_get_data)(handle).cast::<Waker>()) };
    // SAFETY: env outlives its async hooks; the memory was allocated with this layout.
    unsafe {
        waker.delivery.forget();
        sys::napi_async_destroy(waker.delivery.env, waker.context);
        dealloc(handle.cast(), waker.layout);
        sys::napi_remove_async_cleanup_hook(waker.hook);
    }
}

fn async_context(env: sys::napi_env) -> Result<sys::napi_async_context> {
    let (name, mut context) = (resource_name(env)?, ptr::null_mut());
    // SAFETY: the out pointer is a live local; no resource object.
    napi::check_status!(unsafe { sys::napi_async_init(env, ptr::null_mut(), name, &mut context) })?;
    Ok(context)
}
