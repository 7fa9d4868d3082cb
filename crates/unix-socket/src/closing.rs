#![allow(unsafe_code)]
//! Closing descriptors that somebody else made: at once where nobody can make that take long, else on the threads of the reaper.
//!
//! Linux: at once are memory files (memfd) with little in them: their last close gives back some pages, and waits for nobody. A pipe is
//! not among them, because its reader holds its lock while he waits for memory, and may provide that memory himself
//! (userfaultfd). Knows nothing of who gave a descriptor.

use crate::os::{calls, IS_LINUX};
use crate::{memory_file, reaper};
use nix::sys::stat::{fstat, SFlag};
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

/// Memory that one call gives back at once, in bytes: it takes some hundred microseconds.
const AT_ONCE: u64 = 4 << 20;

/// Closes descriptors, now or soon. Whoever waits for free descriptors is told.
pub fn close(fds: impl IntoIterator<Item = OwnedFd>) {
    let mut left = AT_ONCE;
    let mut run = Run::default();
    let elsewhere: Vec<OwnedFd> = fds.into_iter().filter_map(|fd| here(fd, &mut left, &mut run)).collect();
    if run.flush() {
        reaper::tell_closed();
    }
    if !elsewhere.is_empty() {
        reaper::close(elsewhere);
    }
}

/// Adds it to the run, or gives it back.
fn here(fd: OwnedFd, left: &mut u64, run: &mut Run) -> Option<OwnedFd> {
    match bytes_of_memory_file(fd.as_fd()) {
        Some(bytes) if bytes <= *left => {
            *left -= bytes;
            run.add(fd);
            None
        }
        _ => Some(fd),
    }
}

/// How much memory a memory file holds; `None`: it is something else.
fn bytes_of_memory_file(fd: BorrowedFd<'_>) -> Option<u64> {
    let device = if IS_LINUX { memory_device()? } else { return None };
    let stat = fstat(fd).ok()?;
    let is_file = stat.st_mode & SFlag::S_IFMT.bits() == SFlag::S_IFREG.bits();
    (is_file && stat.st_dev == device).then(|| stat.st_blocks.unsigned_abs() * 512)
}

/// Linux: all memory files lie in one file system of the kernel's own, which nobody can mount or serve. `None`: nobody can tell now.
fn memory_device() -> Option<libc::dev_t> {
    static DEVICE: OnceLock<libc::dev_t> = OnceLock::new();
    if let Some(device) = DEVICE.get() {
        return Some(*device);
    }
    let device = fstat(memory_file::create("ancillary").ok()?).ok()?.st_dev;
    Some(*DEVICE.get_or_init(|| device))
}

/// Numbers that follow one another, all ours: they are closed with one call.
#[derive(Default)]
struct Run {
    first: RawFd,
    count: RawFd,
    has_closed: bool,
}

impl Run {
    fn add(&mut self, fd: OwnedFd) {
        let number = fd.into_raw_fd();
        if self.count == 0 || number != self.first + self.count {
            self.flush();
            self.first = number;
        }
        self.count += 1;
    }

    /// Whether anything has been closed, ever.
    fn flush(&mut self) -> bool {
        let numbers = self.first..self.first + std::mem::take(&mut self.count);
        self.has_closed |= !numbers.is_empty();
        if numbers.len() > 1 && calls::close_range(numbers.start, numbers.end - 1).is_ok() {
            return self.has_closed;
        }
        for number in numbers {
            // SAFETY: it was taken out of its owner, and `close_range` has not closed it.
            drop(unsafe { OwnedFd::from_raw_fd(number) });
        }
        self.has_closed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    fn memory_files(count: usize) -> Vec<OwnedFd> {
        (0..count).map(|_| memory_file::create("test").unwrap()).collect()
    }

    fn is_open(number: RawFd) -> bool {
        std::path::Path::new(&format!("/proc/self/fd/{number}")).exists()
    }

    #[test]
    fn only_memory_files_are_closed_at_once() {
        let (reader, _writer) = nix::unistd::pipe().unwrap();
        let shared = std::fs::File::open("/dev/shm").unwrap();
        assert_eq!(bytes_of_memory_file(memory_files(1)[0].as_fd()), Some(0));
        assert_eq!(bytes_of_memory_file(reader.as_fd()), None);
        assert_eq!(bytes_of_memory_file(shared.as_fd()), None);
        close([reader]);
        assert!(reaper::wait_quiet(Duration::from_secs(20)));
    }

    #[test]
    fn gaps_between_the_numbers_stay_open() {
        let mut files = memory_files(9);
        let kept = [files.remove(7), files.remove(4), files.remove(3)];
        let numbers: Vec<RawFd> = files.iter().map(AsRawFd::as_raw_fd).collect();
        let names: Vec<_> =
            numbers.iter().map(|number| std::fs::read_link(format!("/proc/self/fd/{number}"))).collect();
        assert!(names.iter().all(Result::is_ok));
        close(files);
        assert!(kept.iter().all(|fd| is_open(fd.as_raw_fd())));
        assert!(kept.iter().all(|fd| fstat(fd).is_ok()));
    }

    #[test]
    fn large_memory_files_are_left_to_the_reaper() {
        let mut file = std::fs::File::from(memory_file::create("large").unwrap());
        file.write_all(&vec![0; AT_ONCE as usize + 4096]).unwrap();
        let mut left = AT_ONCE;
        let mut run = Run::default();
        assert!(here(file.into(), &mut left, &mut run).is_some());
        assert_eq!((left, run.flush()), (AT_ONCE, false));
    }
}
