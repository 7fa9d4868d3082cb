#![allow(unsafe_code)]
//! Spare memory behind the receive slots: address space that costs nothing until a long record touches it.

use crate::{Errno, Result};
use std::ptr::NonNull;

/// MAP_NORESERVE; FreeBSD took it away, because it never reserves.
#[cfg(not(any(target_os = "freebsd", target_os = "dragonfly")))]
const NO_RESERVE: i32 = libc::MAP_NORESERVE;
#[cfg(any(target_os = "freebsd", target_os = "dragonfly"))]
const NO_RESERVE: i32 = 0;

/// Linux: the pages are gone at once, and read as zeros. Elsewhere they go when they are needed, and MADV_DONTNEED would keep them.
#[cfg(any(target_os = "linux", target_os = "android"))]
const GIVE_BACK: i32 = libc::MADV_DONTNEED;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const GIVE_BACK: i32 = libc::MADV_FREE;

/// Anonymous memory without reservation (mmap(2) with MAP_NORESERVE), given back page by page after use.
pub struct Spare {
    start: NonNull<u8>,
    length: usize,
}

impl Spare {
    /// Maps `length` bytes of zeros.
    pub fn new(length: usize) -> Result<Self> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | NO_RESERVE;
        // SAFETY: a fresh anonymous mapping aliases nothing.
        let start =
            unsafe { libc::mmap(std::ptr::null_mut(), length, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) };
        if start == libc::MAP_FAILED {
            return Err(Errno::last());
        }
        NonNull::new(start.cast()).map(|start| Self { start, length }).ok_or(Errno::ENOMEM)
    }

    /// A part of it, for the kernel to write into.
    pub fn part(&mut self, at: usize, length: usize) -> &mut [u8] {
        assert!(at.checked_add(length).is_some_and(|end| end <= self.length), "a part lies inside the mapping");
        // SAFETY: inside the mapping, and `&mut self` makes this the only reference.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr().add(at), length) }
    }

    /// Copies a part out and gives its pages back to the system.
    pub fn take(&mut self, at: usize, out: &mut [u8]) {
        let part = self.part(at, out.len());
        out.copy_from_slice(part);
        // SAFETY: the pages are ours, and nobody relies on what they hold afterwards.
        unsafe { libc::madvise(part.as_mut_ptr().cast(), part.len(), GIVE_BACK) };
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        // SAFETY: exactly the range that was mapped; no reference outlives `self`.
        unsafe { libc::munmap(self.start.as_ptr().cast(), self.length) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_taken_out_and_given_back() {
        let mut spare = Spare::new(1 << 20).unwrap();
        spare.part(8192, 4096).fill(7);
        let mut out = [0; 4096];
        spare.take(8192, &mut out);
        assert_eq!(out, [7; 4096]);
        // Elsewhere the system takes them when it needs them.
        if cfg!(target_os = "linux") {
            assert_eq!(spare.part(8192, 4096), [0; 4096]);
        }
    }
}
