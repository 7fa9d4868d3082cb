#![allow(unsafe_code)]
//! JavaScript's memory for the time of one call: outgoing data as iovecs, and typed arrays to write results into.
//!
//! Nothing here but [`Kept`] may outlive the native function that received it.

use crate::state::failed;
use napi::bindgen_prelude::{FromNapiValue, JsValue, Object, TypeName, ValidateNapiValue};
use napi::{sys, Env, Result, ValueType};
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
        let mut parts = Vec::new();
        // SAFETY: env and value come from Node-API for this call.
        unsafe { add_parts(env, value, &mut parts) }?;
        Ok(Self(parts))
    }
}

/// The memory of one Uint8Array. Valid only until the native function returns to JavaScript.
pub(crate) struct Bytes(pub(crate) libc::iovec);

impl TypeName for Bytes {
    fn type_name() -> &'static str {
        "Uint8Array"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Bytes {}

impl FromNapiValue for Bytes {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        // SAFETY: env and value come from Node-API for this call.
        unsafe { part(env, value) }.map(Self)
    }
}

/// The memory of several messages, each of one or more Uint8Arrays. Valid only until the native function returns to JavaScript.
pub(crate) struct Messages {
    parts: Vec<libc::iovec>,
    /// Where the parts of each message end.
    ends: Vec<usize>,
}

impl Messages {
    pub(crate) fn count(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn parts(&self, at: usize) -> &[libc::iovec] {
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.parts[start..self.ends[at]]
    }
}

impl TypeName for Messages {
    fn type_name() -> &'static str {
        "(Uint8Array | Uint8Array[])[]"
    }

    fn value_type() -> ValueType {
        ValueType::Object
    }
}

impl ValidateNapiValue for Messages {}

impl FromNapiValue for Messages {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut messages = Self { parts: Vec::new(), ends: Vec::new() };
        // SAFETY: env and value come from Node-API for this call.
        for element in unsafe { elements(env, value) }? {
            // SAFETY: as above.
            unsafe { add_parts(env, element, &mut messages.parts) }?;
            messages.ends.push(messages.parts.len());
        }
        Ok(messages)
    }
}

/// # Safety
/// `env` and `value` must be valid for this call.
unsafe fn add_parts(env: sys::napi_env, value: sys::napi_value, parts: &mut Vec<libc::iovec>) -> Result<()> {
    let mut is_array = false;
    // SAFETY: upheld by the caller.
    napi::check_status!(unsafe { sys::napi_is_array(env, value, &mut is_array) })?;
    if !is_array {
        // SAFETY: as above.
        parts.push(unsafe { part(env, value) }?);
        return Ok(());
    }
    // SAFETY: as above.
    for element in unsafe { elements(env, value) }? {
        // SAFETY: as above.
        parts.push(unsafe { part(env, element) }?);
    }
    Ok(())
}

/// # Safety
/// `env` and `value` must be valid for this call, and the value an array.
unsafe fn elements(env: sys::napi_env, value: sys::napi_value) -> Result<Vec<sys::napi_value>> {
    let mut length = 0;
    // SAFETY: upheld by the caller.
    napi::check_status!(unsafe { sys::napi_get_array_length(env, value, &mut length) })?;
    (0..length)
        .map(|index| {
            let mut element = ptr::null_mut();
            // SAFETY: as above.
            napi::check_status!(unsafe { sys::napi_get_element(env, value, index, &mut element) })?;
            Ok(element)
        })
        .collect()
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
    let nowhere = ptr::null_mut();
    // SAFETY: upheld by the caller; every out pointer is a live local, or null for what is not wanted.
    napi::check_status!(unsafe {
        sys::napi_get_typedarray_info(env, value, &mut kind, &mut length, &mut data, nowhere, ptr::null_mut())
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

/// A typed array of JavaScript's that native functions write into as long as the environment lives. Only for arrays of which nobody
/// but `lib/native.ts` ever sees the buffer: to detach it would leave a dangling pointer.
pub(crate) struct Kept<T> {
    memory: Out<T>,
    env: sys::napi_env,
    reference: sys::napi_ref,
}

impl<T: Element> Kept<T> {
    /// Keeps the array from being collected as long as this lives.
    pub(crate) fn new(env: &Env, array: &Object<'_>) -> Result<Self> {
        let (env, value) = (env.raw(), array.value().value);
        let mut reference = ptr::null_mut();
        // SAFETY: both belong to this call.
        napi::check_status!(unsafe { sys::napi_create_reference(env, value, 1, &mut reference) })?;
        // SAFETY: as above.
        let memory = unsafe { Out::from_napi_value(env, value) }?;
        Ok(Self { memory, env, reference })
    }

    /// All of it, for the length of one call in which nobody else writes to it.
    pub(crate) const fn whole(&self) -> Out<T> {
        Out { start: self.memory.start, length: self.memory.length }
    }
}

impl<T> Deref for Kept<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.memory
    }
}

impl<T> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.memory
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        // SAFETY: the state of an environment owns all of these, and is dropped on its thread before the environment is gone.
        unsafe { sys::napi_delete_reference(self.env, self.reference) };
    }
}

/// Copies what fits; returns how many there are.
pub(crate) fn copy<T: Copy>(from: &[T], to: &mut [T]) -> usize {
    let count = from.len().min(to.len());
    to[..count].copy_from_slice(&from[..count]);
    from.len()
}
