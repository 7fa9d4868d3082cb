#![allow(unsafe_code)]
//! The few libuv functions that wake us, looked up at first use: the addon loads where they do not exist.
//!
//! The handle is opaque; its size is asked for at run time, so that no struct layout of libuv is copied here.

use std::ffi::{c_char, c_int, c_void, CStr};
use std::sync::OnceLock;

/// A uv_poll_t, of a size that only libuv knows.
pub(crate) type Handle = *mut c_void;
/// uv_poll_cb.
pub(crate) type PollCallback = unsafe extern "C" fn(handle: Handle, status: c_int, events: c_int);
/// uv_close_cb.
pub(crate) type CloseCallback = unsafe extern "C" fn(handle: Handle);

/// UV_POLL of uv_handle_type.
pub(crate) const UV_POLL: c_int = 8;
/// UV_READABLE of uv_poll_event.
pub(crate) const UV_READABLE: c_int = 1;

macro_rules! functions {
    ($($name:ident: fn($($argument:ty),*) $(-> $result:ty)?;)*) => {
        /// The looked-up functions.
        #[derive(Clone, Copy)]
        pub(crate) struct Uv { $(pub(crate) $name: unsafe extern "C" fn($($argument),*) $(-> $result)?,)* }

        impl Uv {
            /// The functions, looked up once per process; `None` where one is missing.
            pub(crate) fn load() -> Option<&'static Self> {
                static LOADED: OnceLock<Option<Uv>> = OnceLock::new();
                LOADED.get_or_init(Self::find_all).as_ref()
            }

            fn find_all() -> Option<Self> {
                Some(Self { $($name: {
                    let symbol = find(concat!(stringify!($name), "\0"))?;
                    // SAFETY: libuv has kept this signature since version 1.
                    unsafe { std::mem::transmute::<*mut c_void, unsafe extern "C" fn($($argument),*) $(-> $result)?>(symbol) }
                },)* })
            }
        }
    };
}

functions! {
    uv_handle_size: fn(c_int) -> usize;
    uv_handle_set_data: fn(Handle, *mut c_void);
    uv_handle_get_data: fn(Handle) -> *mut c_void;
    uv_poll_init: fn(*mut c_void, Handle, c_int) -> c_int;
    uv_poll_start: fn(Handle, c_int, PollCallback) -> c_int;
    uv_poll_stop: fn(Handle) -> c_int;
    uv_close: fn(Handle, CloseCallback);
    uv_ref: fn(Handle);
    uv_unref: fn(Handle);
}

fn find(name: &str) -> Option<*mut c_void> {
    let name: *const c_char = CStr::from_bytes_with_nul(name.as_bytes()).ok()?.as_ptr();
    // SAFETY: a NUL-terminated name; RTLD_DEFAULT searches the process.
    let symbol = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name) };
    (!symbol.is_null()).then_some(symbol)
}
