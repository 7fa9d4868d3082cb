#![allow(unsafe_code)]
//! The uv_poll waker: one handle on our epoll tells libuv's loop that something is ready, and JavaScript is entered once for it.
//!
//! It uses the environment's own loop, calls through napi_make_callback so that nextTick and promises run afterwards, and is taken
//! down by an async cleanup hook that is removed only when libuv has let go of the handle.

use crate::memory::typed_array;
use crate::state::{failed, State};
use crate::uv::{CloseCallback, Handle, PollCallback, Uv, UV_POLL, UV_READABLE};
use napi::bindgen_prelude::{FnArgs, Function, JsValue, Object};
use napi::{sys, Env, Result};
use std::alloc::{alloc_zeroed, dealloc, Layout};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::{c_int, c_void};
use std::os::fd::AsRawFd;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;
use std::rc::Rc;
use unix_socket::poller::{Event, WAKE_KEY};
use unix_socket::Errno;

/// Numbers per event in the registered array.
const EVENT_STRIDE: usize = 3;

struct Waker {
    uv: &'static Uv,
    env: sys::napi_env,
    state: Rc<State>,
    handle: Handle,
    layout: Layout,
    context: sys::napi_async_context,
    callback: sys::napi_ref,
    events: sys::napi_ref,
    out: *mut i32,
    capacity: usize,
    /// Whether the handle keeps the event loop alive.
    referenced: Cell<bool>,
    scratch: RefCell<Vec<Event>>,
    hook: sys::napi_async_cleanup_hook_handle,
}

thread_local! {
    /// The waker of each environment on this thread; emptied when the environment ends.
    static WAKERS: RefCell<HashMap<usize, *const Waker>> = RefCell::default();
}

/// Starts the waker of an environment whose poller exists. `ENOSYS`: this runtime has no uv_poll.
pub(crate) fn start(
    env: &Env,
    state: Rc<State>,
    events: &Object<'_>,
    callback: &Function<'_, FnArgs<(u32,)>, ()>,
) -> Result<i32> {
    let Some(uv) = Uv::load() else { return Ok(-(Errno::ENOSYS as i32)) };
    let raw = env.raw();
    // SAFETY: both values belong to this environment and this call.
    let (out, capacity) = unsafe { typed_array(raw, events.value().value, sys::TypedarrayType::int32_array) }?;
    let out = out.cast();
    if capacity < EVENT_STRIDE + 2 {
        return Err(failed("registering an array that is too small"));
    }
    // SAFETY: as above; the references keep both alive until `finish`.
    let (callback, events) = unsafe { (strong(raw, callback.value().value)?, strong(raw, events.value().value)?) };
    let context = async_context(raw)?;
    // SAFETY: asks libuv for a size only.
    let size = unsafe { (uv.uv_handle_size)(UV_POLL) };
    let layout = Layout::from_size_align(size, 16).map_err(|_| failed("uv_handle_size"))?;
    // SAFETY: the size of a handle is never zero.
    let handle: Handle = unsafe { alloc_zeroed(layout) }.cast();
    let scratch = RefCell::default();
    let hook = ptr::null_mut();
    let referenced = Cell::new(true);
    let waker = Waker {
        uv,
        env: raw,
        state,
        handle,
        layout,
        context,
        callback,
        events,
        out,
        capacity,
        referenced,
        scratch,
        hook,
    };
    run(env, Box::into_raw(Box::new(waker)))
}

/// Puts the handle on the loop and registers the clean-up.
fn run(env: &Env, waker: *mut Waker) -> Result<i32> {
    let uv_loop = env.get_uv_event_loop()?.cast::<c_void>();
    // SAFETY: just made by `start`, and nobody else has it yet.
    let this = unsafe { &mut *waker };
    let uv = this.uv;
    let fd = this.state.polling.get().ok_or_else(|| failed("the poller"))?.poller.as_fd().as_raw_fd();
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

/// uv_ref and uv_unref of the handle.
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
        let count = collect(this);
        if count > 0 {
            // SAFETY: on the environment's own thread, outside any JavaScript.
            unsafe { enter(this, count) };
        }
    }));
}

/// Copies the events that hold into the registered array.
fn collect(this: &Waker) -> usize {
    let mut events = this.scratch.borrow_mut();
    let Some(polling) = this.state.polling.get() else { return 0 };
    if polling.poller.take(&mut events, this.capacity / EVENT_STRIDE).is_err() {
        return 0;
    }
    // SAFETY: the reference keeps the array alive, it is never resized, and JavaScript is not running.
    let out = unsafe { std::slice::from_raw_parts_mut(this.out, this.capacity) };
    for (row, event) in out.chunks_exact_mut(EVENT_STRIDE).zip(events.iter()) {
        let index = if event.key == WAKE_KEY { -1 } else { (event.key & 0xffff_ffff) as i32 };
        row.copy_from_slice(&[index, (event.key >> 32) as i32, event.mask as i32]);
    }
    events.len()
}

/// Calls `callback(count)`; whatever it throws becomes an uncaught exception. The handle may be closing afterwards, but is there.
///
/// # Safety
/// Must run on the environment's thread while no JavaScript of it runs.
unsafe fn enter(this: &Waker, count: usize) {
    let env = this.env;
    let mut scope = ptr::null_mut();
    // SAFETY: env is alive: its clean-up would have closed the handle.
    if unsafe { sys::napi_open_handle_scope(env, &mut scope) } != sys::Status::napi_ok {
        return;
    }
    // SAFETY: values live in the scope just opened; every out pointer is a live local.
    unsafe {
        let (mut callback, mut argument, mut receiver) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        sys::napi_get_reference_value(env, this.callback, &mut callback);
        sys::napi_create_uint32(env, count as u32, &mut argument);
        sys::napi_get_global(env, &mut receiver);
        let mut result = ptr::null_mut();
        // JavaScript changes its mind twice for each answer to a wake-up; what it wants in the end is done here.
        let [inside, wanted] = [this.capacity - 2, this.capacity - 1].map(|at| this.out.add(at));
        inside.write(1);
        let status = sys::napi_make_callback(env, this.context, receiver, callback, 1, &argument, &mut result);
        if status == sys::Status::napi_pending_exception {
            let mut exception = ptr::null_mut();
            // A worker that is being terminated reports a pending exception and has none.
            if sys::napi_get_and_clear_last_exception(env, &mut exception) == sys::Status::napi_ok {
                sys::napi_fatal_exception(env, exception);
            }
        }
        inside.write(0);
        reference(this, wanted.read() != 0);
        sys::napi_close_handle_scope(env, scope);
    }
}

/// # Safety
/// Called by Node-API with the `Waker` that was registered.
unsafe extern "C" fn on_env_end(_hook: sys::napi_async_cleanup_hook_handle, data: *mut c_void) {
    // SAFETY: registered by `run`, and valid until the close callback.
    let this = unsafe { &*data.cast::<Waker>() };
    WAKERS.with_borrow_mut(|wakers| wakers.remove(&(this.env as usize)));
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
        sys::napi_delete_reference(waker.env, waker.callback);
        sys::napi_delete_reference(waker.env, waker.events);
        sys::napi_async_destroy(waker.env, waker.context);
        dealloc(handle.cast(), waker.layout);
        sys::napi_remove_async_cleanup_hook(waker.hook);
    }
}

/// # Safety
/// `env` and `value` must be valid for this call.
unsafe fn strong(env: sys::napi_env, value: sys::napi_value) -> Result<sys::napi_ref> {
    let mut made = ptr::null_mut();
    // SAFETY: upheld by the caller.
    napi::check_status!(unsafe { sys::napi_create_reference(env, value, 1, &mut made) })?;
    Ok(made)
}

fn async_context(env: sys::napi_env) -> Result<sys::napi_async_context> {
    let (mut name, mut context) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: a literal with its length; every out pointer is a live local.
    napi::check_status!(unsafe { sys::napi_create_string_utf8(env, c"ancillary".as_ptr(), 9, &mut name) })?;
    // SAFETY: as above; no resource object.
    napi::check_status!(unsafe { sys::napi_async_init(env, ptr::null_mut(), name, &mut context) })?;
    Ok(context)
}
