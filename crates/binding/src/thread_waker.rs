#![allow(unsafe_code)]
//! The thread waker: a thread waits for our poller and calls a threadsafe function, for runtimes whose libuv is none (Bun, Deno).
//!
//! It calls no function of libuv. A sync cleanup hook ends the thread before the runtime takes the threadsafe function away.

use crate::delivery::{resource_name, Delivery};
use crate::state::{failed, negative};
use napi::{sys, Env, Result};
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::ffi::c_void;
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::ptr;
use std::rc::Rc;
use unix_socket::sentry::Sentry;

struct Waker {
    delivery: Delivery,
    function: Cell<sys::napi_threadsafe_function>,
    referenced: Cell<bool>,
    /// Gone when the environment ends.
    sentry: RefCell<Option<Sentry>>,
}

thread_local! {
    /// The waker of each environment on this thread; emptied when the environment ends.
    static WAKERS: RefCell<HashMap<usize, Rc<Waker>>> = RefCell::default();
}

/// A threadsafe function may be called from any thread: that is what it is for.
struct Callable(sys::napi_threadsafe_function);

// SAFETY: as above; it lives until the hook has waited for the thread that has this.
unsafe impl Send for Callable {}

impl Callable {
    /// The queue has no limit: this fails only while the environment ends.
    fn call(&self) {
        // SAFETY: alive, as said above.
        unsafe {
            sys::napi_call_threadsafe_function(self.0, ptr::null_mut(), sys::ThreadsafeFunctionCallMode::nonblocking)
        };
    }
}

/// Starts the waker of an environment whose poller exists.
pub(crate) fn start(env: &Env, delivery: Delivery) -> Result<i32> {
    let waker = Rc::new(Waker {
        delivery,
        function: Cell::new(ptr::null_mut()),
        referenced: Cell::new(true),
        sentry: RefCell::default(),
    });
    let function = threadsafe_function(env.raw(), &waker)?;
    waker.function.set(function);
    reference(&waker, false);
    // Behind that of the threadsafe function, so that it runs before it.
    let data = Rc::into_raw(Rc::clone(&waker)).cast_mut().cast();
    // SAFETY: the hook owns the count that it is given.
    if unsafe { sys::napi_add_env_cleanup_hook(env.raw(), Some(on_env_end), data) } != sys::Status::napi_ok {
        return Err(failed("napi_add_env_cleanup_hook"));
    }
    let polling = waker.delivery.state.polling.get().ok_or_else(|| failed("the poller"))?;
    let callable = Callable(function);
    match Sentry::start(polling.poller.as_fd(), move || callable.call()) {
        Ok(sentry) => *waker.sentry.borrow_mut() = Some(sentry),
        Err(errno) => return Ok(negative(errno)),
    }
    WAKERS.with_borrow_mut(|wakers| wakers.insert(env.raw() as usize, waker));
    Ok(0)
}

fn threadsafe_function(env: sys::napi_env, waker: &Rc<Waker>) -> Result<sys::napi_threadsafe_function> {
    let name = resource_name(env)?;
    let (nobody, nothing, mut made) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    let context: *mut c_void = Rc::into_raw(Rc::clone(waker)).cast_mut().cast();
    // SAFETY: the finalizer owns the count that is the context, and calls come before it.
    napi::check_status!(unsafe {
        sys::napi_create_threadsafe_function(
            env,
            nobody,
            nothing,
            name,
            0,
            1,
            context,
            Some(on_finalize),
            context,
            Some(on_call),
            &mut made,
        )
    })?;
    Ok(made)
}

/// Lets the waker of this environment keep its event loop alive, where it has one.
pub(crate) fn keep_alive(env: &Env, on: bool) {
    WAKERS.with_borrow(|wakers| {
        if let Some(waker) = wakers.get(&(env.raw() as usize)) {
            reference(waker, on);
        }
    });
}

fn reference(this: &Waker, on: bool) {
    if this.referenced.replace(on) == on {
        return;
    }
    let change = if on { sys::napi_ref_threadsafe_function } else { sys::napi_unref_threadsafe_function };
    // SAFETY: on the environment's thread, and not yet released.
    unsafe { change(this.delivery.env, this.function.get()) };
}

/// # Safety
/// Called by Node-API on the environment's thread; the context is a live `Waker`. Without an environment it is being torn down.
unsafe extern "C" fn on_call(env: sys::napi_env, _: sys::napi_value, context: *mut c_void, _: *mut c_void) {
    // SAFETY: the context has a count of its own, which the finalizer gives back later.
    let this = unsafe { &*context.cast::<Waker>() };
    // A call that was under way when the environment ended.
    if env.is_null() || this.sentry.borrow().is_none() {
        return;
    }
    // A panic must not cross into C; there is nobody to report it to but the next call.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let count = this.delivery.collect();
        if count > 0 {
            // SAFETY: on the environment's own thread, outside any JavaScript; Node-API has opened a scope.
            let wanted = unsafe { this.delivery.enter(None, count) };
            // JavaScript may have ended its own worker.
            if this.sentry.borrow().is_some() {
                reference(this, wanted);
            }
        }
    }));
    if let Some(sentry) = &*this.sentry.borrow() {
        sentry.go_on();
    }
}

/// # Safety
/// Called by Node-API with the count that `start` gave it.
unsafe extern "C" fn on_env_end(data: *mut c_void) {
    // SAFETY: upheld by the caller.
    let this = unsafe { Rc::from_raw(data.cast_const().cast::<Waker>()) };
    WAKERS.with_borrow_mut(|wakers| wakers.remove(&(this.delivery.env as usize)));
    // Waits for the thread, which waits for nobody.
    drop(this.sentry.take());
    // SAFETY: the environment is still there, and nobody calls any more.
    unsafe {
        sys::napi_release_threadsafe_function(this.function.get(), sys::ThreadsafeFunctionReleaseMode::abort);
        this.delivery.forget();
    }
}

/// # Safety
/// Called by Node-API once, with the count that the threadsafe function was made with.
unsafe extern "C" fn on_finalize(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: upheld by the caller.
    drop(unsafe { Rc::from_raw(data.cast_const().cast::<Waker>()) });
}
