#![allow(unsafe_code)]
//! Spare memory behind the receive slots: address space that costs nothing until a long record touches it.

use crate::{Errno, Result};
use std::ptr::NonNull;

/// Anonymous memory without reservation (mmap(2) with MAP_NORESERVE), given back page by page after use.
pub struct Spare {
    start: NonNull<u8>,
    length: usize,
}

impl Spare {
    /// Maps `length` bytes of zeros.
    pub fn new(length: usize) -> Result<Self> {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
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
        // SAFETY: the pages are ours; they read as zeros afterwards.
        unsafe { libc::madvise(part.as_mut_ptr().cast(), part.len(), libc::MADV_DONTNEED) };
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
    fn a_part_that_was_taken_reads_as_zeros_again() {
        let mut spare = Spare::new(1 << 20).unwrap();
        spare.part(8192, 4096).fill(7);
        let mut out = [0; 4096];
        spare.take(8192, &mut out);
        assert_eq!(out, [7; 4096]);
        assert_eq!(spare.part(8192, 4096), [0; 4096]);
    }
}
