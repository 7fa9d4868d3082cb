#![allow(unsafe_code)]
//! How a wake-up gets into JavaScript: the events that hold go into a registered array, then one function is called.
//!
//! Both wakers use it. It knows the array and the function, not who says that there is something to deliver.

use crate::memory::typed_array;
use crate::state::{failed, State};
use napi::bindgen_prelude::{FnArgs, Function, JsValue, Object};
use napi::{sys, Env, Result};
use std::cell::RefCell;
use std::ptr;
use std::rc::Rc;
use unix_socket::poller::{Event, WAKE_KEY};

/// Numbers per event in the registered array.
const EVENT_STRIDE: usize = 3;

/// What JavaScript registered.
pub(crate) struct Delivery {
    pub(crate) env: sys::napi_env,
    pub(crate) state: Rc<State>,
    callback: sys::napi_ref,
    events: sys::napi_ref,
    out: *mut i32,
    capacity: usize,
    scratch: RefCell<Vec<Event>>,
}

impl Delivery {
    pub(crate) fn new(
        env: &Env,
        state: Rc<State>,
        events: &Object<'_>,
        callback: &Function<'_, FnArgs<(u32,)>, ()>,
    ) -> Result<Self> {
        let raw = env.raw();
        // SAFETY: both values belong to this environment and this call.
        let (out, capacity) = unsafe { typed_array(raw, events.value().value, sys::TypedarrayType::int32_array) }?;
        let out = out.cast();
        if capacity < EVENT_STRIDE + 2 {
            return Err(failed("registering an array that is too small"));
        }
        // SAFETY: as above; the references keep both alive until `forget`.
        let (callback, events) = unsafe { (strong(raw, callback.value().value)?, strong(raw, events.value().value)?) };
        Ok(Self { env: raw, state, callback, events, out, capacity, scratch: RefCell::default() })
    }

    /// Copies the events that hold into the registered array.
    pub(crate) fn collect(&self) -> usize {
        let mut events = self.scratch.borrow_mut();
        let Some(polling) = self.state.polling.get() else { return 0 };
        if polling.poller.take(&mut events, self.capacity / EVENT_STRIDE).is_err() {
            return 0;
        }
        // SAFETY: the reference keeps the array alive, it is never resized, and JavaScript is not running.
        let out = unsafe { std::slice::from_raw_parts_mut(self.out, self.capacity) };
        for (row, event) in out.chunks_exact_mut(EVENT_STRIDE).zip(events.iter()) {
            let index = if event.key == WAKE_KEY { -1 } else { (event.key & 0xffff_ffff) as i32 };
            row.copy_from_slice(&[index, (event.key >> 32) as i32, event.mask as i32]);
        }
        events.len()
    }

    /// Calls `callback(count)`; whatever it throws becomes an uncaught exception. With a context as napi_make_callback does, which
    /// runs nextTick and promises before it returns; without one whoever called us does that. Returns whether the event loop is to
    /// be kept alive.
    ///
    /// # Safety
    /// Must run on the environment's thread while no JavaScript of it runs, within a handle scope.
    pub(crate) unsafe fn enter(&self, context: Option<sys::napi_async_context>, count: usize) -> bool {
        let env = self.env;
        // SAFETY: upheld by the caller; every out pointer is a live local.
        unsafe {
            let (mut callback, mut argument, mut receiver) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
            sys::napi_get_reference_value(env, self.callback, &mut callback);
            sys::napi_create_uint32(env, count as u32, &mut argument);
            sys::napi_get_global(env, &mut receiver);
            let mut result = ptr::null_mut();
            // JavaScript changes its mind twice for each answer to a wake-up; what it wants in the end is done by the caller.
            let [inside, wanted] = [self.capacity - 2, self.capacity - 1].map(|at| self.out.add(at));
            inside.write(1);
            let status = match context {
                Some(context) => sys::napi_make_callback(env, context, receiver, callback, 1, &argument, &mut result),
                None => sys::napi_call_function(env, receiver, callback, 1, &argument, &mut result),
            };
            if status == sys::Status::napi_pending_exception {
                let mut exception = ptr::null_mut();
                // A worker that is being terminated reports a pending exception and has none.
                if sys::napi_get_and_clear_last_exception(env, &mut exception) == sys::Status::napi_ok {
                    sys::napi_fatal_exception(env, exception);
                }
            }
            inside.write(0);
            wanted.read() != 0
        }
    }

    /// Lets go of what was registered.
    ///
    /// # Safety
    /// The environment must still be there, and nothing may be delivered afterwards.
    pub(crate) unsafe fn forget(&self) {
        // SAFETY: upheld by the caller.
        unsafe {
            sys::napi_delete_reference(self.env, self.callback);
            sys::napi_delete_reference(self.env, self.events);
        }
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

/// "ancillary", as tools that show asynchronous resources name us.
pub(crate) fn resource_name(env: sys::napi_env) -> Result<sys::napi_value> {
    let mut name = ptr::null_mut();
    // SAFETY: a literal with its length; the out pointer is a live local.
    napi::check_status!(unsafe { sys::napi_create_string_utf8(env, c"ancillary".as_ptr(), 9, &mut name) })?;
    Ok(name)
}
