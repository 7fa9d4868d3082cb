#![allow(unsafe_code)]
//! Keeps this library loaded for as long as the process lives. A worker that ends may unload the addon it has loaded, and a thread
//! of ours that still runs would then run nowhere.

use std::ffi::c_void;
use std::sync::Once;

/// RTLD_NODELETE, which the libc crate does not know on NetBSD.
#[cfg(target_os = "netbsd")]
const NO_DELETE: std::ffi::c_int = 0x1000;
#[cfg(not(target_os = "netbsd"))]
const NO_DELETE: std::ffi::c_int = libc::RTLD_NODELETE;

/// To be called before a thread is started that may outlive its environment. Where it cannot be done the library is part of the
/// program, which is not unloaded.
pub(crate) fn keep_loaded() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: all zeros is a valid Dl_info.
        let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
        let here = keep_loaded as fn() as *const c_void;
        // SAFETY: `info` lives for the call. The name that it brings is the loader's own, and a library that is there is only marked.
        unsafe {
            if libc::dladdr(here, &mut info) != 0 && !info.dli_fname.is_null() {
                libc::dlopen(info.dli_fname, libc::RTLD_LAZY | libc::RTLD_NOLOAD | NO_DELETE);
            }
        }
    });
}
