//! The control message codec: builds the buffer for sendmsg(2) and walks the one that recvmsg(2) filled.
//!
//! Works on bytes only and does no system call, so that it can be tested and fuzzed without a socket. It accepts every type
//! and never reads past the bytes that it was given. Whoever walks a received buffer owns the descriptors in it.

use crate::os::SYSTEM;
use crate::{Errno, Result};

/// Bytes of a received control buffer: 253 descriptors, credentials, a pidfd, a label and a timestamp fit, so that
/// truncation can only mean that the process is out of descriptors.
pub const BUFFER_SIZE: usize = 4096;
/// Most descriptors in one message; Linux: SCM_MAX_FD.
pub const FDS_MAX: usize = SYSTEM.fds_max;

/// How a system lays out `struct cmsghdr`: the length, then level and type of four bytes each, then the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Bytes of `cmsg_len`, at its beginning.
    pub length: usize,
    /// Where the payload begins.
    pub header: usize,
    /// What every message is padded to.
    pub align: usize,
}

impl Layout {
    /// Linux: everything is aligned to a machine word, and `cmsg_len` is one. musl has a shorter one, with padding that makes up for it.
    pub const LINUX: Self =
        Self { length: size_of::<usize>(), header: size_of::<usize>() + 8, align: size_of::<usize>() };

    const fn aligned(self, length: usize) -> usize {
        (length + self.align - 1) & !(self.align - 1)
    }

    fn read_length(self, bytes: &[u8]) -> usize {
        if self.length == 4 {
            return number(bytes, 0).cast_unsigned() as usize;
        }
        let mut word = [0; size_of::<usize>()];
        word.copy_from_slice(&bytes[..size_of::<usize>()]);
        usize::from_ne_bytes(word)
    }
}

/// A buffer that is aligned as the kernel wants its control messages.
#[derive(Clone)]
#[repr(C, align(8))]
pub struct ControlBuffer(pub [u8; BUFFER_SIZE]);

impl Default for ControlBuffer {
    fn default() -> Self {
        Self([0; BUFFER_SIZE])
    }
}

/// One control message: its level, its type and its payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ControlMessage<'a> {
    /// Protocol level, SOL_SOCKET for those of Unix sockets.
    pub level: i32,
    /// Type at that level, SCM_RIGHTS for descriptors.
    pub kind: i32,
    /// The payload, without padding.
    pub data: &'a [u8],
}

/// Appends control messages to one growing buffer, each padded to the kernel's alignment.
pub struct Encoder {
    layout: Layout,
    bytes: Vec<u8>,
}

impl Default for Encoder {
    fn default() -> Self {
        Self::new(SYSTEM.control)
    }
}

impl Encoder {
    /// For a system of this layout.
    pub const fn new(layout: Layout) -> Self {
        Self { layout, bytes: Vec::new() }
    }

    /// Appends one message.
    pub fn push(&mut self, message: ControlMessage<'_>) {
        self.push_header(message.data.len(), message.level, message.kind);
        self.bytes.extend_from_slice(message.data);
        self.bytes.resize(self.layout.aligned(self.bytes.len()), 0);
    }

    /// Appends SCM_RIGHTS with these numbers, if there are any.
    pub fn push_rights(&mut self, fds: &[i32]) {
        if fds.is_empty() {
            return;
        }
        self.bytes.reserve(self.layout.aligned(self.layout.header + size_of_val(fds)));
        self.push_header(size_of_val(fds), libc::SOL_SOCKET, libc::SCM_RIGHTS);
        for fd in fds {
            self.bytes.extend_from_slice(&fd.to_ne_bytes());
        }
        self.bytes.resize(self.layout.aligned(self.bytes.len()), 0);
    }

    fn push_header(&mut self, payload: usize, level: i32, kind: i32) {
        let Layout { length, header, .. } = self.layout;
        let (start, total) = (self.bytes.len(), header + payload);
        if length == 4 {
            self.bytes.extend_from_slice(&(total as u32).to_ne_bytes());
        } else {
            self.bytes.extend_from_slice(&total.to_ne_bytes());
        }
        self.bytes.extend_from_slice(&level.to_ne_bytes());
        self.bytes.extend_from_slice(&kind.to_ne_bytes());
        self.bytes.resize(start + header, 0);
    }

    /// The bytes for `msg_control`; empty when nothing was pushed.
    pub fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Walks the control messages in `bytes`, the part of the buffer that the kernel says it filled.
pub const fn walk(bytes: &[u8]) -> Walk<'_> {
    walk_as(SYSTEM.control, bytes)
}

/// The same for a system of another layout.
pub const fn walk_as(layout: Layout, bytes: &[u8]) -> Walk<'_> {
    Walk { layout, rest: bytes }
}

/// Iterator of [`walk`].
#[derive(Debug, Clone)]
pub struct Walk<'a> {
    layout: Layout,
    rest: &'a [u8],
}

fn number(bytes: &[u8], at: usize) -> i32 {
    let mut word = [0; 4];
    word.copy_from_slice(&bytes[at..at + 4]);
    i32::from_ne_bytes(word)
}

impl<'a> Iterator for Walk<'a> {
    type Item = ControlMessage<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let Layout { length: at, header, .. } = self.layout;
        if self.rest.len() < header {
            return None;
        }
        // A kernel that truncated may leave the length as it was (macOS): clamp to what is there.
        let length = self.layout.read_length(self.rest).min(self.rest.len());
        if length < header {
            self.rest = &[];
            return None;
        }
        let (level, kind) = (number(self.rest, at), number(self.rest, at + 4));
        let message = ControlMessage { level, kind, data: &self.rest[header..length] };
        self.rest = &self.rest[self.layout.aligned(length).min(self.rest.len())..];
        Some(message)
    }
}

/// The numbers in an SCM_RIGHTS payload. A negative slot means that the kernel denied that descriptor (SO_RIGHTS_NOTRUNC).
pub fn descriptors(data: &[u8]) -> impl Iterator<Item = i32> + '_ {
    data.chunks_exact(4).map(|chunk| number(chunk, 0))
}

/// Reads the packed list that the binding passes: level, type, length (native i32 each), then the payload, repeated. SCM_RIGHTS with
/// `fds` comes behind them.
pub fn unpack(packed: &[u8], fds: &[i32]) -> Result<Vec<u8>> {
    let mut encoder = Encoder::default();
    let mut rest = packed;
    while !rest.is_empty() {
        if rest.len() < 12 {
            return Err(Errno::EINVAL);
        }
        let length = usize::try_from(number(rest, 8)).map_err(|_| Errno::EINVAL)?;
        let data = rest.get(12..12 + length).ok_or(Errno::EINVAL)?;
        encoder.push(ControlMessage { level: number(rest, 0), kind: number(rest, 4), data });
        rest = &rest[12 + length..];
    }
    encoder.push_rights(fds);
    Ok(encoder.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(messages: &[(i32, i32, &[u8])]) -> Vec<u8> {
        let mut encoder = Encoder::default();
        for &(level, kind, data) in messages {
            encoder.push(ControlMessage { level, kind, data });
        }
        encoder.finish()
    }

    #[test]
    fn what_was_pushed_is_walked_in_order() {
        let bytes = encode(&[(1, 2, &[9; 12]), (1, 1, &[7; 5]), (41, 50, &[])]);
        let seen: Vec<_> = walk(&bytes).map(|message| (message.level, message.kind, message.data.to_vec())).collect();
        assert_eq!(seen, [(1, 2, vec![9; 12]), (1, 1, vec![7; 5]), (41, 50, vec![])]);
    }

    #[test]
    fn every_layout_of_a_system_is_walked_as_it_was_written_and_never_past_its_end() {
        for layout in crate::os::LAYOUTS {
            let mut encoder = Encoder::new(layout);
            for (kind, data) in [(1, &[7; 5][..]), (3, &[9; 84]), (8, &[])] {
                encoder.push(ControlMessage { level: 0xffff, kind, data });
            }
            let bytes = encoder.finish();
            let seen: Vec<_> =
                walk_as(layout, &bytes).map(|message| (message.level, message.kind, message.data.len())).collect();
            assert_eq!(seen, [(0xffff, 1, 5), (0xffff, 3, 84), (0xffff, 8, 0)]);
            for length in 0..bytes.len() {
                assert!(walk_as(layout, &bytes[..length]).map(|message| message.data.len()).sum::<usize>() <= length);
            }
        }
    }

    #[test]
    fn fixtures_of_other_systems_are_read() {
        // All fields have four bytes, in the order of the processor.
        let seen = |layout, words: &[u32]| -> Vec<i32> {
            let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
            walk_as(layout, &bytes).flat_map(|message| descriptors(message.data)).collect()
        };
        // Darwin: cmsg_len 20, level 0xffff, SCM_RIGHTS, two descriptors; no padding before them. The kernel cut the second one and
        // left the length as it was.
        assert_eq!(seen(crate::os::LAYOUTS[2], &[20, 0xffff, 1, 5]), [5]);
        // FreeBSD on 64 bits: four bytes of padding before the payload, and four behind it.
        assert_eq!(seen(crate::os::LAYOUTS[1], &[20, 0xffff, 1, 0, 6, 0]), [6]);
    }

    #[test]
    fn the_layout_is_that_of_the_c_macros() {
        // CMSG_LEN(4) = 20 and CMSG_SPACE(4) = 24 on 64-bit Linux: u64 length, i32 level, i32 type, payload, padding.
        let bytes = encode(&[(1, 1, &5_i32.to_ne_bytes())]);
        if size_of::<usize>() == 8 {
            assert_eq!(bytes[..8], 20_u64.to_ne_bytes());
            assert_eq!(bytes.len(), 24);
        }
    }

    #[test]
    fn every_truncation_of_a_buffer_is_walked_without_reading_past_it() {
        let rights: Vec<u8> = (0..253_i32).flat_map(i32::to_ne_bytes).collect();
        let bytes = encode(&[(1, 2, &[1; 12]), (1, 1, &rights), (1, 4, &[0; 4])]);
        for length in 0..=bytes.len() {
            let total: usize = walk(&bytes[..length]).map(|message| message.data.len()).sum();
            assert!(total <= length);
        }
    }

    #[test]
    fn a_length_that_lies_ends_the_walk_or_is_clamped() {
        for claimed in [0_usize, 1, 15, 17, 4096, usize::MAX] {
            let mut bytes = encode(&[(1, 1, &[0; 8])]);
            bytes[..size_of::<usize>()].copy_from_slice(&claimed.to_ne_bytes());
            assert!(walk(&bytes).all(|message| message.data.len() <= 8));
        }
    }

    #[test]
    fn random_bytes_never_panic_or_loop() {
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        for _ in 0..20_000 {
            let bytes: Vec<u8> = (0..(state % 97) as usize)
                .map(|_| {
                    state ^= state << 13;
                    state ^= state >> 7;
                    state ^= state << 17;
                    (state % 40) as u8
                })
                .collect();
            state = state.wrapping_add(1);
            assert!(walk(&bytes).count() <= bytes.len() / SYSTEM.control.header);
            let _ = unpack(&bytes, &[]);
        }
    }

    #[test]
    fn descriptors_come_behind_what_was_packed() {
        let mut packed = Vec::new();
        for word in [1, 2, 12] {
            packed.extend_from_slice(&i32::to_ne_bytes(word));
        }
        packed.extend_from_slice(&[9; 12]);
        let rights: Vec<u8> = [3_i32, 4].into_iter().flat_map(i32::to_ne_bytes).collect();
        let expected = encode(&[(1, 2, &[9; 12]), (libc::SOL_SOCKET, libc::SCM_RIGHTS, &rights)]);
        assert_eq!(unpack(&packed, &[3, 4]).unwrap(), expected);
        assert_eq!(unpack(&packed, &[]).unwrap(), encode(&[(1, 2, &[9; 12])]));
        assert!(unpack(&[], &[]).unwrap().is_empty());
    }

    #[test]
    fn partial_numbers_in_a_rights_payload_are_ignored() {
        let mut bytes = 1_i32.to_ne_bytes().to_vec();
        bytes.extend([2, 0, 0]);
        assert_eq!(descriptors(&bytes).collect::<Vec<_>>(), [1]);
        assert_eq!(descriptors(&(-13_i32).to_ne_bytes()).collect::<Vec<_>>(), [-13]);
    }

    #[test]
    fn a_packed_list_that_ends_early_is_refused() {
        assert_eq!(unpack(&[0; 11], &[]).unwrap_err(), Errno::EINVAL);
        let mut packed = vec![0; 12];
        packed[8..12].copy_from_slice(&5_i32.to_ne_bytes());
        assert_eq!(unpack(&packed, &[]).unwrap_err(), Errno::EINVAL);
        packed[8..12].copy_from_slice(&(-1_i32).to_ne_bytes());
        assert_eq!(unpack(&packed, &[]).unwrap_err(), Errno::EINVAL);
    }
}
