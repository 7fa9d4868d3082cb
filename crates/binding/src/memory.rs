#![allow(unsafe_code)]
//! JavaScript's memory for the time of one call: outgoing data as iovecs, and typed arrays to write results into.
//!
//! Nothing here may outlive the native function that received it.

use crate::state::failed;
use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{sys, Result, ValueType};
use std::ffi::c_void;
use std::ops::{Deref, DerefMut};
use std::ptr;

/// The memory of one or more Uint8Arrays. Valid only until the native function returns to JavaScript.
pub(crate) struct Parts(pub(crate) Vec<libc::iovec>);

impl TypeName for Parts {
    fn type_name() -> &'static str {
        "Uint8Array | Uint8Array[]"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Parts {}

impl FromNapiValue for Parts {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut is_array = false;
        // SAFETY: env and value come from Node-API for this call.
        napi::check_status!(unsafe { sys::napi_is_array(env, value, &mut is_array) })?;
        if !is_array {
            // SAFETY: as above.
            return Ok(Self(vec![unsafe { part(env, value) }?]));
        }
        let mut length = 0;
        // SAFETY: as above.
        napi::check_status!(unsafe { sys::napi_get_array_length(env, value, &mut length) })?;
        let mut parts = Vec::with_capacity(length as usize);
        for index in 0..length {
            let mut element = ptr::null_mut();
            // SAFETY: as above.
            napi::check_status!(unsafe { sys::napi_get_element(env, value, index, &mut element) })?;
            // SAFETY: as above.
            parts.push(unsafe { part(env, element) }?);
        }
        Ok(Self(parts))
    }
}

/// # Safety
/// `env` and `value` must be valid for this call.
unsafe fn part(env: sys::napi_env, value: sys::napi_value) -> Result<libc::iovec> {
    // SAFETY: upheld by the caller.
    let (start, length) = unsafe { typed_array(env, value, sys::TypedarrayType::uint8_array) }?;
    Ok(libc::iovec { iov_base: start, iov_len: length })
}

/// The memory of a typed array and how many elements it has.
///
/// # Safety
/// `env` and `value` must be valid for this call.
pub(crate) unsafe fn typed_array(
    env: sys::napi_env,
    value: sys::napi_value,
    wanted: Kind,
) -> Result<(*mut c_void, usize)> {
    let (mut kind, mut length, mut data) = (0, 0, ptr::null_mut());
    let (mut buffer, mut offset) = (ptr::null_mut(), 0);
    // SAFETY: upheld by the caller; every out pointer is a live local.
    napi::check_status!(unsafe {
        sys::napi_get_typedarray_info(env, value, &mut kind, &mut length, &mut data, &mut buffer, &mut offset)
    })?;
    if kind == wanted {
        Ok((data, length))
    } else {
        Err(failed("reading a typed array of another type"))
    }
}

/// `napi_typedarray_type`.
type Kind = i32;

/// A number type that a typed array can hold.
pub(crate) trait Element {
    /// Its `napi_typedarray_type`.
    const KIND: Kind;
}

impl Element for u8 {
    const KIND: Kind = sys::TypedarrayType::uint8_array;
}

// A kind is a number of Node-API that only happens to be an i32 as well.
#[allow(clippy::use_self)]
impl Element for i32 {
    const KIND: Kind = sys::TypedarrayType::int32_array;
}

impl Element for u32 {
    const KIND: Kind = sys::TypedarrayType::uint32_array;
}

/// A typed array of JavaScript's that a native function writes results into.
pub(crate) struct Out<T> {
    start: *mut T,
    length: usize,
}

impl<T> TypeName for Out<T> {
    fn type_name() -> &'static str {
        "TypedArray"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl<T> ValidateNapiValue for Out<T> {}

impl<T: Element> FromNapiValue for Out<T> {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: env and value come from Node-API for this call.
        let (start, length) = unsafe { typed_array(env, value, T::KIND) }?;
        // An empty array may have no memory at all.
        let start = if length == 0 { ptr::NonNull::dangling().as_ptr() } else { start.cast() };
        Ok(Self { start, length })
    }
}

impl<T> Deref for Out<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: JavaScript is not running, so nobody moves, frees or resizes the array during the call.
        unsafe { std::slice::from_raw_parts(self.start, self.length) }
    }
}

impl<T> DerefMut for Out<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above; `lib/native.ts` never passes the same memory twice in one call.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.length) }
    }
}

/// Copies what fits; returns how many there are.
pub(crate) fn copy<T: Copy>(from: &[T], to: &mut [T]) -> usize {
    let count = from.len().min(to.len());
    to[..count].copy_from_slice(&from[..count]);
    from.len()
}
